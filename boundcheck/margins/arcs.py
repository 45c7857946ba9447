"""The sup-norm margin in the plane as a finite programme: directions fall into 2n arcs with exact lengths.

On an arc every feature is constant, so a field v is one vector an arc and E[v.phi_i] a finite sum
(theory: Margins in closed form).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from boundcheck.records import Interval


@dataclass(frozen=True, eq=False)
class PlanarMargin:
    """q: (n,) in the simplex; g: (n,) y_i E[v.phi_i] for the feasible field v; margin: [min g, F(q)]."""

    q: Float64[np.ndarray, " n"]
    g: Float64[np.ndarray, " n"]
    margin: Interval


def arcs(X: Float64[np.ndarray, "n 2"]) -> tuple[Float64[np.ndarray, " a"], Bool[np.ndarray, "a n"]]:
    """The share of the circle of every arc between breakpoints, and which rows are active on it."""
    normals = np.arctan2(X[:, 1], X[:, 0])
    breaks = np.sort(np.mod(np.concatenate([normals + np.pi / 2, normals - np.pi / 2]), 2 * np.pi))
    lengths = np.diff(np.append(breaks, breaks[0] + 2 * np.pi))
    middle = (breaks + lengths / 2)[lengths > 0]
    return lengths[lengths > 0] / (2 * np.pi), np.cos(middle[:, None] - normals) > 0


class ArcProgramme:
    """min over the simplex of F(q) = sum_a p_a ||s_a||, s_a = sum_i q_i psi_ai, psi_ai = y_i x_i where i is active.

    shares: (a,) the p_a.  psi: (2, a, n).
    """

    def __init__(self, X: Float64[np.ndarray, "n 2"], y: Float64[np.ndarray, " n"]) -> None:
        self.shares, active = arcs(X)
        self.psi = active * (y[:, None] * X).T[:, None, :]

    def sums(self, q: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "2 a"]:
        """s_a."""
        return np.asarray(self.psi @ q)

    def value(self, q: Float64[np.ndarray, " n"]) -> float:
        """F(q)."""
        return float(self.shares @ np.hypot(*self.sums(q)))

    def gains(self, v: Float64[np.ndarray, "2 a"]) -> Float64[np.ndarray, " n"]:
        """y_i E[v.phi_i] for a field v given arc by arc."""
        return np.asarray(np.einsum("ka,kan->n", self.shares * v, self.psi))

    def certify(self, q: Float64[np.ndarray, " n"], v: Float64[np.ndarray, "2 a"]) -> PlanarMargin:
        """The interval of q and v, after q is put into the simplex and v into the unit balls."""
        q = np.maximum(q, 0.0) / np.maximum(q, 0.0).sum()
        g = self.gains(v / np.maximum(1.0, np.hypot(*v)))
        upper = self.value(q)
        return PlanarMargin(q, g, Interval(min(max(float(g.min()), 0.0), upper), upper))
