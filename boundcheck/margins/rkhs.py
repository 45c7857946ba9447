"""The margin in the RKHS norm: min of sqrt(q'Hq) over the capped simplex, H = yy' o K (theory: Kernel and margin).

A working set of rows grows by those that violate the optimality conditions, so that H is only needed block by
block: with a lazy one its n x n entries are never held, only those between the rows at work.
"""

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int

from boundcheck.blas import threads_for
from boundcheck.margins.capped import capped_minimum
from boundcheck.margins.nnqp import solve_nnqp
from boundcheck.margins.outward import cvar, root_interval, worst_level
from boundcheck.margins.problem import Gram, MarginProblem
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval

_AT_ONCE = 600  # so few rows are solved without a working set
_FIRST = 300
_SCOPE, _WIDEN = 10_000, 3  # rows looked through at first, and how many times more once few of them violate
_FEW = 10  # violators are few when there are this many times as many rows at work
_KEEP = 0.02
_SLACK = 2  # a capped problem begins with so many times as many rows as the cap asks for
_GROW = 0.5  # rows added, as a share of those kept


@dataclass(frozen=True, eq=False)
class RkhsMargin:
    """q: (n,) in the simplex; gradient: (n,) Hq; margin: certified by q, rounded outward.

    gap: 1 - CVaR(Hq) / q'Hq as float64 has it (the minimum without a cap).  vanishes: whether rounding hides whether
    q'Hq is positive.
    """

    q: Float64[np.ndarray, " n"]
    margin: Interval
    gradient: Float64[np.ndarray, " n"]
    gap: float
    vanishes: bool
    interrupted: bool = False


@dataclass
class _Reached:
    """The last point solved for, as rows and their weights, and the best one certified: what an interrupt leaves."""

    point: tuple[Int[np.ndarray, " k"], Float64[np.ndarray, " k"]]
    best: RkhsMargin | None = None


def rkhs_margin(
    problem: MarginProblem,
    *,
    tolerance: float = 1e-10,
    time_limit: float = float("inf"),
    progress: Progress = SILENT,
) -> RkhsMargin:
    """Minimise q'Hq over the q >= 0 with sum q = 1 and q_i <= cap, for the positive semidefinite H = yy' o K.

    A working set grows by the rows whose gain (Hq)_i is below the price, which is the gain of all rows with
    0 < q_i < cap (without a cap: q'Hq), first among some rows, then among all, until there are none.  Any q certifies
    (theory: Kernel and margin):   CVaR(Hq) / sqrt(q'Hq)  <=  gamma  <=  sqrt(q'Hq).
    tolerance: relative gap at which to stop.  time_limit: seconds after which no round is begun; the interval then
    says how far it got, as it does after Ctrl-C (`interrupted`).
    """
    n = problem.n
    reached = _Reached((np.arange(n), np.full(n, 1 / n)))
    try:
        return _solve(problem, tolerance, time.monotonic() + time_limit, progress, reached)
    except KeyboardInterrupt:
        found = evaluate(problem, *reached.point)
        if reached.best is not None and reached.best.gap < found.gap:
            found = reached.best
        return replace(found, interrupted=True)


def _solve(
    problem: MarginProblem, tolerance: float, deadline: float, progress: Progress, reached: _Reached
) -> RkhsMargin:
    """Rounds of the working set.

    It ends: a round without violators ends it or widens the scope, which only ever rises; any other round adds rows,
    and drops some only if q'Hq fell below all it was before, so that no working set comes twice.
    """
    gram, n = problem.gram, problem.n
    order = np.random.default_rng(0).permutation(n)
    scope = min(n, _SCOPE)
    work = order[: n if n <= _AT_ONCE else max(_FIRST, min(n, math.ceil(_SLACK / problem.cap)))]
    block = gram.block(work, work)
    start, new, least = np.full(len(work), 1 / len(work)), len(work), np.inf
    while True:
        weights, price = _minimum(block, problem.cap, start, new)
        late = time.monotonic() > deadline
        scope = n if late else scope
        looked = order[:scope]
        support = weights > 0
        q = weights[support]
        reached.point = work[support], q
        gradient = gram.times(looked, work[support], q, progress)
        inner = block[:, support] @ q
        square = float(q @ inner[support])
        if scope == n:
            found = _certified(problem, order, work[support], q, gradient)
            if reached.best is None or found.gap < reached.best.gap:
                reached.best = found
            if late or reached.best.gap <= tolerance or square <= 0:
                return reached.best
        beyond = gradient < (1 - tolerance) * price
        beyond[np.isin(looked, work)] = False
        violators = looked[beyond]
        said = f"RKHS margin at most {np.sqrt(min(least, square)):.6g}"
        progress.update(f"{said}: {len(work)} rows at work, {len(violators)} of {scope} beyond")
        if reached.best is not None and not len(violators):
            return reached.best
        if len(violators) <= len(work) // _FEW:
            scope = min(n, _WIDEN * scope)
        kept = support | (inner < (1 + _KEEP) * price) if square < least else np.ones(len(work), dtype=bool)
        least = min(least, square)
        worst = violators[np.argsort(gradient[beyond])[: max(_FIRST, int(_GROW * kept.sum()))]]
        block = _exchanged(gram, block, work, kept, worst)
        start, new = np.append(weights[kept], np.zeros(len(worst))), len(worst)
        work = np.append(work[kept], worst)


def _minimum(
    block: Float64[np.ndarray, "k k"], cap: float, start: Float64[np.ndarray, " k"], new: int
) -> tuple[Float64[np.ndarray, " k"], float]:
    """q on the rows at work, and the price.  Without a cap: min_{a >= 0} a'Ha/2 - 1'a, q = a / sum(a).

    start: the q before.  new: so many of the last rows were not at work then.
    """
    if cap < 1:
        with threads_for(len(block)):
            q = capped_minimum(block, np.zeros(len(block)), cap, start)
            return q, worst_level(block @ q, cap)
    free = start > 0
    free[len(block) - new :] = True
    a = solve_nnqp(block, np.ones(len(block)), free)
    q = a / a.sum()
    return q, float(q @ block @ q)


def _exchanged(
    gram: Gram,
    block: Float64[np.ndarray, "k k"],
    work: Int[np.ndarray, " k"],
    kept: Bool[np.ndarray, " k"],
    new: Int[np.ndarray, " m"],
) -> np.ndarray:
    """H on the kept and the new rows, of which only the new part is computed."""
    old = int(kept.sum())
    result = np.empty((old + len(new),) * 2)
    result[:old, :old] = block[kept].take(np.flatnonzero(kept), axis=1)
    if len(new):
        result[old:, :old] = gram.block(new, work[kept])
        result[:old, old:] = result[old:, :old].T
        result[old:, old:] = gram.block(new, new)
    return result


def evaluate(problem: MarginProblem, work: Int[np.ndarray, " k"], a: Float64[np.ndarray, " k"]) -> RkhsMargin:
    """The certified interval of q = a / sum(a) on the rows `work`, with the true H in float64."""
    rows, q = np.arange(problem.n), a / a.sum()
    return _certified(problem, rows, work, q, problem.gram.times(rows, work, q))


def _certified(
    problem: MarginProblem, rows: np.ndarray, support: np.ndarray, weights: np.ndarray, product: np.ndarray
) -> RkhsMargin:
    """The interval from weights on the support and from H times them on all rows."""
    q, gradient = np.zeros(problem.n), np.empty(problem.n)
    q[support], gradient[rows] = weights, product
    square = float(q @ gradient)
    gap = 1 - cvar(gradient, problem.cap) / square if square > 0 else 1.0
    margin, vanishes = root_interval(q, gradient, problem.gram.lengths, problem.gram.rounding, problem.cap)
    return RkhsMargin(q, margin, gradient, gap, vanishes)
