"""`distill`: does a small student gain on held-out rows from a teacher's soft labels?"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from boundcheck.datasets import Data, Dataset, as_dataset
from boundcheck.errors import InputError
from boundcheck.experiments.distill import Study
from boundcheck.experiments.distill_result import distilled
from boundcheck.experiments.split import Split, parts
from boundcheck.kernels import limiting_kernel
from boundcheck.labels.follow import fit
from boundcheck.pipeline.labels import TeacherSettings, crowd_teacher
from boundcheck.pipeline.problem import given_labels
from boundcheck.progress import SILENT, Progress
from boundcheck.records.distill import Distilled
from boundcheck.records.reproduce import DistillSettings
from boundcheck.search import Executor, LocalExecutor, Store

__all__ = ["distill"]

DistillTeacher = Literal["network", "kernel", "crowd"]
RIDGES = tuple(4.0**-k for k in range(1, 12))  # of kernel logistic regression, times the mean of K_ii


def distill(
    dataset: Data,
    *,
    labels: Any = None,
    teacher: DistillTeacher = "network",
    answers: Path | None = None,
    positive_answers: tuple[str, ...] = (),
    widths: tuple[int, ...] = (2, 4, 8, 16, 32),
    runs: int = DistillSettings.runs,
    steps: int = DistillSettings.steps,
    test_fraction: float | None = None,
    split_seed: int | None = None,
    seed: int = 0,
    store: Store | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Distilled:
    """Train students of small widths on hard labels and on a teacher's soft ones, and compare them on held-out rows.

    dataset: as for `as_dataset`; its held-out rows are the test rows, else `test_fraction` of each class (default 0.2)
    drawn with `split_seed` (default `seed`).  A fifth of each class is left for validation, on which the way to train
    is chosen.  labels: a file or an array (n,) of P(y = +1); None: those of `teacher`.  network: 512 neurons, kernel:
    kernel logistic regression, both fitted to the training rows alone; crowd: the posterior of `answers`, whose tasks
    are rows of the data, positive_answers as for `labels_make`.  widths: even.  runs: seeds a cell, at least 2.
    store: where finished networks are kept and found again.  executor: where they are trained.
    Raises InputError for numbers out of range, labels that do not fit, and data too small to split.
    """
    data = as_dataset(dataset)
    if data.held_out is not None and test_fraction is not None:
        raise InputError(f"{data.name} has held-out rows, which are the test rows; leave --test-fraction out")
    fraction = 0.2 if test_fraction is None else test_fraction
    if not 0 < fraction < 0.5:
        raise InputError(f"--test-fraction {fraction:g} is outside (0, 0.5)")
    if any(w < 2 or w % 2 for w in widths) or not widths or runs < 2 or steps < 1:
        raise InputError("distill: widths are even, there are at least 2 runs a cell and 1 step")
    share = 0.8 if data.held_out is not None else 1 - 2 * fraction
    settings = DistillSettings(widths=widths, runs=runs, steps=steps, train_share=share)
    split_seed = seed if split_seed is None else split_seed
    logits, words = None, f"a network of {settings.teacher_width} neurons fitted to the training rows"
    if labels is not None:
        given = given_labels(data, labels)
        assert given is not None, "there are labels"
        logits, words = given.logits, given.source
    elif teacher == "crowd":
        made = crowd_teacher(data, TeacherSettings(answers=answers, positive_answers=positive_answers), progress)
        logits, words = made.logits, made.source
    elif teacher == "kernel":
        logits = _kernel(data, parts(data, share, split_seed, settings.selection_rows))
        words = f"kernel logistic regression on at most {settings.selection_rows:,} training rows"
    study = Study(data.name, data, settings, logits, seed, split_seed, store, executor or LocalExecutor(), progress)
    return distilled(study.train(), words, settings)


def _kernel(data: Dataset, split: Split) -> Float64[np.ndarray, " k"]:
    """Kernel logistic regression on the hard labels of the trial rows, its ridge chosen by validation KL."""
    X = data.X if data.held_out is None else np.concatenate([data.X, data.held_out.X])
    own, p = data.X[split.trial], (data.y[split.trial] > 0).astype(float)
    K, across, y = limiting_kernel(own), limiting_kernel(X, own), data.y[split.valid]
    scale, weights = float(np.trace(K)) / len(own), None
    fits: list[tuple[float, Float64[np.ndarray, " k"]]] = []
    for ridge in RIDGES:
        weights = fit(K, p, ridge * scale, weights).weights
        z = across @ weights
        fits.append((float(np.logaddexp(0, -y * z[split.valid]).mean()), z))
    return min(fits, key=lambda one: one[0])[1]
