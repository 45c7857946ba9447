"""The kernel teacher that `verify` trains on, found once and kept: a resumed search has the very same soft labels."""

import warnings
from typing import Any

import numpy as np

from boundcheck import margins, numerics
from boundcheck.datasets import Dataset
from boundcheck.errors import BoundcheckWarning
from boundcheck.experiments.cells import Ledger
from boundcheck.margins import Teacher
from boundcheck.pipeline.margin import settled_margin
from boundcheck.progress import Progress
from boundcheck.records import Interval
from boundcheck.search import Store

TOLERANCE = 0.1  # relative width of gamma's interval; widths go like gamma^-2 or gamma^-4
_UNHURRIED = 0.5  # a margin found within this share of its time was ended by its tolerance, not by the clock


def find_teacher(
    data: Dataset, *, time_limit: float, seed: int, store: Store | None, progress: Progress
) -> Teacher | None:
    """The sup-norm teacher with its certified margin; None where the margin is exactly zero.

    Where the clock ends the sampling, the labels depend on the speed of the machine, and so would the identity of
    every run trained on them: the teacher is kept in `store` and taken from there.
    time_limit: seconds; a first certificate is finished in any case.
    """
    ledger = Ledger(store, "teacher", version=1)
    identity = [data.digest, TOLERANCE, time_limit, seed, numerics.version("margins", margins.NUMERICS), np.__version__]
    if (kept := ledger.load(identity)) is None:
        report = settled_margin(
            data, norm="sup", tolerance=TOLERANCE, time_limit=time_limit, seed=seed, progress=progress
        )
        if report.conflicts:
            return None
        assert report.teacher is not None
        hurried = not report.gamma_sup.exact and report.seconds > _UNHURRIED * time_limit
        kept = report.teacher.to_json() | {"hurried": hurried}
        ledger.keep(identity, kept)
    if kept.pop("hurried"):
        warnings.warn(
            f"{data.name}: the clock ended the sampling of the margin (--margin-time {time_limit:g}), so the teacher's "
            "labels depend on this machine's speed; they are kept in the run store, and a repeated command uses them",
            BoundcheckWarning,
            stacklevel=3,
        )
    return _restored(kept)


def _restored(kept: dict[str, Any]) -> Teacher:
    arrays = {name: np.array(kept[name], dtype=np.float64) for name in ("q", "z", "p", "z_error")}
    return Teacher(**(kept | arrays | {"margin": Interval(**kept["margin"])}))
