"""`reproduce`: the paper's experiments, with the margins of Table 1's data sets."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from boundcheck.datasets import Data, Dataset, as_dataset, from_arrays
from boundcheck.errors import InputError, MissingExtraError
from boundcheck.experiments.cells import KeptCells
from boundcheck.experiments.distill import Study
from boundcheck.experiments.equal_footing import equal_footing
from boundcheck.experiments.table1_result import ALL, REDUCED, assemble
from boundcheck.pipeline.crowd_student import crowd_student as crowd
from boundcheck.pipeline.logit_scales import logit_scales as temperature
from boundcheck.pipeline.margin import settled_margin
from boundcheck.pipeline.scaling import scaling
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval
from boundcheck.records.reproduce import DistillSettings, MarginDraw, Table1
from boundcheck.search import Executor, LocalExecutor, Store

if TYPE_CHECKING:
    from boundcheck.records.reproduce import Figure1

__all__ = ["crowd", "figure1", "scaling", "table1", "temperature"]

HARDER = ("1", "4", "7", "9")
POSITIVE = ("5", "6", "7", "8", "9")
MARGIN_ROWS = 100
MARGIN_DRAWS = 10


def table1(
    data: Data = "sklearn:digits",
    *,
    widths: tuple[int, ...] = DistillSettings.widths,
    runs: int = DistillSettings.runs,
    steps: int = DistillSettings.steps,
    train_share: float = DistillSettings.train_share,
    subsample: int | None = None,
    seed: int = 0,
    store: Store | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Table1:
    """Table 1 of the paper on digits 0..9: > 4 against the rest, with and without 1, 4, 7 and 9.

    data: DATA, or (X, y), whose classes are the digits.  widths: of the students, even.  runs: seeds a cell, at
    least 2.  steps: of the students.  train_share: see `DistillSettings`.
    store: where finished networks and margins are kept and found again, None for nowhere.  executor: where networks
    are trained.
    Raises InputError for data that cannot be used.
    """
    if not 0 < train_share < 1:
        raise InputError(f"--train-share {train_share:g} is outside (0, 1); use a share like 0.6")
    chosen = DistillSettings(widths=widths, runs=runs, steps=steps, train_share=train_share)
    everything = as_dataset(data, positive=POSITIVE, subsample=subsample, seed=seed)
    reduced = as_dataset(
        data, positive=tuple(c for c in POSITIVE if c not in HARDER), drop=HARDER, subsample=subsample, seed=seed
    )
    studies = [
        Study(name, some, chosen, seed=seed, cells=store, executor=executor or LocalExecutor(), progress=progress)
        for name, some in ((REDUCED, reduced), (ALL, everything))
    ]
    easy, hard = (study.train() for study in studies)
    equal = [one for study in studies for one in equal_footing(study)]
    margins = _margins(reduced, everything, MARGIN_DRAWS, seed, store, progress)
    return assemble(everything.name, easy, hard, chosen, equal, margins)


def figure1(
    data: Path | None = None,
    *,
    scale: Literal["small", "paper"] = "small",
    runs: int = 10,
    noise: tuple[float, ...] = (),
    temperature: float = 1.0,
    subsample: int | None = None,
    seed: int = 0,
    store: Store | None = None,
    progress: Progress = SILENT,
) -> "Figure1":
    """Figure 1 of the paper. data: npz of images, None for generated ones.  noise: variances, by default the paper's.

    scale: small takes narrow networks and images of at most 16 x 16, paper the paper's networks and images as given.
    subsample: number of images; None for 1500 at small scale, for all of them at the paper's.
    """
    if scale == "paper" and data is None:
        raise InputError("--scale paper: needs the paper's kind of images; give them with --data FILE.npz")
    if not temperature > 0:
        raise InputError(f"--temperature {temperature:g} is not positive; use a number like 1")
    try:
        from boundcheck.experiments import figure1 as experiment
        from boundcheck.experiments.images import load_images, shapes, shrunk, thinned
    except ModuleNotFoundError as error:
        raise MissingExtraError("reproduce figure1", "deep") from error
    small = scale == "small"
    settings = experiment.SMALL if small else experiment.PAPER_SCALE
    settings = replace(settings, runs=runs, temperature=temperature, noise=noise or settings.noise)
    count = experiment.SMALL_IMAGES if subsample is None and small else subsample
    if data is None:
        images = shapes(count or experiment.SMALL_IMAGES, seed=seed)
    else:
        images = load_images(data)
        images = images if count is None else thinned(images, count, seed=seed)
        images = shrunk(images, experiment.SMALL_SIDE) if small else images
    return experiment.figure1(images, settings, seed=seed, cells=store, progress=progress)


def _margins(
    reduced: Dataset, everything: Dataset, draws: int, seed: int, store: Store | None, progress: Progress
) -> list[MarginDraw]:
    """Margins of `draws` pairs of random subsets; the sup-norm margin of the first pair only."""
    rows = min(MARGIN_ROWS, len(reduced.y), len(everything.y))
    kept_cells = KeptCells(store, "table1 margin", 1)
    found = []
    for draw in range(draws):
        progress.update(f"margins of {rows} rows", draw, draws)
        identity = [reduced.digest, everything.digest, rows, seed, draw]
        kept = kept_cells.load(identity)
        if kept is None:
            pair = [_subset(data, rows, seed, draw, which) for which, data in enumerate((reduced, everything))]
            rkhs = [settled_margin(some, norm="rkhs").gamma_rkhs for some in pair]
            sup = [_sup(some) for some in pair] if draw == 0 else [None, None]
            kept = [None if interval is None else asdict(interval) for interval in (*rkhs, *sup)]
            kept_cells.keep(identity, kept)
        easy, hard, *sups = (None if interval is None else Interval(**interval) for interval in kept)
        assert easy is not None
        assert hard is not None
        found.append(MarginDraw(rows, easy, hard, *sups))
    return found


def _sup(data: Dataset) -> Interval:
    return settled_margin(data, norm="sup", tolerance=0.1).gamma_sup


def _subset(data: Dataset, rows: int, seed: int, draw: int, which: int) -> Dataset:
    """Random rows without replacement, both classes present, normalised as the whole set is."""
    rng = np.random.default_rng([seed, draw, which, 7])
    while True:
        chosen = np.sort(rng.choice(len(data.y), rows, replace=False))
        if len(set(data.y[chosen].tolist())) == 2:
            return from_arrays(data.X[chosen], data.y[chosen], name=data.name, normalize="none")
