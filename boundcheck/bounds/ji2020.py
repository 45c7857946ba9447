"""Ji & Telgarsky, "Polylogarithmic width suffices for gradient descent ..." (ICLR 2020)."""

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, Factor
from boundcheck.bounds.hypotheses import GAUSSIAN_NETWORK, HARD_LABELS, MARGIN, PLAIN

RISK = s.eps * s.LN2
LAMBDA = 4 / s.gamma * (sp.sqrt(2 * sp.log(4 * s.n / s.delta)) + sp.log(4 / RISK))

hard_gd = Bound(
    id="hard-gd-published",
    labels="hard",
    loss="logistic",
    title="Theorem 2.2: width for plain gradient descent with hard labels",
    statement="The average over t < T of the logistic risk is at most eps ln 2, hence the average error at most eps.",
    quantifiers="for every data set and every n, with probability at least 1 - 3 delta over W(0) and a; eta = 1",
    source="Ji & Telgarsky (ICLR 2020), Theorem 2.2, with risk target eps ln 2",
    hypotheses=(GAUSSIAN_NETWORK, PLAIN, MARGIN, HARD_LABELS),
    width=4096 * LAMBDA**2 / s.gamma**6,
    failure=3 * s.delta,
    radius=None,
    steps=2 * LAMBDA**2 / RISK,
    step_size=sp.Integer(1),
    factors=(
        Factor("4096", sp.Integer(4096), "constant; about 40 to 92 would do (theory: Ji and Telgarsky)"),
        Factor("1/gamma^6", s.gamma**-6, "flips must stay below the margin while neurons move 4 lambda/(gamma sqrt m)"),
        Factor("lambda^2", LAMBDA**2, "lambda = (4/gamma)(sqrt(2 ln(4n/delta)) + ln(4/(eps ln 2)))"),
    ),
    without=(
        ("the initial output, sqrt(2 ln(4n/delta))", 65536 / s.gamma**8 * sp.log(4 / RISK) ** 2),
        ("the logit ln(4/(eps ln 2))", 65536 / s.gamma**8 * 2 * sp.log(4 * s.n / s.delta)),
        ("4096 instead of 92.4, with which the same argument closes", sp.Rational(924, 10) * LAMBDA**2 / s.gamma**6),
    ),
    schedule_note="not projected, non-symmetric W(0); constants quoted from memory of the paper and re-derived",
)
