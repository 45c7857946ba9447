"""Training, validation and test rows, both classes in proportion."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from boundcheck.datasets import Dataset
from boundcheck.errors import InputError


@dataclass(frozen=True, eq=False)
class Split:
    """Disjoint row numbers that together are all rows."""

    train: Int[np.ndarray, " a"]
    valid: Int[np.ndarray, " b"]
    test: Int[np.ndarray, " c"]


def parts(data: Dataset, train_share: float, seed: int) -> Split:
    """As `stratified`; where `data` has held-out rows these, numbered after its own, are the test rows."""
    split = stratified(data.y, train_share, seed)
    if data.held_out is None:
        return split
    n = len(data.y)
    return Split(split.train, np.sort(np.append(split.valid, split.test)), np.arange(n, n + len(data.held_out.y)))


def stratified(y: Int[np.ndarray, " n"], train_share: float, seed: int) -> Split:
    """`train_share` of each class for training, the rest of it halved for validation and test.

    Raises InputError where a class is too small for one row in each part.
    """
    rng = np.random.default_rng([seed, 5])
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for sign in (-1, 1):
        rows = rng.permutation(np.flatnonzero(y == sign))
        a = round(train_share * len(rows))
        b = a + (len(rows) - a + 1) // 2
        if not 0 < a < b < len(rows):
            raise InputError(f"data: {len(rows)} rows of one class cannot be split in three parts; use more rows")
        for part, some in zip(parts, np.split(rows, [a, b]), strict=True):
            part.append(some)
    return Split(*(np.sort(np.concatenate(part)) for part in parts))
