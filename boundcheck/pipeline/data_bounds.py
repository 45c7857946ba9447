"""Widths that suffice for one data set, from the moments of a field on it instead of the worst case over all data."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64

from boundcheck.bounds.data_dependent import perceptron_slack, soft_slack
from boundcheck.datasets import Data, as_dataset
from boundcheck.errors import InputError
from boundcheck.margins.moments import moments
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Labels, Record
from boundcheck.records.moments import FieldMoments

PILOT_DRAWS, DRAWS = 1 << 15, 1 << 18  # twice as many draws lower widths by 1 to 3 % on digits and breast_cancer
_PILOTS, _CHECKS = 3, 6
_STEP = 1.03  # a width that fails its check by so little is raised by this factor
_WIDEST = 1 << 40


@dataclass(frozen=True)
class DataWidth(Record):
    """A width that suffices for this data set with probability 1 - failure over W(0).

    Certain up to the draws: its moments were bounded with probability `confidence`.  The floor of infinitely many
    infinitely small steps.  radius: B.
    """

    labels: Labels
    eps: float
    width: int
    radius: float
    failure: float
    confidence: float
    draws: int


def data_width(
    dataset: Data,
    labels: Labels,
    *,
    q: Float64[np.ndarray, " n"],
    logits: Float64[np.ndarray, " n"],
    eps: float = 0.05,
    failure: float = 0.15,
    radius: float = 1.0,
    confidence: float = 0.99,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress = SILENT,
) -> DataWidth:
    """Find a width that suffices for `dataset`: KL loss on sigmoid(B logits), or the perceptron loss on hard labels.

    q, logits: (n,) weights and logits of a field, such as `margin(dataset).teacher`'s q and z.  radius: B.
    failure: over W(0).  confidence: of the moments; every width that is checked gets its share of the risk.
    Raises InputError for numbers out of range, and where no width suffices by this field.
    """
    dataset = as_dataset(dataset)
    for name, value in (("eps", eps), ("failure", failure), ("confidence", confidence)):
        if not 0 < value < 1:
            raise InputError(f"{name} {value:g}: must lie strictly between 0 and 1")
    if not radius > 0 or (labels == "soft" and radius * float(np.abs(logits).max()) > 0.5 * (1 + 1e-9)):
        raise InputError(f"radius {radius:g}: must be positive, and soft labels of logits up to 1/2 over it")
    slack = partial(soft_slack if labels == "soft" else perceptron_slack, failure=failure)
    y = dataset.y.astype(np.float64)
    at: dict[str, Any] = {"eps": eps, "radius": radius}
    width = 2000
    for k in range(_PILOTS):
        progress.update(f"moments at width {width:,}", k / (_PILOTS + 1), 1.0)
        few = PILOT_DRAWS if k < _PILOTS - 1 else draws  # the last pilot is as sharp as the checks
        found = moments(dataset.X, y, q, logits, width=width, draws=few, seed=_seed(seed, k), **at)
        width = _smallest(found, slack)
    risk = (1 - confidence) / _CHECKS
    for k in range(_CHECKS):
        progress.update(f"moments at width {width:,}", _PILOTS / (_PILOTS + 1), 1.0)
        found = moments(
            dataset.X, y, q, logits, width=width, draws=draws, confidence=1 - risk, seed=_seed(seed, _PILOTS + k), **at
        )
        if slack(found) >= 0:
            return DataWidth(labels, eps, width, radius, failure, confidence, found.draws)
        width = max(_smallest(found, slack), _even(_STEP * width))
    raise InputError(f"{dataset.name}: no width was shown to suffice; take more draws than {draws}")


def _smallest(found: FieldMoments, slack: Any) -> int:
    """About the smallest width that would suffice if the moments stayed what they are."""
    high = 2
    while slack(replace(found, width=high)) < 0:
        high *= 2
        if high > _WIDEST:
            raise InputError("no width suffices by this field: its margin over the worst rows is not positive")
    low = high // 2
    while high - low > max(2, high // 500):
        middle = _even((low + high) / 2)
        low, high = (low, middle) if slack(replace(found, width=middle)) >= 0 else (middle, high)
    return _even(high)


def _even(width: float) -> int:
    return 2 * int(np.ceil(width / 2))


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])
