"""The sup-norm margin in the plane, without sampling.

Directions fall into at most 2n arcs between the rows' normals (theory: Margins in closed form). On an arc every
feature is constant, so a field v is one vector an arc, E[v.phi_i] a finite sum, and the margin a second-order cone
programme, which Clarabel solves. The interval is evaluated at its feasible q and v, in ball arithmetic: it rests on
nothing that was solved.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from flint import arb, ctx
from jaxtyping import Bool, Float64

from boundcheck.margins.capped import feasible
from boundcheck.margins.outward import above, below, row_rounding
from boundcheck.records import Interval

_BITS = 256
# Angles are whole multiples of 2^-200 of a turn, each wrong by less than 2; breakpoints nearer than _SAME are one.
_TURN, _SAME = 1 << 200, 8
# Asked of the solver, and rarely reached: from 1e-12 to 1e-16 the intervals on fifty sets hardly differ, while its own
# default, 1e-8, leaves v too far from optimal where the margin is small.
_TOLERANCE = 1e-14


@dataclass(frozen=True, eq=False)
class PlanarMargin:
    """q: (n,) in the simplex; g: (n,) y_i E[v.phi_i] for the feasible field v; margin: [min g, F(q)], outward."""

    q: Float64[np.ndarray, " n"]
    g: Float64[np.ndarray, " n"]
    margin: Interval


def planar_margin(X: Float64[np.ndarray, "n 2"], y: Float64[np.ndarray, " n"], cap: float = 1.0) -> PlanarMargin:
    """max over ||v|| <= 1 of min_i y_i E[v.phi_i] = min over the simplex of F(q) = E||s_q||, as far as float64 goes.

    cap: of each weight q_i, at least 1/n; below 1 it is the eps-margin, and its lower end the CVaR of the gains.
    """
    problem = Arcs(X, y)
    q, v = _solved(problem, cap)
    q = feasible(q, cap)
    return PlanarMargin(q, problem.gains(v), problem.interval(q, v, cap))


class Arcs:
    """The arcs between breakpoints.  lengths: of each, in units of 1 / _TURN turns.  shares: (a,) of the circle.

    enter, leave: (n,) the arcs at which rows become active and inactive.  active: (a, n).  signed: (n, 2) the y_i x_i.
    """

    def __init__(self, X: Float64[np.ndarray, "n 2"], y: Float64[np.ndarray, " n"]) -> None:
        self.signed = y[:, None] * X
        turns = [_turn(*row) for row in X.tolist()]
        events = [(turn + quarter * _TURN // 4) % _TURN for quarter in (-1, 1) for turn in turns]
        order = np.array(sorted(range(len(events)), key=events.__getitem__))
        starts, rank = [events[order[0]]], np.zeros(len(events), dtype=int)
        for before, event in pairwise(order):
            if events[event] - events[before] > _SAME:
                starts.append(events[event])
            rank[event] = len(starts) - 1
        if starts[0] + _TURN - events[order[-1]] <= _SAME and len(starts) > 1:
            rank[rank == len(starts) - 1] = 0
            del starts[-1]
        self.lengths = [stop - start for start, stop in pairwise([*starts, starts[0] + _TURN])]
        self.shares = np.array([length / _TURN for length in self.lengths])
        self.enter, self.leave = np.split(rank, 2)
        place, count = np.arange(len(starts))[:, None], len(starts)
        self.active: Bool[np.ndarray, "a n"] = (place - self.enter) % count < (self.leave - self.enter) % count

    def gains(self, v: Float64[np.ndarray, "a 2"]) -> Float64[np.ndarray, " n"]:
        """y_i E[v.phi_i] for a field given arc by arc."""
        return np.asarray(np.einsum("ik,ik->i", self.signed, self.active.T @ (self.shares[:, None] * v)))

    def interval(self, q: Float64[np.ndarray, " n"], v: Float64[np.ndarray, "a 2"], cap: float = 1.0) -> Interval:
        """[CVaR of the y_i E[v.phi_i], F(q)] for q / sum(q) and v / max(1, ||v||), rounded outward.

        q: nonnegative.  Moving breakpoints by less than 16 units changes either end by less than 64 n of these units.
        """
        before, ctx.prec = ctx.prec, _BITS
        try:
            rows = [(arb(a), arb(b)) for a, b in self.signed.tolist()]
            longest = max(((a**2 + b**2).sqrt() for a, b in rows), key=float)
            slack = longest * (64 * len(rows) / _TURN + row_rounding(2))
            return Interval(
                max(below(self._least_gain(rows, v, cap) - slack), 0.0), above(self._value(rows, q) + slack)
            )
        finally:
            ctx.prec = before

    def _value(self, rows: list[Any], q: np.ndarray) -> Any:
        weights = [arb(weight) for weight in q.tolist()]
        terms = [(weight * a, weight * b) for weight, (a, b) in zip(weights, rows, strict=True)]
        s = [sum((terms[i][k] for i in np.flatnonzero(self.active[0])), arb(0)) for k in (0, 1)]
        changes: list[list[tuple[int, int]]] = [[] for _ in self.lengths]
        for sign, places in ((1, self.enter), (-1, self.leave)):
            for i, place in enumerate(places.tolist()):
                changes[place].append((sign, i))
        total = arb(0)
        for place, length in enumerate(self.lengths):
            for sign, i in changes[place] if place else ():
                s = [s[k] + sign * terms[i][k] for k in (0, 1)]
            total += length * (s[0] ** 2 + s[1] ** 2).upper().sqrt()
        return total / sum(weights, arb(0)) / _TURN

    def _least_gain(self, rows: list[Any], v: np.ndarray, cap: float) -> Any:
        sums = [(arb(0), arb(0))]
        for length, (a, b) in zip(self.lengths, v.tolist(), strict=True):
            a, b = arb(a), arb(b)
            scale = length / (a**2 + b**2).sqrt().max(arb(1))
            sums.append((sums[-1][0] + scale * a, sums[-1][1] + scale * b))
        gains = []
        for (a, b), start, stop in zip(rows, self.enter.tolist(), self.leave.tolist(), strict=True):
            along = [sums[stop][k] - sums[start][k] + (sums[-1][k] if stop < start else 0) for k in (0, 1)]
            gains.append((a * along[0] + b * along[1]) / _TURN)
        # max over t of t - cap sum (t - gain)_+, at the t that is best in floats; for cap = 1 the least gain itself.
        ordered = sorted(gains, key=float)
        t = ordered[min(int(1 / cap), len(gains)) - 1 if cap == 1.0 else min(int(1 / cap), len(gains) - 1)]
        return t - arb(cap) * sum((t.max(gain) - gain for gain in gains), arb(0))


def _turn(x: float, y: float) -> int:
    """The angle of (x, y) in units of 1 / _TURN turns, wrong by less than 2."""
    before, ctx.prec = ctx.prec, _BITS
    try:
        fraction = arb.atan2(arb(y), arb(x)) / (2 * arb.pi())
        units = (fraction * _TURN).mid().floor().unique_fmpz()
        assert units is not None
        return int(units) % _TURN
    finally:
        ctx.prec = before


def _solved(problem: Arcs, cap: float) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, "a 2"]]:
    """q and v of the cone programme min sum_a t_a over the simplex, ||p_a s_a|| <= t_a: v_a are its multipliers."""
    import clarabel
    from scipy import sparse

    n, count = len(problem.enter), len(problem.shares)
    terms = (problem.shares[:, None] * problem.active)[:, None] * problem.signed.T
    cones = np.concatenate([np.zeros((count, 1, n)), -terms], axis=1).reshape(3 * count, n)
    sizes = sparse.csr_matrix((np.full(count, -1.0), (3 * np.arange(count), np.arange(count))), (3 * count, count))
    A = sparse.bmat(
        [
            [np.ones((1, n)), None],
            [-sparse.identity(n), None],
            [sparse.identity(n), None],
            [sparse.csr_matrix(cones), sizes],
        ],
        format="csc",
    )
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = _TOLERANCE
    found = clarabel.DefaultSolver(
        sparse.csc_matrix((n + count, n + count)),
        np.append(np.zeros(n), np.ones(count)),
        A,
        np.concatenate([[1.0], np.zeros(n), np.full(n, cap), np.zeros(3 * count)]),
        [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(2 * n), *[clarabel.SecondOrderConeT(3)] * count],
        settings,
    ).solve()
    q = np.maximum(np.nan_to_num(found.x[:n]), 0.0)
    v = -np.nan_to_num(found.z[1 + 2 * n :]).reshape(count, 3)[:, 1:]
    return q / q.sum() if q.any() else np.full(n, 1 / n), v / np.maximum(1.0, np.hypot(*v.T))[:, None]
