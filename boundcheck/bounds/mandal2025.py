"""Mandal, Lin & Srikant, "A Theoretical Analysis of Soft-Label vs Hard-Label Training in Neural Networks" (L4DC 2025).

Paper notation: C_1, C_2, beta, epsilon, gamma, c, delta, eta, T, B as printed.  The steps and step sizes
are those under which the statements are proved (theory: Published soft bound, theory: Published hard bound); the
printed ones are in the notes.
"""

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, Factor
from boundcheck.bounds.hypotheses import HARD_LABELS, MARGIN, NETWORK, NORMS, PROJECTED, SMALL_SCALE, SOFT_LABELS

PAPER = "Mandal, Lin & Srikant (L4DC 2025)"
C1 = 96 / (1 + sp.E**2)
C2 = 32 * C1
TAIL = s.b / s.c + 3 * sp.sqrt(s.LOG)
MARGIN_OF_LOGITS = s.kappa * s.gamma  # a teacher kappa v with kappa <= 1 satisfies ||kappa v|| <= 1 too
PROBABILITY = "for every data set and every n, with probability at least 1 - 3 delta over W(0)"

soft_kl = Bound(
    id="soft-kl-published",
    labels="soft",
    loss="kl",
    title="Theorem 2: width for a small KL risk",
    statement="The average over t < T of the KL risk R^KL(W(t)) is at most beta.",
    quantifiers=PROBABILITY + "; eta = beta/3 and every T >= 9/beta^2 (printed: every eta <= beta/3, which is false)",
    source=f"{PAPER}, Theorem 2, eqs. (6)-(7)",
    hypotheses=(NETWORK, PROJECTED, MARGIN, NORMS, SOFT_LABELS, SMALL_SCALE),
    width=C1 / s.beta * TAIL**2,
    failure=3 * s.delta,
    radius=sp.Integer(1),
    steps=9 / s.beta**2,
    step_size=s.beta / 3,
    criterion="risk",
    factors=(
        Factor("C1", C1, "printed constant 96/(1+e^2); where it comes from is not known; 1/8 suffices as T grows"),
        Factor("1/beta", 1 / s.beta, "target KL risk"),
        Factor("(b/c + 3 sqrt(ln(2n/delta)))^2", TAIL**2, "activation flips (b/c) and union bounds over n samples"),
    ),
    without=(
        ("the flips term b/c", C1 / s.beta * 9 * s.LOG),
        ("the unions over samples, 3 sqrt(ln(2n/delta))", C1 / s.beta * (s.b / s.c) ** 2),
        ("C1 = 11.4 instead of 1/8", TAIL**2 / (8 * s.beta)),
    ),
    vacuous=sp.Ge(s.beta, s.binary_divergence(s.kappa / 2)),
    schedule_note="printed 'T >= 9/beta^2, eta <= beta/3' fails for eta << beta/3; here eta = beta/3",
)

soft = Bound(
    id="soft-published",
    labels="soft",
    loss="kl",
    title="Corollary 4: width for a small error with soft labels",
    statement="The average over t < T of the error R(W(t)), the share of samples with y f <= 0, is at most eps.",
    quantifiers=PROBABILITY + "; eta = gamma^2 eps/96 and every T >= 9216/(gamma^4 eps^2)",
    source=f"{PAPER}, Corollary 4, eqs. (10)-(11)",
    hypotheses=(NETWORK, PROJECTED, MARGIN, NORMS, SOFT_LABELS, SMALL_SCALE),
    width=C2 / (MARGIN_OF_LOGITS**2 * s.eps) * TAIL**2,
    failure=3 * s.delta,
    radius=sp.Integer(1),
    steps=9216 / (MARGIN_OF_LOGITS**4 * s.eps**2),
    step_size=MARGIN_OF_LOGITS**2 * s.eps / 96,
    factors=(
        Factor("C1", C1, "constant of Theorem 2"),
        Factor("32", sp.Integer(32), "Lemma 3 (Pinsker): error <= (32/gamma^2) KL risk; 8 would do"),
        Factor("1/(kappa gamma)^2", MARGIN_OF_LOGITS**-2, "Lemma 3: KL risk per misclassified sample"),
        Factor("1/eps", 1 / s.eps, "target error"),
        Factor("(b/c + 3 sqrt(ln(2n/delta)))^2", TAIL**2, "activation flips (b/c) and union bounds over n samples"),
    ),
    without=(
        ("the flips term b/c", C2 / (MARGIN_OF_LOGITS**2 * s.eps) * 9 * s.LOG),
        ("the unions over samples, 3 sqrt(ln(2n/delta))", C2 / (MARGIN_OF_LOGITS**2 * s.eps) * (s.b / s.c) ** 2),
        ("C1 = 11.4 instead of 1/8", 4 / (MARGIN_OF_LOGITS**2 * s.eps) * TAIL**2),
        ("Lemma 3's 32 instead of 8", C1 * 8 / (MARGIN_OF_LOGITS**2 * s.eps) * TAIL**2),
    ),
    schedule_note=(
        "printed eta <= gamma^2 eps/3 and T >= 9/(gamma^4 eps^2) lack factors 32 and 1024 and are false for small eta"
    ),
)

LOG_RISK = sp.log(2 / (s.LN2**2 * s.eps))  # ln(2/(ln2 beta)) at beta = eps ln 2
HARD_RADIUS = 2 / s.gamma * LOG_RISK
HARD_STEPS = 8 * LOG_RISK**2 / (s.gamma**2 * s.LN2**2 * s.eps)
HARD_TAIL = 2 * s.b / s.c * LOG_RISK + 3 * sp.sqrt(s.LOG)

hard = Bound(
    id="hard-published",
    labels="hard",
    loss="logistic",
    title="Proposition 5: width for a small error with hard labels",
    statement="The average over t < T of the logistic risk is at most eps ln 2, hence the average error at most eps.",
    quantifiers=PROBABILITY + "; eta = 1 (any eta <= 1 with T scaled by 1/eta)",
    source=f"{PAPER}, Proposition 5, eqs. (13)-(14), with beta = eps ln 2",
    hypotheses=(NETWORK, PROJECTED, MARGIN, NORMS, HARD_LABELS),
    width=16 / s.gamma**4 * HARD_TAIL**2,
    failure=3 * s.delta,
    radius=HARD_RADIUS,
    steps=HARD_STEPS,
    step_size=sp.Integer(1),
    factors=(
        Factor("16", sp.Integer(16), "half the margin for flips, and flips counted without cancelling in pairs"),
        Factor("1/gamma^4", s.gamma**-4, "the radius B ~ 1/gamma must reach |f| ~ ln(1/eps), and flips grow with B"),
        Factor(
            "(2bL/c + 3 sqrt(ln(2n/delta)))^2",
            HARD_TAIL**2,
            "L = ln(2/(eps ln^2 2)), the logit that the logistic loss asks for, and union bounds",
        ),
    ),
    without=(
        ("the flips term 2bL/c", 16 / s.gamma**4 * 9 * s.LOG),
        ("the unions over samples, 3 sqrt(ln(2n/delta))", 16 / s.gamma**4 * (2 * s.b / s.c * LOG_RISK) ** 2),
        (
            "counting both members of a pair (2b/c instead of b/c)",
            16 / s.gamma**4 * (HARD_TAIL - s.b / s.c * LOG_RISK) ** 2,
        ),
    ),
)
