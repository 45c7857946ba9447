"""The margin in the RKHS norm: gamma = min over the simplex of sqrt(q'Hq), H = yy' o K (theory: Kernel and margin).

A working set of rows grows by those that violate the optimality conditions, so that H is only needed block by
block: with `LazyGram` its n x n entries are never held, only those between the rows at work.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int

from boundcheck.margins.gram import DenseGram, Gram
from boundcheck.margins.nnqp import solve_nnqp
from boundcheck.margins.outward import root_interval
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval

_AT_ONCE = 600  # so few rows are solved without a working set
_FIRST = 300
_SCOPE, _WIDEN = 10_000, 3  # rows looked through at first, and how many times more once few of them violate
_FEW = 10  # violators are few when there are this many times as many rows at work
_KEEP = 0.02
_GROW = 0.5  # rows added, as a share of those kept


@dataclass(frozen=True, eq=False)
class RkhsMargin:
    """q: (n,) in the simplex; gradient: (n,) Hq; margin: certified by q, rounded outward.

    gap: 1 - min(Hq) / q'Hq as float64 has it.  vanishes: whether rounding hides whether q'Hq is positive.
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
    H: Float64[np.ndarray, "n n"] | Gram,
    *,
    tolerance: float = 1e-10,
    time_limit: float = float("inf"),
    progress: Progress = SILENT,
) -> RkhsMargin:
    """Minimise q'Hq over the simplex for the positive semidefinite H = yy' o K.

    Homogeneous form: min_{a >= 0} a'Ha/2 - 1'a, q = a / sum(a).  A working set grows by the rows that violate
    (Ha)_i >= 1, first among some rows, then among all, until none does.  Any q certifies (theory: Kernel and margin):
        min_i (Hq)_i / sqrt(q'Hq)  <=  gamma  <=  sqrt(q'Hq).
    tolerance: relative gap at which to stop.  time_limit: seconds after which no round is begun; the interval then
    says how far it got, as it does after Ctrl-C (`interrupted`).
    """
    gram = DenseGram(H) if isinstance(H, np.ndarray) else H
    reached = _Reached((np.arange(gram.size), np.full(gram.size, 1 / gram.size)))
    try:
        return _solve(gram, tolerance, time.monotonic() + time_limit, progress, reached)
    except KeyboardInterrupt:
        found = evaluate(gram, *reached.point)
        if reached.best is not None and reached.best.gap < found.gap:
            found = reached.best
        return replace(found, interrupted=True)


def _solve(gram: Gram, tolerance: float, deadline: float, progress: Progress, reached: _Reached) -> RkhsMargin:
    """Rounds of the working set.

    It ends: a round without violators ends it or widens the scope, which only ever rises; any other round adds rows,
    and drops some only if q'Hq fell below all it was before, so that no working set comes twice.
    """
    n = gram.size
    order = np.random.default_rng(0).permutation(n)
    scope = min(n, _SCOPE)
    work = order[: n if n <= _AT_ONCE else _FIRST]
    block = gram.block(work, work)
    free: np.ndarray | None = None
    least = np.inf
    while True:
        a = solve_nnqp(block, np.ones(len(work)), free)
        late = time.monotonic() > deadline
        scope = n if late else scope
        looked = order[:scope]
        support = a > 0
        q = a[support] / a.sum()
        reached.point = work[support], q
        gradient = gram.times(looked, work[support], q, progress)
        inner = block[:, support] @ q
        square = float(q @ inner[support])
        if scope == n:
            found = _certified(gram, order, work[support], q, gradient)
            if reached.best is None or found.gap < reached.best.gap:
                reached.best = found
            if late or reached.best.gap <= tolerance or square <= 0:
                return reached.best
        beyond = gradient < (1 - tolerance) * square
        beyond[np.isin(looked, work)] = False
        violators = looked[beyond]
        said = f"RKHS margin at most {np.sqrt(min(least, square)):.6g}"
        progress.update(f"{said}: {len(work)} rows at work, {len(violators)} of {scope} beyond")
        if reached.best is not None and not len(violators):
            return reached.best
        if len(violators) <= len(work) // _FEW:
            scope = min(n, _WIDEN * scope)
        kept = support | (inner < (1 + _KEEP) * square) if square < least else np.ones(len(work), dtype=bool)
        least = min(least, square)
        worst = violators[np.argsort(gradient[beyond])[: max(_FIRST, int(_GROW * kept.sum()))]]
        block = _exchanged(gram, block, work, kept, worst)
        free = np.append(support[kept], np.ones(len(worst), dtype=bool))
        work = np.append(work[kept], worst)


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


def evaluate(
    H: Float64[np.ndarray, "n n"] | Gram, work: Int[np.ndarray, " k"], a: Float64[np.ndarray, " k"]
) -> RkhsMargin:
    """The certified interval of q = a / sum(a) on the rows `work`, with the true H in float64."""
    gram = DenseGram(H) if isinstance(H, np.ndarray) else H
    rows, q = np.arange(gram.size), a / a.sum()
    return _certified(gram, rows, work, q, gram.times(rows, work, q))


def _certified(
    gram: Gram, rows: np.ndarray, support: np.ndarray, weights: np.ndarray, product: np.ndarray
) -> RkhsMargin:
    """The interval from weights on the support and from H times them on all rows."""
    q, gradient = np.zeros(gram.size), np.empty(gram.size)
    q[support], gradient[rows] = weights, product
    square = float(q @ gradient)
    gap = 1 - float(gradient.min()) / square if square > 0 else 1.0
    margin, vanishes = root_interval(q, gradient, gram.lengths, gram.rounding)
    return RkhsMargin(q, margin, gradient, gap, vanishes)
