"""The exact test for margin zero (theory: Zero margin), on the rows as they were before normalisation.

Group the rows by the line through the origin that they span. The margin is zero if and only if

(i)  some ray carries both labels, or
(ii) 0 is in the convex hull of { y_i x_i : the ray of -x_i is present with the opposite label }
     (phi_x - phi_{-x} = x is linear in x, so antipodal pairs can cancel each other).
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import gcd
from operator import mul
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Shaped

REMEDY = (
    "--prepare bias appends a constant column, which leaves no two different rows on one line; "
    "equal rows with opposite labels must be relabelled or removed"
)
"""What makes a margin of 0 positive: (x, b) and (x', b) span one line only if x = x'."""
_EXACT_INTEGERS = 2.0**53
# Two unit rows on one line differ by a few ulp; every pair this close is compared exactly.
_CANDIDATE = 1e-12
_NEARLY = 1e-9  # no margin can be told from 0 for two opposite labels nearer than about 1e-13
_FINE = 2.0**53  # a proposed direction in integers
_PATIENCE = 20  # pivots a row that gain nothing before Bland's rule, slow but finite, takes over from the largest gain
_PRIME = (1 << 62) - 57


@dataclass(frozen=True)
class Rays:
    """Rows grouped by the ray they span.

    line: (n,) index of each row's line; side: (n,) +1 or -1, which of the line's two rays.
    conflicts: sorted indices of rows that force the margin to be zero; empty if and only if it is positive.
    binding: indices of the rows that matter: the shortest of each ray and label (the others are implied).
    """

    line: Int64[np.ndarray, " n"]
    side: Int64[np.ndarray, " n"]
    conflicts: tuple[int, ...]
    binding: Int64[np.ndarray, " b"]


def find_rays(raw: Shaped[np.ndarray, "n d"], y: Shaped[np.ndarray, " n"]) -> Rays:
    """Group rows by ray and decide, in exact arithmetic, whether the margin is zero.

    raw: integer or floating rows, none of them zero; floats are taken at their exact value.
    """
    line, side = _lines(raw)
    conflicts = _both_labels(line, side, y) or _cancelling(raw, line, side, y)
    # Rescaling a row does not move its ray: among equal rays and labels only the shortest row binds.
    lengths = np.linalg.norm(raw.astype(np.float64), axis=1)
    order = np.lexsort((np.arange(len(y)), lengths))
    keys = np.stack([line, side, y.astype(np.int64)], axis=1)[order]
    _, first = np.unique(keys, axis=0, return_index=True)
    return Rays(line, side, tuple(sorted(conflicts)), np.sort(order[first]))


def collinear_pairs(
    X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"], q: Float64[np.ndarray, " n"]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs of rows with weight and opposite labels on one line up to `_NEARLY`: of the same direction, and opposite.

    q: (n,) weights of the rows.
    """
    heavy = np.flatnonzero(q > _NEARLY * q.max())
    first, second = heavy[y[heavy] > 0], heavy[y[heavy] < 0]
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    pairs: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for found, sign in zip(pairs, (1, -1), strict=True):
        # The scalar product leaves angles of 1e-8; differences decide.
        for a, b in np.argwhere(sign * (units[first] @ units[second].T) > 1 - _NEARLY):
            i, j = int(first[a]), int(second[b])
            if np.linalg.norm(units[i] - sign * units[j]) < _NEARLY:
                found.append((min(i, j), max(i, j)))
        found.sort()
    return pairs


def nu_zero(lines: Int64[np.ndarray, " n"], X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"]) -> float:
    """The largest nu with gamma_nu = 0: n nu = max { sum w : 0 <= w <= 1, sum_i w_i y_i phi_i = 0 }.

    On a line with direction u the sum is u (A 1[z.u > 0] - B 1[z.u < 0]), A and B the sums of w_i y_i ||x_i|| on its
    two sides: it jumps by A + B, and jumps on distinct hyperplanes are independent.  So A + B = 0 on every line, which
    needs both labels there, and sum over lines of B u = 0: a linear programme on the rows of such lines.
    lines: the line of each row, from the exact test.  The programme is solved to 1e-9 of a row.
    """
    from scipy.optimize import linprog

    both = np.intersect1d(lines[y > 0], lines[y < 0])
    rows = np.flatnonzero(np.isin(lines, both))
    if not len(rows):
        return 0.0
    lengths = np.linalg.norm(X[rows], axis=1)
    first = {line: i for i, line in reversed(list(enumerate(lines[rows].tolist())))}
    heads = np.array([first[line] for line in lines[rows].tolist()])
    along = np.einsum("nd,nd->n", X[rows], X[rows][heads]) > 0
    jumps = (lines[rows] == both[:, None]) * (y[rows] * lengths)
    linear = (X[rows] * (y[rows] * ~along)[:, None]).T
    found = linprog(
        -np.ones(len(rows)), A_eq=np.concatenate([jumps, linear]), b_eq=np.zeros(len(both) + X.shape[1]), bounds=(0, 1)
    )
    share = -float(found.fun) / len(X)
    return round(share * len(X), 9) / len(X)


def _both_labels(line: np.ndarray, side: np.ndarray, y: np.ndarray) -> list[int]:
    """Case (i): all rows of every ray that carries both labels."""
    rays = 2 * line + (side > 0)
    mixed = np.intersect1d(rays[y > 0], rays[y < 0])
    return [int(i) for i in np.flatnonzero(np.isin(rays, mixed))]


def _cancelling(raw: np.ndarray, line: np.ndarray, side: np.ndarray, y: np.ndarray) -> list[int]:
    """Case (ii): the rows of a set of antipodal opposite-label pairs whose y_i x_i cancel."""
    oriented = line[side * y > 0], line[side * y < 0]  # y_i x_i along and against the line's direction
    pairs = []
    for lines, orientation in zip(oriented, (1, -1), strict=True):
        for one in np.unique(lines):
            rows = np.flatnonzero((line == one) & (side * y == orientation))
            if len(np.unique(side[rows])) == 2:
                pairs.append(rows)
    if not pairs:
        return []
    vectors = [primitive(raw[rows[0]], int(y[rows[0]])) for rows in pairs]
    return [int(i) for k in positive_combination(vectors) for i in pairs[k]]


def positive_combination(vectors: Sequence[Sequence[int]]) -> list[int]:
    """Which vectors have weight w > 0 in some combination sum_k w_k vectors_k = 0 with w >= 0; none: there is no such.

    There is none if and only if some h has h.vectors_k > 0 for all k (Gordan's theorem).  A floating linear programme
    proposes h, which integers check, and the vectors of a combination, from which the simplex method goes on in exact
    arithmetic: its first basis is mostly the last one.  vectors: integers, all of one length, none of them zero.
    """
    from flint import fmpz_mat
    from scipy.optimize import linprog

    # max t subject to V h >= t, |h| <= 1: an h with positive t separates; the multipliers are w.  The vectors and then
    # the coordinates are scaled, which changes neither question.
    V = np.array([[value / max(map(abs, vector)) for value in vector] for vector in vectors])
    exponents = np.frexp(np.abs(V).max(axis=0))[1]
    V = np.ldexp(V, -exponents)
    k, d = V.shape
    bounds = [(-1, 1)] * d + [(None, 1)]
    found = linprog([0.0] * d + [-1.0], np.hstack([-V, np.ones((k, 1))]), np.zeros(k), bounds=bounds, method="highs-ds")
    proposed: list[int] = []
    if found.status == 0:
        whole, shifts = np.round(found.x[:d] * _FINE), exponents.max() - exponents
        direction = [int(value) << int(shift) for value, shift in zip(whole, shifts, strict=True)]
        if all(sum(map(mul, direction, vector)) > 0 for vector in vectors):
            return []
        proposed = [int(j) for j in np.flatnonzero(found.ineqlin.marginals < 0)]
    rows = [list(row) for row in zip(*vectors, strict=True)] + [[1] * k]
    return _phase_one(fmpz_mat(rows), proposed)


def _phase_one(A: Any, proposed: list[int]) -> list[int]:
    """The support of a basic solution of A w = (0, ..., 0, 1), w >= 0, or nothing: the simplex method.

    A: (m, k) fmpz_mat.  Column k + i is the unit vector of row i; the sum of their weights is minimised from 1 to 0.
    proposed: columns of the first basis, those left out that depend on others or get a negative weight.
    """
    from flint import fmpq_mat, fmpz_mat

    m, k = A.nrows(), A.ncols()
    goal = fmpz_mat(m, 1, [0] * (m - 1) + [1])

    def columns(chosen: list[int]) -> Any:
        return fmpz_mat(m, len(chosen), [A[i, j] if j < k else int(j == k + i) for i in range(m) for j in chosen])

    while True:
        basis = _independent(columns(proposed + list(range(k, k + m))), proposed + list(range(k, k + m)))
        weights = columns(basis).solve(goal).entries()
        proposed = [j for j in basis if j < k]
        negative = {j for j, weight in zip(basis, weights, strict=True) if weight < 0}
        if not negative:
            break
        proposed = [j for j in proposed if j not in negative] if negative & set(proposed) else []
    idle = 0
    while any(weight > 0 for j, weight in zip(basis, weights, strict=True) if j >= k):
        matrix = columns(basis)
        prices = matrix.transpose().solve(fmpz_mat(m, 1, [int(j >= k) for j in basis]))
        gains = (prices.transpose() * fmpq_mat(A)).entries()
        rising = [j for j, gain in enumerate(gains) if gain > 0]
        if not rising:
            return []
        entering = rising[0] if idle > _PATIENCE * m else max(rising, key=gains.__getitem__)
        step = matrix.solve(columns([entering])).entries()
        ratios = [(weights[i] / step[i], basis[i], i) for i in range(m) if step[i] > 0]
        least, _, place = min(ratios)
        idle = 0 if least > 0 else idle + 1
        basis[place] = entering
        weights = columns(basis).solve(goal).entries()
    return sorted(j for j, weight in zip(basis, weights, strict=True) if weight > 0)


def _independent(matrix: Any, names: list[int]) -> list[int]:
    """The names of the first columns that are a basis modulo a prime, and so over the rationals; the matrix has one."""
    from flint import nmod_mat

    reduced, rank = nmod_mat(matrix, _PRIME).rref()
    heads = [next(j for j in range(reduced.ncols()) if int(reduced[i, j])) for i in range(rank)]
    return [names[j] for j in heads]


def _lines(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The line and the side of every row; the first nonzero entry of the positive side is positive."""
    nonzero = raw != 0
    side = np.where(raw[np.arange(len(raw)), nonzero.argmax(axis=1)] > 0, 1, -1).astype(np.int64)
    integral = raw.dtype.kind in "iub" or (
        bool(np.all(raw == np.round(raw))) and float(np.abs(raw).max()) <= _EXACT_INTEGERS
    )
    return (_integer_lines(raw, side) if integral else _float_lines(raw, side)), side


def _number(keys: Iterable[Hashable]) -> np.ndarray:
    """Equal keys get equal indices, in order of first appearance."""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def _integer_lines(raw: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Integer rows are on one line if and only if their primitive vectors agree up to sign."""

    def primitive(start: int) -> Iterable[bytes]:
        rows = raw[start : start + 4096].astype(np.int64) * side[start : start + 4096, None]
        return (row.tobytes() for row in rows // np.gcd.reduce(rows, axis=1)[:, None])

    return _number(key for start in range(0, len(raw), 4096) for key in primitive(start))


def _float_lines(raw: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Rows whose unit vectors agree in two random projections are compared exactly with each other."""
    scale = np.abs(raw).max(axis=1).astype(np.float64)
    unit = raw / scale[:, None] * side[:, None]
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    directions = np.random.default_rng(0).standard_normal((raw.shape[1], 2))
    shadow = unit @ (directions / np.linalg.norm(directions, axis=0))
    order = np.argsort(shadow[:, 0], kind="stable")
    bucket = np.concatenate([[0], np.cumsum(np.diff(shadow[order, 0]) > _CANDIDATE)])
    line = np.arange(len(raw))
    primitives: dict[tuple[int, ...], int] = {}
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    for start, stop in zip(starts, np.append(starts[1:], len(raw)), strict=True):
        if stop - start == 1:
            continue
        members = order[start:stop]
        members = members[np.argsort(shadow[members, 1], kind="stable")]
        close = np.diff(shadow[members, 1]) <= _CANDIDATE
        for i in members[np.append(close, False) | np.append(False, close)]:
            line[i] = primitives.setdefault(primitive(raw[i], int(side[i])), i)
    return _number(line.tolist())


def primitive(row: np.ndarray, side: int) -> tuple[int, ...]:
    """The integer vector without common divisor on the line of a floating row, exactly."""
    ratios = [value.as_integer_ratio() for value in row.tolist()]
    denominator = max(q for _, q in ratios)  # all are powers of two
    whole = [side * p * (denominator // q) for p, q in ratios]
    divisor = gcd(*whole)
    return tuple(value // divisor for value in whole)
