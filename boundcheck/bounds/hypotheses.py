"""Assumptions that several theorems share."""

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Hypothesis

NETWORK = Hypothesis(
    "f(x) = m^(-1/2) sum_j a_j relu(W_j.x) with m even, fixed a_j = +-1 and symmetric Gaussian initialisation: "
    "W_{j+m/2}(0) = W_j(0) ~ N(0, I), a_{j+m/2} = -a_j"
)
GAUSSIAN_NETWORK = Hypothesis(
    "f(x) = m^(-1/2) sum_j a_j relu(W_j.x), W_j(0) ~ N(0, I) and a_j = +-1 uniform, all independent; a_j stays fixed"
)
PROJECTED = Hypothesis(
    "full-batch gradient descent on the mean loss; after each step every neuron is projected to "
    "||W_j - W_j(0)|| <= B/sqrt(m)"
)
PLAIN = Hypothesis("full-batch gradient descent on the mean loss, no projection")
MARGIN = Hypothesis(
    "0 < ||x_i|| <= 1 and some v with ||v(w)|| <= 1 has y_i E[v(w).x_i 1(w.x_i > 0)] >= gamma for every i "
    "(Assumption 1; it implies gamma <= 1/2 and ||x_i|| >= 2 gamma)",
    sp.Le(s.gamma, sp.Rational(1, 2)),
)
NORMS = Hypothesis("||x_i|| >= c for every i (superfluous: c = 2 gamma always holds)", sp.Le(s.c, 1))
SOFT_LABELS = Hypothesis("soft labels p_i = sigmoid(kappa z_i), z_i the logit of v")
SMALL_SCALE = Hypothesis("kappa <= 1, so that kappa ||v|| <= 1", sp.Le(s.kappa, 1), decides=True)
HARD_LABELS = Hypothesis("hard labels y_i = +-1")
SCALED_SOFT_LABELS = Hypothesis("soft labels p_i = sigmoid(kappa z_i), z_i the logit of v, with ||v|| <= 1; B = kappa")
TEMPERED = Hypothesis("the loss is tau ln(1 + exp(-y f/tau))")
PERCEPTRON = Hypothesis("the loss is max(0, -y f), with slope 1 wherever y f <= 0")
