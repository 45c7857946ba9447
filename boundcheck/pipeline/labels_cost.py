"""`labels cost`: how many neurons it takes to follow given soft labels, by temperature."""

import math
from collections.abc import Sequence
from typing import Any

from boundcheck.datasets import Data, as_dataset
from boundcheck.errors import InputError
from boundcheck.labels import cost
from boundcheck.pipeline.problem import given_labels
from boundcheck.progress import SILENT, Progress
from boundcheck.records.label_cost import LabelsCost

__all__ = ["labels_cost"]


def labels_cost(
    labels: Any,
    dataset: Data,
    *,
    share: float = 0.5,
    temperatures: Sequence[float] = cost.TEMPERATURES,
    delta: float = 0.05,
    columns: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = SILENT,
) -> LabelsCost:
    """Radius and width at which a student of gradient descent is proved to keep up with soft labels.

    labels: a file of soft labels for the rows of `dataset`, or an array (n,) of P(y = +1) in (0, 1); None: the data
    set's own.  dataset: as for `as_dataset`.  share: of the KL divergence of f = 0, in (0, 1), that may be left.
    temperatures: each divides the logits.  delta: in (0, 1/3); the widths fail with probability at most 3 delta.
    Raises InputError for numbers out of range, labels that do not fit, and more than 10,000 rows.
    """
    if not 0 < share < 1:
        raise InputError(f"--share {share:g} is outside (0, 1); 0.5 asks for half of the information")
    if not 0 < delta < 1 / 3:
        raise InputError(f"--delta {delta:g} is outside (0, 1/3)")
    if not temperatures or not all(t > 0 and math.isfinite(t) for t in temperatures):
        raise InputError("--temperatures: give positive numbers, like 1,4,16")
    dataset = as_dataset(dataset)
    given = given_labels(dataset, labels, columns)
    if given is None:
        raise InputError(f"{dataset.name} has no soft labels of its own; give some")
    return cost.labels_cost(
        dataset,
        given.logits,
        given.source,
        share=share,
        temperatures=sorted(set(temperatures)),
        failure=3 * delta,
        seed=seed,
        progress=progress,
    )
