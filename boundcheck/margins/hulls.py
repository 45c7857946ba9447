"""Exactly: is 0 a convex combination of given rational vectors?"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np


def positive_combination(vectors: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """Weights w >= 0, not all zero, with sum_k w_k vectors_k = 0 exactly; None if there are none.

    There are none if and only if some direction h has h.vectors_k > 0 for all k (Gordan's theorem). A floating linear
    programme proposes h and rational arithmetic checks it; what that leaves open is decided by the exact simplex
    method, which finds the weights.  vectors: at least one, all of one length, none of them zero.
    """
    from scipy.optimize import linprog

    scaled = [[value / max(map(abs, vector)) for value in vector] for vector in vectors]
    V = np.array([[float(value) for value in vector] for vector in scaled])
    k, d = V.shape
    # max t subject to V h >= t, |h| <= 1: an h with positive t separates.
    found = linprog(
        np.append(np.zeros(d), -1.0),
        A_ub=np.hstack([-V, np.ones((k, 1))]),
        b_ub=np.zeros(k),
        bounds=[(-1, 1)] * d + [(None, 1)],
    )
    if found.status == 0 and found.x is not None:
        direction = [Fraction(value) for value in found.x[:d].tolist()]
        if all(sum(map(Fraction.__mul__, direction, vector)) > 0 for vector in scaled):
            return None
    weights = _phase_one([list(column) for column in zip(*scaled, strict=True)])
    if weights is None:
        return None
    return [weight / max(map(abs, vector)) for weight, vector in zip(weights, vectors, strict=True)]


def _phase_one(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """A basic solution of A w = 0, sum w = 1, w >= 0 by the simplex method with Bland's rule, or None."""
    k = len(rows[0])
    table = [[*row, Fraction(0)] for row in rows] + [[Fraction(1)] * (k + 1)]
    # One artificial variable a row (never re-entering, so its column is not stored); minimise their sum.
    basis = [-1] * len(table)
    cost = [-sum((row[j] for row in table), Fraction(0)) for j in range(k + 1)]
    while cost[k] < 0:
        entering = next((j for j in range(k) if cost[j] < 0), None)
        if entering is None:
            return None
        ratios = [(row[k] / row[entering], basis[i], i) for i, row in enumerate(table) if row[entering] > 0]
        pivot = min(ratios)[2]
        _eliminate(table, cost, pivot, entering)
        basis[pivot] = entering
    weights = [Fraction(0)] * k
    for i, j in enumerate(basis):
        if j >= 0:
            weights[j] = table[i][k]
    return weights


def _eliminate(table: list[list[Fraction]], cost: list[Fraction], pivot: int, entering: int) -> None:
    head = table[pivot][entering]
    table[pivot] = [value / head for value in table[pivot]]
    for row in [*(r for i, r in enumerate(table) if i != pivot), cost]:
        factor = row[entering]
        if factor:
            row[:] = [a - factor * b for a, b in zip(row, table[pivot], strict=True)]
