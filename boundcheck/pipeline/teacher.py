"""The kernel teacher that `verify` trains on, found once and kept: a resumed search has the very same soft labels."""

from typing import Any

import numpy as np

from boundcheck import margins, numerics
from boundcheck.datasets import Dataset
from boundcheck.experiments.cells import KeptCells
from boundcheck.pipeline.margin import eps_margin, settled_margin
from boundcheck.records import Interval
from boundcheck.records.margin import Teacher
from boundcheck.search import Context

CONFIDENCE = 0.99
TOLERANCE = 0.1  # relative width of gamma's interval; widths go like gamma^-2 or gamma^-4


def find_teacher(data: Dataset, draws: int | None, context: Context) -> Teacher | None:
    """The sup-norm teacher with its certified margin; None where the margin is exactly zero.

    draws: for the margin; None: as many as the size of the data asks for.
    """
    kept_cells = KeptCells(context.store, "teacher", version=1)
    identity = _identity(data, draws, context.seed)
    if (kept := kept_cells.load(identity)) is None:
        report = settled_margin(
            data,
            norm="sup",
            confidence=CONFIDENCE,
            tolerance=TOLERANCE,
            draws=draws,
            seed=context.seed,
            progress=context.progress,
        )
        if report.conflicts:
            return None
        assert report.teacher is not None
        kept = report.teacher.to_json()
        kept_cells.keep(identity, kept)
    return _restored(kept)


def find_eps_margin(teacher: Teacher, data: Dataset, eps: float, draws: int | None, context: Context) -> float:
    """A lower bound of the eps-margin, as tight and as sure as the teacher's margin."""
    kept_cells = KeptCells(context.store, "eps margin", version=1)
    identity = [*_identity(data, draws, context.seed), eps]
    if (kept := kept_cells.load(identity)) is None:
        kept = eps_margin(
            data, eps, teacher.margin,
            confidence=CONFIDENCE, tolerance=TOLERANCE, draws=draws, seed=context.seed, progress=context.progress,
        )  # fmt: skip
        kept_cells.keep(identity, kept)
    return float(kept)


def _identity(data: Dataset, draws: int | None, seed: int) -> list[Any]:
    return [data.digest, TOLERANCE, draws, seed, numerics.version("margins", margins.NUMERICS), np.__version__]


def _restored(kept: dict[str, Any]) -> Teacher:
    arrays = {name: np.array(kept[name], dtype=np.float64) for name in ("q", "z", "p", "z_error")}
    return Teacher(**(kept | arrays | {"margin": Interval(**kept["margin"])}))
