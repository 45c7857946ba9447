"""A finite-sample interval for the sup-norm margin, from ANY points of the simplex and fresh draws.

Setting.  Divide every row by its norm: u_i = x_i/||x_i||, a_i = q_i ||x_i|| / sum_j q_j ||x_j||.  With
S_a(z) = sum_i a_i y_i 1[z.u_i > 0] u_i, so that ||S_a|| <= 1 on the simplex,

    gamma = min over a in the simplex of E||S_a|| / l(a),   l(a) = sum_i a_i / ||x_i||.

Let a* be a minimiser: unknown, but FIXED.  So everything about S_{a*} is about one random vector, and no union
over the n rows is ever needed.  For any field v with ||v|| <= 1, chosen before the sample, and any c >= 1,

    (1)  ||S|| >= v.S + (||S||^2 - (v.S)^2) / (2c)      for ||S|| <= c,  since ||S|| + v.S <= 2c;

    (2)  E||S_{a*}||^2 = Q(a*),   Q(a) = a'Ha  with H = yy' o K of the unit rows: exact, no sampling.

Three sample means over independent draws, each with a one-sided Bernstein inequality (Boucheron, Lugosi, Massart
2013, Theorem 2.10), t = ln(1/alpha), kappa = 2t/N; all are linear or quadratic in a, so known at every a:

    (3)  A = E v_0.S:    A >= m - sqrt(kappa (Q - A^2)) - 2t/(3N),  m = mean of v_0.S = sum_i a_i m_i;
    (4)  B = E D.S:      B >= mean - e sqrt(kappa Q) - e t/(3N)     where ||D|| <= e and v = v_0 + sum of the D;
    (5)  C = E (v.S)^2:  C <= mean + sqrt(kappa Q)                  since 0 <= (v.S)^2 <= 1 and C <= Q.

Hence gamma l(a*) >= L(a*), L the sum of (1) to (5) at a, and gamma >= min over the simplex of L(a) / l(a),
which is a deterministic problem: MARGIN section 3.3 had to pay for the worst of n noisy means instead.
The other side: gamma <= E||S_a|| / l(a) for every a, with E w <= E f(w) + E w^2 / cut, f(w) = max(w - w^2/cut, lowest)
at most cut / 4, E w^2 = Q(a) exact, and the empirical Bernstein inequality (Maurer, Pontil 2009, Theorem 4).

Nothing here is shared with the solver that proposes the points, except the numerical routine that minimises L, whose
answer is verified (envelope.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from boundcheck.margins.envelope import Samples, lower_envelope
from boundcheck.margins.fields import Chain, Draws
from boundcheck.precision import enable_x64
from boundcheck.records import Interval

_STATEMENTS = 4  # (3), (4), (5) and the upper end share the risk equally
FLOOR = 0.1  # the field is s / max(||s||, FLOOR sqrt(Q)): bounded change where s vanishes, at hardly any loss
_PILOT = 1024
_ROOM = 3.0  # the field may move this many root mean squares at one z
_CUTS = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0)
_DEPTHS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, eq=False)
class Certificate:
    """margin: contains gamma with its confidence.  z: (n,) estimates of E[v.phi_i] for the certified field v.

    z_error: half-width of intervals that hold for all z_i at once, at the same confidence on their own.
    pairs: Gaussian pairs drawn.
    """

    margin: Interval
    z: Float64[np.ndarray, " n"]
    z_error: Float64[np.ndarray, " n"]
    pairs: int


class Certifier:
    """One certificate in the making: anchor(q), then link(q') if a better point has been found, then finish().

    X: (n, r) rows, y: (n,) labels, H: (n, n) yy' o K of those rows from the closed form.  confidence: of the
    interval.  seed: independent of everything that chose the points; each call draws a fresh sample.
    """

    def __init__(
        self,
        X: Float64[np.ndarray, "n r"],
        y: Float64[np.ndarray, " n"],
        H: Float64[np.ndarray, "n n"],
        *,
        confidence: float,
        seed: int,
        tick: Callable[[float], None] = lambda share: None,
    ) -> None:
        enable_x64()
        self.lengths = np.linalg.norm(X, axis=1)
        self.H = H / np.outer(self.lengths, self.lengths)
        self.y, self.dimension, self.confidence = y, X.shape[1], confidence
        self.draws = Draws(X / self.lengths[:, None], y, seed, tick)
        self._anchor = self._step = np.zeros(len(y))
        self.t = float(np.log(_STATEMENTS / (1 - confidence)))
        self.pairs = self._pairs = self._step_pairs = 0

    def _weights(self, q: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        a = q * self.lengths
        return np.asarray(a / a.sum())

    def anchor(self, q: Float64[np.ndarray, " n"], pairs: int) -> Float64[np.ndarray, " n"]:
        """Statement (3) for the field of q; returns the sample means of y_i E[v_q.phi_i], which q' may be chosen by."""
        a = self._weights(q)
        self.chain = Chain((a,), floor=FLOOR * float(np.sqrt(a @ self.H @ a)))
        self._anchor, self._pairs = self.draws.gains(self.chain, pairs)
        self._step, self._step_pairs = np.zeros_like(self._anchor), 0
        self.pairs += self._pairs
        return np.asarray(self._anchor * self.lengths)

    def link(self, q: Float64[np.ndarray, " n"], pairs: int) -> Float64[np.ndarray, " n"]:
        """Statement (4) for one step of the field towards that of q; returns the means for the whole field."""
        points = (*self.chain.points[:1], self._weights(q))
        # A pilot of its own chooses how far the field may move at any one z.
        floor = self.chain.floor
        reach = _ROOM * self.draws.pilot(Chain(points, (2.0,), floor), _PILOT)[0]
        self.chain = Chain(points, (min(max(reach, 1e-6), 2.0),), floor)
        self._step, self._step_pairs = self.draws.gains(self.chain, pairs)
        self.pairs += self._step_pairs
        return np.asarray((self._anchor + self._step) * self.lengths)

    def value(self, pairs: int) -> None:
        """The upper end, E||S_a|| / l(a) at the last point."""
        a = self.chain.points[-1]
        square = float(a @ self.H @ a)
        cut, lowest = self._range(square, pairs)
        mean, variance, count = self.draws.value(a, cut, lowest, pairs)
        value = mean + square / cut + empirical_bernstein(variance, cut / 4 - lowest, count, self.t)
        self._upper = value / float((a / self.lengths).sum())
        self.pairs += count

    def curvature(self, draws: int) -> None:
        """Statement (5) for the whole field, from `draws` single draws."""
        self._outer = self.draws.outer(self.chain, draws)
        self.pairs += self._outer[2]

    def finish(self) -> Certificate:
        """The interval, once the field is complete and both `value` and `curvature` have been drawn."""
        outer, rounding, draws = self._outer
        samples = Samples(self.t, self._anchor, self._pairs, outer, draws, rounding)
        if self._step_pairs:
            reach = self.chain.reaches[0]
            samples = replace(samples, step=self._step, step_pairs=self._step_pairs, reach=reach)
        # Rounding may lift the norm of the field above 1 by the slack: certify the field divided by that.
        samples = samples.scaled(1 / (1 + self.chain.slack(self.dimension)))
        lower = lower_envelope(self.H, samples, 1 / self.lengths, self.chain.points[-1], self._upper)
        margin = Interval(min(max(lower, 0.0), self._upper), self._upper, self.confidence, exact=False)
        return Certificate(margin, self.y * (self._anchor + self._step) * self.lengths, self._z_error(), self.pairs)

    def _range(self, square: float, pairs: int) -> tuple[float, float]:
        """The cut and the lowest value of f with which a pilot sample promises the smallest loss."""
        w = self.draws.pilot(self.chain, _PILOT)[1]
        scale = float(np.sqrt(square))

        def loss(choice: tuple[float, float]) -> float:
            cut, lowest = choice
            g = w - w**2 / cut
            f = np.maximum(g, lowest)
            variance = float(f.mean(axis=1).var())
            return float((f - g).mean()) + empirical_bernstein(variance, cut / 4 - lowest, pairs, self.t)

        return min(((scale * cut, -scale * depth) for cut in _CUTS for depth in _DEPTHS), key=loss)

    def _z_error(self) -> Float64[np.ndarray, " n"]:
        """Hoeffding: a pair contributes at most ||x_i|| / 2 to z_i in absolute value, to a step reach times that."""
        log = float(np.log(4 * len(self.y) / (1 - self.confidence)))
        factor = np.sqrt(log / (2 * self._pairs))
        if self._step_pairs:
            factor += self.chain.reaches[0] * np.sqrt(log / (2 * self._step_pairs))
        return np.asarray(self.lengths * factor)


def certify(
    q: Float64[np.ndarray, " n"],
    X: Float64[np.ndarray, "n r"],
    y: Float64[np.ndarray, " n"],
    H: Float64[np.ndarray, "n n"],
    *,
    pairs: int,
    confidence: float,
    seed: int,
) -> Certificate:
    """The interval that one point q certifies, whatever q is; a poor q gives a wide interval."""
    certifier = Certifier(X, y, H, confidence=confidence, seed=seed)
    certifier.anchor(q, pairs)
    certifier.value(pairs)
    certifier.curvature(pairs)
    return certifier.finish()


def empirical_bernstein(variance: float, length: float, samples: int, t: float) -> float:
    """How far the mean of iid variables on an interval of this length may fall short, with risk e^-t."""
    log = t + float(np.log(2))
    return float(np.sqrt(2 * variance * log / samples) + 7 * length * log / (3 * (samples - 1)))
