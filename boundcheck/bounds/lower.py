"""How many neurons are needed: a network on a circle has few sign changes (theory: Lower bounds).

Nothing here depends on the labels, the loss, the training, the radius or W(0).
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy as sp
from flint import arb
from jaxtyping import Float, Integer

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, Factor, Hypothesis, Point, even
from boundcheck.bounds.exact import ball, refined
from boundcheck.records import BoundRow
from boundcheck.records.bounds import Family

LOWER = "lower bound: some data of this margin need so many; other data of the same margin may need fewer"
_SAME_RAY = 1e-9  # radians; rows of opposite labels this close are not told apart


@dataclass(frozen=True, kw_only=True)
class CircleBound(Bound):
    """m >= K/2 - floor(eps K) for K alternating points on the circle, K as large as gamma and n allow."""

    family: Family = "lower"
    direction: str = LOWER

    def real_width(self, point: Point) -> float:
        """The row's width: the closed form leaves out what rounding K gains."""
        return float(self.row(point).width)

    def row(self, point: Point) -> BoundRow:
        """See `Bound.row`; no probability, no schedule and no radius is involved."""
        self.check(point)
        points = alternating_points(point)
        errors = int(points * point.values[s.eps])
        return BoundRow(
            bound=self.id,
            labels=self.labels,
            gamma=float(point.values[s.gamma]),
            eps=float(point.values[s.eps]),
            width=_needed(points // 2 - errors, tight=not errors),
            steps=None,
            step_size=None,
            radius=None,
            failure_probability=0.0,
            vacuous=False,
            source=self.source,
            temperature=1.0,
            criterion=self.criterion,
            target=float(point.values[s.eps]),
            note=f"{points} alternating points on the circle, at most {errors} of them wrong",
            direction="lower",
            family=self.family,
            loss=self.loss,
        )


def alternating_points(point: Point) -> int:
    """K <= n: a multiple of 4 with margin 1/(K cos(pi/K)) >= gamma, or two opposite points, whose margin is 1/2."""
    inverse = 1 / point.values[s.gamma]
    # K cos(pi/K) > K - 4, so that no K above 1/gamma + 4 has this margin
    points = 4 * int(min(inverse + 4, point.values[s.n]) // 4)
    while points and refined(partial(_spare, inverse, points)) < 0:
        points -= 4
    return points or 2


def _spare(inverse: sp.Rational, points: int) -> arb:
    """1/gamma - K cos(pi/K); never 0, since cos(pi/K) is irrational."""
    return ball(inverse) - points * (arb.pi() / points).cos()


def planar_width(X: Float[np.ndarray, "n 2"], y: Integer[np.ndarray, " n"], errors: int) -> int | None:
    """The least even width at which some network errs on at most `errors` of these rows, from below.

    None where rows of opposite labels lie on one ray, up to rounding.
    """
    angles = np.arctan2(X[:, 1], X[:, 0])
    order = np.argsort(angles)
    angles, signs = angles[order], y[order]
    starts = np.flatnonzero(signs != np.roll(signs, 1))
    before = np.roll(angles, 1)[starts]
    if len(starts) and np.min((angles[starts] - before) % (2 * np.pi)) < _SAME_RAY:
        return None
    # a wrong row takes two sign changes away only with the whole of its run
    runs = np.diff(starts, append=len(y) + starts[:1])
    lost = int(np.searchsorted(np.cumsum(np.sort(runs)), errors, side="right"))
    spans = (np.roll(angles[starts], -1) - before) % (2 * np.pi)  # between the neighbours of a run
    short = any(np.all(spans[k::2] <= np.pi) for k in (0, 1))
    return _needed(len(starts) // 2 - lost, tight=not errors and short)


def _needed(sign_changes: int, *, tight: bool) -> int:
    """The least even m with at least so many pairs of sign changes.

    tight: every arc of one sign is shorter than pi and none may be missed; then two or four positive arcs are too many
    for as many neurons.
    """
    return max(2, even(sign_changes + 2 * (tight and sign_changes in (2, 4))))


def errors_allowed(eps: float, n: int) -> int:
    """Rows that may be wrong at the best step of a run whose average error is at most eps."""
    return math.floor(eps * n * (1 + 1e-12))


circle = CircleBound(
    id="circle-lower",
    labels="any",
    loss="any",
    title="Sign changes on a circle: width that some data need",
    statement="On K alternating points of the circle a network of fewer neurons errs on more than eps K of them.",
    quantifiers="for every W, so whatever the labels, the loss, the training and the radius",
    source="sign changes of a bias-free network on a circle (theory: Lower bounds)",
    hypotheses=(
        Hypothesis("f(x) = m^(-1/2) sum_j a_j relu(W_j.x), with as many a_j = +1 as -1 and any W"),
        Hypothesis(
            "the data set is chosen to be hard: K <= n points on the circle with alternating labels, K a multiple of "
            "4, whose margin 1/(K cos(pi/K)) is at least gamma; the closed form is for n >= 1/gamma"
        ),
    ),
    width=(sp.Rational(1, 2) - s.eps) * (1 / s.gamma - 4),
    failure=sp.Integer(0),
    radius=None,
    factors=(
        Factor("1/2 - eps", sp.Rational(1, 2) - s.eps, "a neuron has two breakpoints; an error hides two sign changes"),
        Factor("1/gamma - 4", 1 / s.gamma - 4, "fewer than the points K that fit on a circle with this margin"),
    ),
)
