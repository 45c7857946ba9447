"""Claims of "Learning from biased soft labels" (Yuan et al., NeurIPS 2023).

Abstract and summary were available.  See theory: Label sets, theory: Sample size.
"""

from fractions import Fraction

import sympy as sp

from boundcheck.audit.check import example, identity
from boundcheck.audit.claim import Claim
from boundcheck.records.audit import Check, Paper

PAPER: Paper = "yuan2023"
_seen, _unseen, _gamma = sp.symbols("a b gamma", positive=True)


def pointwise(*, unreliability: Fraction = Fraction(3, 5), ambiguity: Fraction = Fraction(3, 10)) -> tuple[Check, ...]:
    """P(y in S) - P(l in S) >= 1 - Delta_max - gamma > 0 at every (x, y): only h = y minimises the superset risk."""
    least = 1 - unreliability - ambiguity
    return (
        example("Delta_max = .6, gamma = .3: every wrong label costs more than the right one", least > 0, float(least)),
        identity(
            "P(y in S) - P(l in S) = P(y in S, l not in S) - P(y not in S, l in S), common part c",
            (_seen + _gamma) - (_unseen + _gamma),
            _seen - _unseen,
        ),
    )


def average(
    *, share: Fraction = Fraction(1, 5), wrong: tuple[Fraction, Fraction] = (Fraction(3, 5), Fraction(1, 10))
) -> tuple[Check, ...]:
    """Two classes of these shares (share, 1 - share), k = 1, the top label wrong with these probabilities."""
    Delta, gamma = share * wrong[0] + (1 - share) * wrong[1], max(wrong)
    learnt = min(wrong[0], 1 - wrong[0])  # risk on the first class of the better constant answer
    return (
        example("average Delta + gamma < 1", Delta + gamma < 1, float(1 - Delta - gamma)),
        example("yet the wrong label costs less on the first class", learnt < wrong[0], float(wrong[0] - learnt)),
    )


def at_zero_unreliability(*, power: Fraction = Fraction(1)) -> tuple[Check, ...]:
    """psi(0, gamma) = 1 - gamma turns theta = ln(2/(2 - psi)) into ln(2/(1 + gamma))."""
    psi = (sp.sqrt(1 - _gamma) - 0) ** (2 * sp.Rational(power))
    return (identity("theta at Delta = 0", sp.log(2 / (2 - psi)), sp.log(2 / (1 + _gamma))),)


CLAIMS = (
    Claim(
        "pointwise-unreliability",
        "abstract, Theorem 3.2",
        "Delta + gamma < 1 makes learning from the top k labels consistent, read with Delta at every (x, y)",
        "a positive dominance margin inf[P(y in S) - P(l in S)] is enough, and can hold where Delta + gamma >= 1",
        "holds with a different proof",
        "supported",
        "R(h) - R(h*) = E[1(h != y)(P(y in S) - P(h in S))] >= (1 - Delta - gamma) Err(h). The paper's own conditions "
        "and proof were not available.",
        pointwise,
        PAPER,
    ),
    Claim(
        "average-unreliability",
        "abstract",
        "the same with Delta on average over (x, y), and no further condition",
        "Delta must hold at every (x, y), or for every class where the set does not depend on x given y",
        "refuted",
        "refuted",
        "Classes of shares .2 and .8 whose top label is wrong with probability .6 and .1: .2 + .6 < 1, and the first "
        "class is learnt wrong. The conditions of Theorem 3.2 were not available and may exclude this: it says nothing "
        "against the paper.",
        average,
        PAPER,
    ),
    Claim(
        "liu-dietterich",
        "Liu & Dietterich (ICML 2014), as quoted",
        "at Delta = 0: n >= 4/(theta eps) (d_H (ln 4 d_H + 2 ln L + ln 1/(theta eps)) + ln 1/delta + 1), "
        "theta = ln(2/(1 + gamma))",
        "as recalled; with psi for 1 - gamma it holds at any Delta + gamma < 1",
        "holds with a different proof",
        "supported",
        "The program's own sample size (theory: Sample size) at Delta = 0. The statement is recalled, not re-read.",
        at_zero_unreliability,
        PAPER,
    ),
    Claim(
        "natarajan-sample-size",
        "Theorem 3.2",
        "the sample size is of the order of the Natarajan dimension",
        "the formula and its conditions were not available; the program prints its own (theory: Sample size)",
        "undecided",
        "undecided",
        "Nothing is checked: there is no printed formula to check.",
        tuple,
        PAPER,
    ),
)
