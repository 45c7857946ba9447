"""The symbols of every bound, and the expressions that several bounds share.

gamma: margin of the data for a teacher with ||v||_inf <= 1.  eps: target average error.  n: samples.
c: lower bound of the norms ||x_i||.  delta: the paper's, its statements fail with probability 3 delta.
failure: total failure probability of the sharp statements (set to 3 delta wherever rows are compared).
kappa: logit scale of the soft labels.  tau: temperature of the logistic loss.  beta: target average risk.
field_risk: R*, KL risk of a field on given labels.
m: width.  B: radius.  eta: step size.  inverse_time = 1/(2 eta T), T steps.
"""

import sympy as sp

gamma, eps, n, c, delta, beta, m, B, eta, tau, kappa = sp.symbols(
    "gamma epsilon n c delta beta m B eta tau kappa", positive=True
)
failure = sp.Symbol("delta_tot", positive=True)
field_risk = sp.Symbol("R*", nonnegative=True)
inverse_time = sp.Symbol("u", nonnegative=True)

b = sp.sqrt(2 / sp.pi)  # E|g| of a standard Gaussian g
LOG = sp.log(2 * n / delta)
LN2 = sp.log(2)


def binary_divergence(g: sp.Expr) -> sp.Expr:
    """D(g) = ln 2 - H_b(sigmoid(g)), the KL divergence from p = sigmoid(g) to 1/2 (theory: Risk and error).

    (g/2) tanh(g/2) - ln cosh(g/2), written with exp and tanh only.
    """
    return g / 2 * sp.tanh(g / 2) - sp.log((sp.exp(g / 2) + sp.exp(-g / 2)) / 2)
