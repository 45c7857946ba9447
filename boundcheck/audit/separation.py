"""Claims about soft against hard labels: abstract, after Corollary 4, p. 10 (theory: Soft against hard)."""

from fractions import Fraction
from typing import Literal

import numpy as np
import sympy as sp
from flint import arb

from boundcheck.audit.check import example, identity, positive, simulated
from boundcheck.audit.claim import Claim
from boundcheck.audit.descent import descend
from boundcheck.bounds import mandal2025 as paper
from boundcheck.bounds import symbols as s
from boundcheck.bounds.exact import ball, enclose
from boundcheck.proofs.functions import HALF
from boundcheck.records.audit import Check

_t = sp.Symbol("t", positive=True)
_M, _s = sp.symbols("M s", positive=True)  # s = sqrt(ln(2n/delta))


def printed_width(width: sp.Expr, gamma: Fraction, eps: Fraction) -> arb:
    """A printed width at n = 1000, delta = .05, c = 1."""
    values = {s.gamma: gamma, s.eps: eps, s.n: Fraction(1000), s.delta: Fraction(1, 20)}
    unit = {s.c: ball(1), s.kappa: ball(1)}
    return enclose(width, unit | {symbol: ball(value) for symbol, value in values.items()})


def smaller_below_eps(*, gamma: Fraction = Fraction(15, 100), eps: Fraction = Fraction(1, 5)) -> tuple[Check, ...]:
    """At gamma < eps the soft width (10) can exceed the hard width (13)."""
    soft, hard = (printed_width(bound.width, gamma, eps) for bound in (paper.soft, paper.hard))
    return (
        positive(f"soft (10) = {_short(soft)} > hard (13) = {_short(hard)}: ratio - 1", soft / hard - 1),
        example(f"gamma = {float(gamma):g} < eps = {float(eps):g}", gamma < eps, float(eps - gamma)),
        positive(
            "at eps = .01 soft is smaller at gamma = .038 and larger at .039 (crossover .0384)",
            _soft_over_hard(Fraction(39, 1000)).min(1 / _soft_over_hard(Fraction(38, 1000))) - 1,
        ),
        identity(
            "the printed widths cross at gamma^2 = eps (2bL/c + 3s)^2/(2 C1 (b/c + 3s)^2)",
            _ratio_at_crossover(),
            sp.Integer(1),
        ),
    )


def _soft_over_hard(gamma: Fraction) -> arb:
    eps = Fraction(1, 100)
    return printed_width(paper.soft.width, gamma, eps) / printed_width(paper.hard.width, gamma, eps)


def _ratio_at_crossover() -> sp.Expr:
    crossing = sp.sqrt(s.eps * paper.HARD_TAIL**2 / (2 * paper.C1 * paper.TAIL**2))
    return (paper.soft.width / paper.hard.width).subs(s.kappa, 1).subs(s.gamma, crossing)


def _short(value: arb) -> str:
    return f"{float(value.mid()):.3g}"


def squared_logarithm(*, power: int = 1) -> tuple[Check, ...]:
    """(13) grows like ln^2(1/eps): its ratio to ln(1/eps)^power is unbounded for power = 1, finite for 2."""
    width = paper.hard.width.subs({s.c: 1, s.n: 1, s.delta: sp.Rational(1, 10), s.gamma: 1}).subs(s.eps, sp.exp(-_t))
    growth, squared = sp.limit(width / _t**power, _t, sp.oo), sp.limit(width / _t**2, _t, sp.oo)
    return (
        example("(13)/ln(1/eps) -> infinity as eps -> 0", growth == sp.oo),
        identity("(13) gamma^4/ln^2(1/eps) -> 16 (2b)^2 = 128/pi", squared, 128 / sp.pi),
    )


def stray_beta(*, extra: int = 1) -> tuple[Check, ...]:
    """(10) is 1/(gamma^2 eps) and no more; another 1/beta, beta = gamma^2 eps/32, would make it 1/(gamma^4 eps^2)."""
    free = sp.simplify(paper.soft.width.subs(s.kappa, 1) * s.gamma**2 * s.eps)
    with_beta = free / (s.gamma**2 * s.eps / 32) ** extra
    return (
        example("(10) gamma^2 eps depends on neither gamma nor eps", not free.has(s.gamma, s.eps)),
        example("with 1/beta it would", with_beta.has(s.gamma, s.eps)),
    )


def perceptron_width(*, gap: Fraction = HALF) -> tuple[Check, ...]:
    """Hard labels, perceptron loss, B = 1: m = 4 E^2/gamma^2 leaves M' >= gamma/2, T = 4/(gamma^2 eps), eta = M'."""
    E = s.b + (1 + sp.sqrt(2)) * _s  # deviations and flips, as in claim theorem-2-width
    width = 4 * E**2 / s.gamma**2
    left = sp.powdenest(s.gamma - E / sp.sqrt(width), force=True)
    error = (1 / (2 * _M * _t)) / (_M - _M / 2)  # (1/(2 eta T))/(M' - eta/2) at eta = M'
    at_least = error.subs({_M: sp.Rational(gap) * s.gamma, _t: 4 / (s.gamma**2 * s.eps)})
    values = {s.gamma: ball(Fraction(1, 20)), _s: (ball(2000) * 20).log().sqrt()}
    hard = printed_width(paper.hard.width, Fraction(1, 20), Fraction(1, 100))
    return (
        identity("average error <= 1/(T M'^2) = eps", at_least, s.eps),
        identity("M' = gamma - E/sqrt m = gamma/2", left, s.gamma / 2),
        example(
            "the width times gamma^2 depends on neither gamma nor eps",
            not sp.simplify(width * s.gamma**2).has(s.gamma, s.eps),
        ),
        positive(
            "n = 1000, gamma = .05, eps = .01: (13) is over 5000 times as wide", hard / enclose(width, values) - 5000
        ),
    )


def features_kept(*, loss: Literal["perceptron", "kl"] = "perceptron", eps: float = 0.05) -> tuple[Check, ...]:
    """Octagon with alternating hard labels, perceptron loss, B = 1, m = 200: small error, and nobody moved far."""
    angles = 2 * np.pi * np.arange(8) / 8
    X, y = np.stack([np.cos(angles), np.sin(angles)], axis=1), np.where(np.arange(8) % 2, -1.0, 1.0)
    run = descend(X, y, 0 * y, loss=loss, width=200, step_size=0.3, steps=400)
    return (
        simulated(f"average error {run.average_error:.4f} < {eps}", eps - run.average_error),
        simulated(f"movement sqrt(m) max ||W_j - W_j(0)|| = {run.movement:.3f} <= 1 = B", 1 + 1e-9 - run.movement),
    )


CLAIMS = (
    Claim(
        "gamma-below-eps",
        "abstract; after Proposition 5",
        "for gamma <= eps soft labels need fewer neurons than hard labels",
        "not with the printed constants: the printed widths cross at gamma* = .0384 for eps = .01, n = 1000, and the "
        "natural threshold is gamma of order sqrt(eps)",
        "refuted",
        "refuted",
        "Both printed widths evaluated at gamma = .15 < eps = .2, n = 1000, delta = .05, c = 1.",
        smaller_below_eps,
    ),
    Claim(
        "abstract-logarithm",
        "abstract",
        "hard labels: O((1/gamma^4) ln(1/eps)) neurons",
        "(13) gives O((1/gamma^4) ln^2(1/eps))",
        "typo",
        "refuted",
        "Limit of (13) divided by the printed order as eps -> 0.",
        squared_logarithm,
    ),
    Claim(
        "stray-beta",
        "after Corollary 4",
        "O((1/(gamma^2 eps)) ln(n/delta), 1/beta)",
        "O((1/(gamma^2 eps)) ln(n/delta))",
        "typo",
        "refuted",
        "(10) contains no beta; it has been replaced by gamma^2 eps/32.",
        stray_beta,
    ),
    Claim(
        "hard-labels-need",
        "abstract",
        "hard-label training requires O(1/gamma^4) neurons, soft-label training O(1/gamma^2)",
        "an upper bound for the logistic loss at temperature 1, beaten in order by Munteanu et al. (ICML 2022): "
        "1/gamma^2; hard labels with the perceptron loss and the same B ="
        " 1 need O(ln(n/delta)/gamma^2) by the same argument, with no 1/eps",
        "quantifier false",
        "refuted",
        "For the perceptron loss <grad, W - Wbar> >= err M' and ||grad||^2 <= err, so err <= (1/(2 eta T))/(M' - "
        "eta/2). The gap between the two printed bounds is one of loss scale, not of soft against hard labels.",
        perceptron_width,
    ),
    Claim(
        "features-kept",
        "p. 10",
        "soft labels keep the features near initialisation, hard labels do not",
        "true of the two bounds only, because B = 1 is set for soft and B ~ ln(1/eps)/gamma for hard labels",
        "constant not implied",
        "supported",
        "Hard labels with the perceptron loss reach a small error inside the same ball B = 1.",
        features_kept,
    ),
)
