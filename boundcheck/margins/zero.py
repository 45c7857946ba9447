"""The exact test for margin zero (theory: Zero margin), on the rows as they were before normalisation.

Group the rows by the line through the origin that they span. The margin is zero if and only if

(i)  some ray carries both labels, or
(ii) 0 is in the convex hull of { y_i x_i : the ray of -x_i is present with the opposite label }
     (phi_x - phi_{-x} = x is linear in x, so antipodal pairs can cancel each other).
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import numpy as np
from jaxtyping import Int64, Shaped

from boundcheck.margins.hulls import positive_combination

_EXACT_INTEGERS = 2.0**53
# Two unit rows on one line differ by a few ulp; every pair this close is compared exactly.
_CANDIDATE = 1e-12


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
    vectors = [[int(y[rows[0]]) * entry for entry in _fractions(raw[rows[0]])] for rows in pairs]
    weights = positive_combination(vectors)
    return [int(i) for rows, weight in zip(pairs, weights or (), strict=False) if weight > 0 for i in rows]


def _fractions(row: np.ndarray) -> list[Fraction]:
    return [Fraction(value) for value in row.tolist()]


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
            line[i] = primitives.setdefault(_primitive(raw[i], int(side[i])), i)
    return _number(line.tolist())


def _primitive(row: np.ndarray, side: int) -> tuple[int, ...]:
    """The integer vector without common divisor on the line of a floating row, exactly."""
    ratios = [value.as_integer_ratio() for value in row.tolist()]
    denominator = max(q for _, q in ratios)  # all are powers of two
    whole = [side * p * (denominator // q) for p, q in ratios]
    divisor = gcd(*whole)
    return tuple(value // divisor for value in whole)
