"""Claims about W(0): Lemma 6, the role of c = min ||x_i||, and when the margin is positive."""

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import sympy as sp
from flint import arb

from boundcheck.audit.check import checked, example, identity, positive
from boundcheck.audit.claim import Claim
from boundcheck.bounds import mandal2025 as paper
from boundcheck.bounds import symbols as s
from boundcheck.bounds.exact import ball
from boundcheck.proofs.functions import HALF
from boundcheck.proofs.lemmas import CONCENTRATION, FLIPS
from boundcheck.records.audit import Check

_B, _m, _x = sp.symbols("B m x", positive=True)


def lemma_6(*, proxy: Fraction = HALF, deviation: Fraction = Fraction(2)) -> tuple[Check, ...]:
    """P(max_i |f_i^0(U) - z_i| >= sqrt(deviation ln(2n/delta)/m)) <= delta: N = m/2 terms with sub-Gaussian `proxy`."""
    # N t^2/(2 proxy) with N = m/2 and t^2 = deviation ln(2n/delta)/m
    exponent = deviation / (4 * proxy)
    return (
        *checked(CONCENTRATION),
        example("so the proxy is 1/4 + 1/4 = 1/2, reached at q = 1/4, s = 0", proxy >= HALF, float(proxy - HALF)),
        example(
            "2n exp(-N t^2/(2 proxy)) <= delta at the printed t: the exponent is at least ln(2n/delta)",
            exponent >= 1,
            float(exponent - 1),
        ),
        _plain_hoeffding_fails(),
    )


def _plain_hoeffding_fails(pairs: int = 400, excess: int = 78) -> Check:
    """Without P(active) = 1/2 the printed tail is false: X_j = +-1 evenly, an exact binomial tail."""
    tail = Fraction(2 * sum(comb(pairs, k) for k in range((pairs + excess) // 2, pairs + 1)), 2**pairs)
    printed = 2 * (-ball(Fraction(excess**2, pairs))).exp()  # 2 exp(-m t^2/2), t = excess/N, m = 2N
    return positive(
        f"N = {pairs} always-active +-1 features: P(|mean| >= {excess}/{pairs}) is over 50 times the printed tail",
        ball(tail) / printed - 50,
    )


def norm_free_flips(*, slope: Fraction | None = None) -> tuple[Check, ...]:
    """P(|W_j(0).x_i| <= B ||x_i||/sqrt m) = erf(B/sqrt(2m)) <= sqrt(2/pi) B/sqrt m, whatever ||x_i|| is."""
    g = sp.Symbol("g", real=True)
    density = sp.exp(-(g**2) / (2 * _x**2)) / (_x * sp.sqrt(2 * sp.pi))
    probability = sp.simplify(sp.integrate(density, (g, -_B * _x / sp.sqrt(_m), _B * _x / sp.sqrt(_m))))
    u = sp.Symbol("u", positive=True)
    limit = sp.limit(sp.erf(u / sp.sqrt(2)) / u, u, 0)
    used = s.b if slope is None else s.b * sp.Rational(slope)
    at_2_gamma = sp.expand(paper.soft.width.subs(s.c, 2 * s.gamma) * s.gamma**4)
    return (
        identity("flip probability, ||x|| = x: erf(B/sqrt(2m))", probability, sp.erf(_B / sp.sqrt(2 * _m))),
        example("||x_i|| has cancelled", not probability.has(_x)),
        identity("erf(u/sqrt 2)/u has the limit sqrt(2/pi) at 0, so that no smaller slope would do", limit, used),
        *checked(FLIPS),
        example(
            "with the always valid c = 2 gamma (10) would ask for 1/(gamma^4 eps)",
            bool(sp.limit(at_2_gamma, s.gamma, 0).subs({s.eps: 1, s.n: 1, s.delta: HALF, s.kappa: 1}) > 0),
        ),
    )


def never_parallel(*, allow_parallel: bool = False, instances: int = 30) -> tuple[Check, ...]:
    """The Gram matrix of the features is positive definite: interval Cholesky on integer configurations."""
    rng = np.random.default_rng(0)
    smallest = min(_smallest_pivot(_configuration(rng, allow_parallel)) for _ in range(instances))
    same_ray = [Fraction(2, 3) * a - Fraction(1, 3) * b for a, b in zip((1, 0), (2, 0), strict=True)]
    # opposite labels on x_k and -x_k: q(1[w.x > 0] x + 1[w.x < 0] x) = q x for almost every w
    antipodes = [sum(axis) for axis in zip((1, 0), (0, 1), (-1, -1), strict=True)]
    return (
        Check(f"smallest pivot over {instances} random integer configurations", "sampling", smallest > 0, smallest),
        example("needed: x, 2x with opposite labels give s_q = 0 at q = (2/3, 1/3)", same_ray == [0, 0]),
        example("so do three antiparallel pairs, +-(1,0), +-(0,1), +-(-1,-1), q uniform", antipodes == [0, 0]),
    )


def _configuration(rng: np.random.Generator, allow_parallel: bool) -> list[tuple[int, ...]]:
    """3 to 6 integer vectors in 2 or 3 dimensions, no two parallel (or the first two parallel)."""
    d = int(rng.integers(2, 4))
    points: list[tuple[int, ...]] = []
    while len(points) < 3 + d:
        x = tuple(int(v) for v in rng.integers(-6, 7, d))
        if any(x) and not any(_parallel(x, other) for other in points):
            points.append(x)
    return [*points, tuple(2 * v for v in points[0])] if allow_parallel else points


def _parallel(x: tuple[int, ...], y: tuple[int, ...]) -> bool:
    return all(a * d == b * c for (a, b), (c, d) in product(zip(x, y, strict=True), repeat=2))


def _smallest_pivot(points: list[tuple[int, ...]]) -> float:
    """Smallest proved pivot of the Cholesky factorisation of K(x, x') = x.x' (pi - theta)/(2 pi)."""
    K = [[_kernel(x, y) for y in points] for x in points]
    smallest = float("inf")
    for k in range(len(K)):
        pivot = K[k][k]
        smallest = min(smallest, float(pivot.lower()))
        if smallest <= 0:
            return smallest
        for i in range(k + 1, len(K)):
            factor = K[i][k] / pivot
            K[i] = [entry - factor * top for entry, top in zip(K[i], K[k], strict=True)]
    return smallest


def _kernel(x: tuple[int, ...], y: tuple[int, ...]) -> arb:
    inner, norms = (sum(a * b for a, b in zip(u, v, strict=True)) for u, v in ((x, y), (x, x)))
    if x == y:
        return ball(norms) / 2
    cosine = ball(inner) / (ball(norms) * sum(b * b for b in y)).sqrt()
    angle = arb(0) if abs(inner) ** 2 == norms * sum(b * b for b in y) and inner > 0 else cosine.acos()
    return inner * (arb.pi() - angle) / (2 * arb.pi())


CLAIMS = (
    Claim(
        "lemma-6",
        "(15), Lemma 6",
        "max_i |f_i^0(U) - z_i| <= sqrt(2 ln(2n/delta)/m) with probability 1 - delta",
        "as printed, because each neuron is active with probability exactly 1/2; Hoeffding alone gives "
        "2 sqrt(ln(2n/delta)/m), and an n-free version exists",
        "holds with a different proof",
        "proved",
        "X = 1[W.x > 0] v.x is 0 half of the time; given its mean, chords of e^{sx} show that the law with 1/2, q, "
        "1/2 - q on 0, r, -r has the largest moment generating function. It factorises into two variables of range 1:"
        " proxy 1/2. A second derivative of the log-MGF at most 1/2 gives P(|mean - z| >= t) <= 2 exp(-N t^2/r^2) "
        "(Chernoff).",
        lemma_6,
    ),
    Claim(
        "norms-above-c",
        "c = min ||x_i||, Theorem 2, Corollary 4, Proposition 5",
        "the width grows with 1/c, through sqrt(2/pi)/c",
        "c is superfluous: the bounds hold with c = 1 in the formula for any ||x_i|| in (0, 1]",
        "constant not implied",
        "proved",
        "Flips are decided by |W_j(0).x_i| <= B ||x_i||/sqrt m, where ||x_i|| cancels; the paper bounds the left side"
        " with c and the right side with 1. The proof of theorem-2-width uses only b = sqrt(2/pi) <= b/c.",
        norm_free_flips,
    ),
    Claim(
        "positive-margin",
        "after Assumption 1",
        "some gamma > 0 exists if no two inputs are parallel",
        "as printed, if antiparallel pairs count as parallel (one such pair is harmless, three can give gamma = 0)",
        "holds",
        "supported",
        "If sum_i c_i 1[w.x_i > 0] x_i = 0 for almost every w, then crossing the hyperplane of x_i alone gives c_i "
        "x_i = 0: the features are independent, their Gram matrix K is positive definite, and gamma >= gamma_rkhs^2 >"
        " 0. The general step is an argument; the machine checks instances.",
        never_parallel,
    ),
)
