"""Training, validation and test rows, both classes in proportion."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from boundcheck.datasets import Dataset
from boundcheck.errors import InputError


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers.  trial, valid: where ways to train are tried and judged.  train, test: of the networks that count.

    Test rows are in no other part, trial and valid share no row.
    """

    trial: Int[np.ndarray, " k"]
    valid: Int[np.ndarray, " b"]
    train: Int[np.ndarray, " a"]
    test: Int[np.ndarray, " c"]


def parts(data: Dataset, train_share: float, seed: int, trial_rows: int) -> Split:
    """As `stratified`; where `data` has held-out rows these, numbered after its own, are the test rows.

    Of more training rows than `trial_rows` so many are the trial rows; with held-out rows the others are then
    validation rows, and all rows of the data train the networks that are tested.
    """
    n, split = len(data.y), stratified(data.y, train_share, seed)
    if data.held_out is not None:
        split = replace(
            split, valid=np.sort(np.append(split.valid, split.test)), test=n + np.arange(len(data.held_out.y))
        )
    if len(split.train) <= trial_rows:
        return split
    trial = split.train[stratified(data.y[split.train], trial_rows / len(split.train), seed).train]
    if data.held_out is None:
        return replace(split, trial=trial)
    return replace(split, trial=trial, valid=np.setdiff1d(np.arange(n), trial), train=np.arange(n))


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
    train, valid, test = (np.sort(np.concatenate(part)) for part in parts)
    return Split(train, valid, train, test)
