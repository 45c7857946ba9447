"""Derivations of the hard-label bounds, step by step (theory: Logistic loss and what follows it)."""

import sympy as sp

from boundcheck.bounds import hard_sharp, mandal2025
from boundcheck.bounds import symbols as s
from boundcheck.proofs.checks import Argument, Identity, Positive, Step
from boundcheck.proofs.data import WORST
from boundcheck.proofs.functions import sigmoid, softplus
from boundcheck.proofs.lemmas import CONCENTRATION, FLIPS, H0, HALF, REGRET, SELF_BOUNDING

f, t, c, M, k, X, need, alpha, slope = sp.symbols("f t c M k x N alpha_H b", positive=True)
margin = sp.Symbol("m", real=True)

COMPARATOR: tuple[Step, ...] = (
    Argument(
        "the comparator has margin y_i f_i^t(Wbar) >= M = B(gamma - sqrt(2 ln(2n/delta))/sqrt(m) - q) on every sample, "
        "at every step, with probability 1 - delta over W(0)",
        "theory: Logistic loss",
    ),
)

WRONG = Identity(
    "samples with margin -t <= 0: the slope s = sigmoid(t) gives s(M + t) - (eta/2) s^2 with derivative "
    "s[(1-s)(M+t) + 1 - eta s(1-s)] >= s(1 - eta/4) >= 0, so the least is M/2 - eta/8 at t = 0",
    sp.diff(sigmoid(t) * (M + t) - s.eta / 2 * sigmoid(t) ** 2, t),
    sigmoid(t) * ((1 - sigmoid(t)) * (M + t) + 1 - s.eta * sigmoid(t) * (1 - sigmoid(t))),
)
RIGHT = Identity(
    "samples with margin > 0 take back at most c = max_t (t - M')/(1 + e^t), M' = M - eta/4, reached at e^t = 1/c "
    "where c e^c = exp(-(M'+1)): with t = -ln c and M' = -1 - c - ln c the value is c",
    (-sp.log(c) + 1 + c + sp.log(c)) / (1 + 1 / c),
    c,
)
H2: tuple[Step, ...] = (
    *REGRET,
    *FLIPS,
    *CONCENTRATION,
    *COMPARATOR,
    WRONG,
    RIGHT,
    Argument("(H2): average error <= (B^2/(2 eta T) + c)/(M/2 - eta/8 + c)", "theory: Logistic loss"),
    Identity(
        "(H2) = eps solved for M, without limits of eta and T: M = eta/4 + w + 2(1-eps)/eps c, w = B^2/(eta T eps)",
        (s.eps * hard_sharp.COST / 2 + c) - s.eps * (M / 2 - s.eta / 8 + c),
        s.eps / 2 * ((s.eta / 4 + hard_sharp.COST + 2 * (1 - s.eps) / s.eps * c) - M),
    ),
    Identity(
        "and M = eta/4 - 1 - c - ln c by definition of c: equal where 1 + w + k c + ln c = 0, k = (2-eps)/eps, that is "
        "k c = W0(k e^(-1-w))",
        (s.eta / 4 + hard_sharp.COST + 2 * (1 - s.eps) / s.eps * c) - (s.eta / 4 - 1 - c - sp.log(c)),
        1 + hard_sharp.COST + hard_sharp.RATIO * c + sp.log(c),
    ),
    Identity(
        "Hoeffding's margin B(gamma - (alpha_H + b B)/sqrt(m)) is largest at B = (gamma sqrt(m) - alpha_H)/(2b)",
        sp.diff(s.B * (s.gamma - (alpha + slope * s.B) / sp.sqrt(s.m)), s.B).subs(
            s.B, (s.gamma * sp.sqrt(s.m) - alpha) / (2 * slope)
        ),
        sp.Integer(0),
    ),
    Identity(
        "there it equals N = M_eps when sqrt(m) = (sqrt(bN) + sqrt(bN + alpha_H gamma))^2/gamma^2 (X = m^(1/4)): "
        "gamma X^2 - 2 sqrt(bN) X - alpha_H = 0",
        sp.expand(
            (s.gamma * X**2 - 2 * sp.sqrt(slope * need) * X - alpha).subs(
                X, (sp.sqrt(slope * need) + sp.sqrt(slope * need + alpha * s.gamma)) / s.gamma
            )
        ),
        sp.Integer(0),
    ),
)

TEMPERED: tuple[Step, ...] = (
    Identity(
        "the loss tau ln(1 + exp(-f/tau)) has the slope of the logistic loss at f/tau: divide f, B and eta by tau",
        sp.diff(s.tau * sp.log(1 + sp.exp(-f / s.tau)), f),
        -sigmoid(-f / s.tau),
    ),
    *H2,
    Argument("only the flips see the true radius tau B: b becomes b tau in the closed form", "theory: Temperature"),
)

ETA, STEPS = sp.UnevaluatedExpr(s.gamma / 2), sp.UnevaluatedExpr(4 / (s.gamma**2 * s.eps))
PERCEPTRON_STEPS: tuple[Step, ...] = (
    Argument(
        "each misclassified sample contributes at least M' = gamma - sqrt(2 L)/sqrt(m) - q to <grad, W - Wbar>, "
        "L = ln(2n/delta), or L = ln(2/(eps delta)) on average over them, and |grad|^2 <= error: "
        "error (M' - eta/2) <= 1/(2 eta T)",
        "theory: Perceptron loss",
    ),
    Identity(
        "eta = gamma/2, T = 4/(gamma^2 eps) and M' = gamma/2 give exactly eps",
        1 / (2 * ETA * STEPS) / (sp.UnevaluatedExpr(s.gamma / 2) - ETA / 2),
        s.eps,
    ),
    Identity(
        "with Hoeffding's flips M' = gamma/2 at m = 4(alpha_H + b)^2/gamma^2",
        s.gamma - (alpha + slope) / sp.sqrt(4 * (alpha + slope) ** 2 / s.gamma**2),
        s.gamma / 2,
    ),
)
PERCEPTRON: tuple[Step, ...] = (*REGRET, *FLIPS, *CONCENTRATION, *COMPARATOR, *PERCEPTRON_STEPS)
PERCEPTRON_NFREE: tuple[Step, ...] = (*REGRET, *FLIPS, *CONCENTRATION, *WORST, *PERCEPTRON_STEPS)

CONVERSION: tuple[Step, ...] = (
    Identity("the logistic loss is ln 2 at margin 0", softplus(-margin).subs(margin, 0), sp.log(2)),
    Identity(
        "and decreases in the margin: a misclassified sample has loss at least ln 2, so error <= beta/ln 2 = eps",
        sp.diff(softplus(-margin), margin),
        -1 / (1 + sp.exp(margin)),
    ),
)

L = mandal2025.LOG_RISK
PROPOSITION_5: tuple[Step, ...] = (
    *REGRET,
    *FLIPS,
    *CONCENTRATION,
    *COMPARATOR,
    Positive(
        "the printed width leaves M >= B gamma/2: at total failure 2 delta, 1 + sqrt 2 <= 3 <= (2/gamma) 3 and "
        "b B = (2/gamma) b L is half of the printed term",
        3 - 1 - sp.sqrt(2),
        {},
    ),
    Identity("B gamma/2 = L, so exp(-M) <= ln2 beta/2 = ln(2)^2 eps/2", sp.exp(-L), s.LN2**2 * s.eps / 2),
    Identity(
        "B^2/(2 eta T) = ln2 beta/4 at the printed B and T",
        mandal2025.HARD_RADIUS**2 / (2 * mandal2025.HARD_STEPS),
        s.LN2**2 * s.eps / 4,
    ),
    *SELF_BOUNDING,
    Positive(
        "the average risk is at most (1/4 + 1/2) ln2 beta/(1 - h0/2) <= beta (eta <= 1); J-T's accounting would give "
        "1.04 beta",
        1 - sp.Rational(3, 4) * s.LN2 / (1 - H0 / 2),
        {},
    ),
    *CONVERSION,
)

JI_TELGARSKY: tuple[Step, ...] = (
    Argument(
        "Theorem 2.2 as recalled: 4096 lambda^2/gamma^6 neurons, no projection; each neuron moves at most "
        "4 lambda/(gamma sqrt(m)), which is self-consistent",
        "Ji & Telgarsky (ICLR 2020), Theorem 2.2; theory: Ji and Telgarsky",
    ),
    Positive(
        "flips: at sqrt(m) = 64 lambda/gamma^3 their share is at most b gamma^2/16 + gamma^4/512 < gamma^2/16",
        (1 - s.b) / 16 - s.gamma**2 / 512,
        {s.gamma: (sp.Integer(0), HALF)},
    ),
    Positive(
        "margin: lambda gamma = 4(a + l), a = sqrt(2 ln(4n/delta)), l = ln(4/beta), and "
        "4(3/4 - gamma/16 - gamma^3/256) >= 2 leaves more than l after a is paid",
        4 * (sp.Rational(3, 4) - s.gamma / 16 - s.gamma**3 / 256) - 2,
        {s.gamma: (sp.Integer(0), HALF)},
    ),
    Identity(
        "steps: lambda^2/(eta T) = beta/2 at T = 2 lambda^2/(eta beta), here k = lambda",
        k**2 / sp.UnevaluatedExpr(2 * k**2 / s.beta),
        s.beta / 2,
    ),
    Identity("and twice the loss exp(-ln(4/beta)) is the other beta/2", 2 * sp.exp(-sp.log(4 / s.beta)), s.beta / 2),
)
