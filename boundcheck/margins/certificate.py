"""A finite-sample interval for the sup-norm margin, from ANY point of the simplex and fresh draws.

Setting.  Divide every row by its norm: u_i = x_i/||x_i||, a_i = q_i ||x_i|| / sum_j q_j ||x_j||.  With
S_a(z) = sum_i a_i y_i 1[z.u_i > 0] u_i, so that ||S_a|| <= 1 on the simplex,

    gamma = min over a in the simplex of E||S_a|| / l(a),   l(a) = sum_i a_i / ||x_i||.

Let a* be a minimiser: unknown, but FIXED.  So everything about S = S_{a*} is about one random vector, and no union
over the n rows is ever needed.  Let Y = ||S|| - ||S||^2/2; then E||S_{a*}|| = E Y + Q(a*)/2, where

    (1)  E||S_a||^2 = Q(a) = a'Ha  with H = yy' o K of the unit rows: exact, no sampling.

Y lies in [0, 1/2], and E Y^2 <= Q.  By Bernstein's inequality (Boucheron, Lugosi, Massart 2013, Theorem 2.10) the mean
of N draws of Y exceeds B = E Y by less than sqrt(kappa (Q - B^2)) + t/(6N), kappa = 2t/N, but with probability e^-t.
At every draw z and for ANY vector v(z) with ||v|| <= 1, even one chosen after all draws were seen, p = v.S has
|p| <= ||S|| <= 1, and w - w^2/2 grows on [0, 1], so

    (2)  Y >= |p| - p^2/2,   and the mean of Y is at least  m.a* - a*'Ma*/2

for the mean m of the draws of (y_i v.phi_i)_i and the mean M of their outer products.  Hence gamma l(a*) >= L(a*),
L(a) = B(a) + Q(a)/2 with B(a) the least B that (1) and (2) allow at a, and gamma >= min over the simplex of
L(a) / l(a): a deterministic problem (envelope.py).  No union over the n rows is paid (theory: Margin interval).
The other side: gamma <= E||S_a|| / l(a) for every a, with E w <= E f(w) + E w^2 / cut, f(w) = max(w - w^2/cut, lowest)
at most cut / 4, E w^2 = Q(a) exact, and the empirical Bernstein inequality (Maurer, Pontil 2009, Theorem 4).

Under a cap q_i <= cap of each weight (the eps-margin) the same holds with the capped simplex in place of the simplex:
a* is still one fixed point, (1) and (2) speak of that point alone and of no other, and the minimum of L is taken over a
smaller set that contains it.  All rows are then divided by the largest norm instead, so that a = q, l(a) is constant,
and the cap is the same linear constraint on a as on q; ||S_a|| <= 1 is all that was used of the norms.

Nothing here is shared with the solver that proposes the point, except the numerical routine that minimises L, whose
answer is verified (envelope.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float64, Int

from boundcheck.margins.envelope import lower_envelope
from boundcheck.margins.fields import Draws, Moments
from boundcheck.margins.problem import MarginProblem
from boundcheck.precision import enable_x64
from boundcheck.records import Interval

_V = TypeVar("_V", float, np.ndarray)
_STATEMENTS = 2  # the lower and the upper end share the risk equally
FLOOR = 0.1  # the field is s / max(||s||, FLOOR sqrt(Q)), the gradient of what the solver minimises
_PILOT = 1024
_USUAL = 0.99  # the confidence for which the range of the upper end is chosen, so that it depends on the draws alone
_CUTS = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0)
_DEPTHS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, eq=False)
class CertifiedMargin:
    """margin: contains gamma with its confidence.  z: (n,) estimates of E[v.phi_i] for the certified field v.

    z_error: half-width of intervals that hold for all z_i at once, at the same confidence on their own.
    samples: what was drawn, pairs and single draws.
    """

    margin: Interval
    z: Float64[np.ndarray, " n"]
    z_error: Float64[np.ndarray, " n"]
    samples: int


class Certifier:
    """Intervals from one sample of draws.

    problem: with yy' o K of the rows in memory, from the closed form.  draws, pairs: for the lower and the upper end.
    seed: independent of everything outside; the point may be chosen
    by `glance`, or otherwise by the draws of the lower end, but not by those of the upper end.
    """

    def __init__(
        self,
        problem: MarginProblem,
        *,
        draws: int,
        pairs: int,
        seed: int,
        tick: Callable[[float], None] = lambda share: None,
    ) -> None:
        enable_x64()
        lengths = problem.lengths
        self.lengths = lengths if problem.cap == 1 else np.full(len(lengths), lengths.max())
        self.H = problem.H / self.lengths
        self.H /= self.lengths[:, None]
        self.y, self.cap, self.draws, self.pairs = problem.y, problem.cap, draws, pairs
        self.sample = Draws(problem.X / self.lengths[:, None], problem.y, seed, tick)

    def glance(self, q: Float64[np.ndarray, " n"], rows: Int[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
        """About the sample means of y_i v_q.phi_i, for these rows, that the lower end for q would be computed from.

        q: 0 at all other rows.
        """
        a, square = self._weights(q)
        return np.asarray(self.sample.glance(a, FLOOR * float(np.sqrt(square)), self.draws, rows) * self.lengths[rows])

    def draw(self, q: Float64[np.ndarray, " n"]) -> "Drawn":
        """All samples for the point q of the capped simplex, whatever q is; a poor q gives a wide interval."""
        a, square = self._weights(q)
        floor = FLOOR * float(np.sqrt(square))
        found = self.sample.moments(a, floor, self.draws)
        # Rounding may lift the norm of the field above 1 by the slack: certify the field divided by that.
        found = replace(found, mean=found.mean / (1 + self.sample.slack))
        cut, lowest = _range(self.sample.pilot(a, _PILOT), square, log_risk(_USUAL), self.pairs)
        value = self.sample.value(a, cut, lowest, self.pairs)
        # The draws of the lower end may have chosen q, and say nothing for certain about E[v.phi_i].
        return Drawn(self, a, square, found, (cut, lowest), value, self.sample.means(a, floor, self.draws // 4))

    def certify(self, q: Float64[np.ndarray, " n"], confidence: float) -> CertifiedMargin:
        """The interval that q certifies."""
        return self.draw(q).certificate(confidence)

    def _weights(self, q: Float64[np.ndarray, " n"]) -> tuple[Float64[np.ndarray, " n"], float]:
        """a, and Q(a)."""
        a = q * self.lengths
        a = a / a.sum()
        return a, float(a @ self.H @ a)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn for one point: weights a with Q(a) = square, moments for the lower end, and for the upper end
    the range and the mean, variance and number of f(||s||) in it; means, squares and number for the logits.
    """

    by: Certifier
    a: Float64[np.ndarray, " n"]
    square: float
    moments: Moments
    range: tuple[float, float]
    value: tuple[float, float, int]
    means: tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"], int]

    def certificate(self, confidence: float) -> CertifiedMargin:
        """The interval at a confidence that no draw has chosen."""
        lengths, t = self.by.lengths, log_risk(confidence)
        (cut, lowest), (mean, variance, count), (z, squares, few) = self.range, self.value, self.means
        upper = mean + self.square / cut + empirical_bernstein(variance, cut / 4 - lowest, count, t)
        upper /= float((self.a / lengths).sum())
        lower = lower_envelope(self.by.H, self.moments, t, 1 / lengths, self.a, upper, self.by.cap)
        margin = Interval(min(max(lower, 0.0), upper), upper, confidence, exact=False)
        error = _means_error(squares, few, confidence) * lengths
        return CertifiedMargin(margin, self.by.y * z * lengths, error, self.moments.draws + count + few)


def log_risk(confidence: float) -> float:
    """t, with e^-t the risk of each statement."""
    return float(np.log(_STATEMENTS / (1 - confidence)))


def _range(w: Float64[np.ndarray, "m 2"], square: float, t: float, pairs: int) -> tuple[float, float]:
    """The cut and the lowest value of f with which a pilot sample of ||S|| promises the smallest loss."""
    scale = float(np.sqrt(square))

    def loss(choice: tuple[float, float]) -> float:
        cut, lowest = choice
        g = w - w**2 / cut
        f = np.maximum(g, lowest)
        variance = float(f.mean(axis=1).var())
        return float((f - g).mean()) + empirical_bernstein(variance, cut / 4 - lowest, pairs, t)

    return min(((scale * cut, -scale * depth) for cut in _CUTS for depth in _DEPTHS), key=loss)


def _means_error(squares: Float64[np.ndarray, " n"], draws: int, confidence: float) -> Float64[np.ndarray, " n"]:
    """Half-widths around all means of v.phi_i, which lie in [-1, 1], at once: two sides of n rows share the risk."""
    t = float(np.log(2 * len(squares) / (1 - confidence)))
    return np.asarray(empirical_bernstein(squares * draws / (draws - 1), 2.0, draws, t))


def empirical_bernstein(variance: _V, length: float, samples: int, t: float) -> _V:
    """How far the mean of iid variables on an interval of this length may fall short, with risk e^-t."""
    log = t + float(np.log(2))
    spread: _V = (2 * variance * log / samples) ** 0.5
    return spread + 7 * length * log / (3 * (samples - 1))
