"""What `verify` starts from: data, its certified margin, its teacher's soft labels, and every bound at that margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from boundcheck import bounds
from boundcheck.bounds.bound import point
from boundcheck.bounds.data_dependent import DATA_BOUNDS
from boundcheck.bounds.side_by_side import row_at
from boundcheck.datasets import Dataset
from boundcheck.datasets.dataset import checked_probabilities
from boundcheck.labels.files import labels_for
from boundcheck.labels.teachers import MadeLabels, warn_beyond_hypothesis
from boundcheck.pipeline.data_bounds import data_rows
from boundcheck.pipeline.teacher import find_eps_margin, find_teacher
from boundcheck.records import BoundRow, Interval
from boundcheck.records.margin import Teacher
from boundcheck.search import Context
from boundcheck.softlabels.encoding import warn_if_contradicted
from boundcheck.softlabels.probabilities import log_odds


@dataclass(frozen=True, eq=False)
class Problem:
    """A data set with a positive certified margin.

    p, logits: (n,) soft labels to train on.  foreign: they are not the kernel teacher's, so that no theorem on soft
    labels speaks of them.  radius: B that these soft labels need (theory: Logit scale), 1 where it is not known.
    """

    data: Dataset
    gamma: Interval
    teacher: Teacher
    p: Float[np.ndarray, " n"]
    logits: Float[np.ndarray, " n"]
    eps: float
    delta: float
    foreign: bool
    radius: float = 1.0
    radius_known: bool = True

    def bound(self, name: str, **more: float | int | None) -> BoundRow:
        """Evaluate a bound at the LOWER end of the margin's interval: widths fall as gamma grows."""
        c = float(np.linalg.norm(self.data.X, axis=1).min())
        n = len(self.data.y)
        return bounds.evaluate(name, gamma=self.gamma.lower, eps=self.eps, n=n, delta=self.delta, c=c, **more)

    def rows(self, draws: int | None, context: Context) -> list[BoundRow]:
        """Every bound on the error: those that allow it at the eps-margin, and those from the data's moments."""
        sharper = find_eps_margin(self.teacher, self.data, self.eps, draws, context)
        at = partial(point, n=len(self.data.y), delta=self.delta, c=float(np.linalg.norm(self.data.X, axis=1).min()))
        known = [one for one in bounds.registry.values() if one.criterion == "error" and one.family != "lower"]
        every = list(DATA_BOUNDS.values())
        return [
            *(row_at(bound, at, self.gamma.lower, self.eps, sharper) for bound in known),
            *data_rows(
                self.data,
                every,
                [self.eps],
                self.gamma.lower,
                delta=self.delta,
                seed=context.seed,
                progress=context.progress,
            ),
        ]


def make_problem(
    data: Dataset, context: Context, *, eps: float, delta: float, labels: Any, draws: int | None
) -> Problem | None:
    """Certify the margin and find the soft labels; None where the margin is exactly zero.

    Soft labels come from `labels` if given, else from the data set itself, else from the kernel teacher, which is
    kept in the store.  draws: for the margin; None: as many as the size of the data asks for.
    """
    teacher = find_teacher(data, draws, context)
    if teacher is None:
        return None
    given = given_labels(data, labels)
    p, logits, radius = (teacher.p, teacher.z, 1.0) if given is None else (given.p, given.logits, given.radius)
    warn_beyond_hypothesis(logits, radius)
    foreign = given is not None
    known = not math.isnan(radius)
    return Problem(data, teacher.margin, teacher, p, logits, eps, delta, foreign, radius if known else 1.0, known)


def given_labels(data: Dataset, labels: Any, columns: Sequence[str] = ()) -> MadeLabels | None:
    """Soft labels for the rows of `data`: those of a file or an array p (n,), else its own; None where it has none.

    Warns where they contradict the labels of `data`.  Raises InputError where they do not fit its rows.
    """
    if labels is not None and not isinstance(labels, str | Path):
        p = checked_probabilities("labels", np.asarray(labels), len(data.y))
        warn_if_contradicted("labels", np.stack([1 - p, p], axis=1), (data.y > 0).astype(int))
        return MadeLabels(log_odds(p), "an array of probabilities")
    if labels is not None:
        _, logits, file = labels_for(labels, data, columns)
        return MadeLabels(logits, file.source or f"file {Path(labels).name}", file.radius)
    return None if data.p is None else MadeLabels(log_odds(data.p), f"{data.name}'s own")
