"""`labels make` and `labels check`: a teacher's soft labels, and what soft labels are worth."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from boundcheck.crowds import read_answers
from boundcheck.datasets import Dataset, load_soft_labels
from boundcheck.datasets.dataset import check_made_for
from boundcheck.errors import InputError
from boundcheck.labels import teachers
from boundcheck.labels.assess import soft_label_report
from boundcheck.labels.files import LabelFile, check_place, is_in_sample, load_labels, load_truth, save_labels
from boundcheck.labels.report import QualityReport
from boundcheck.labels.report import Settings as LabelSettings
from boundcheck.labels.teachers import Kind, LabelsMade, MadeLabels
from boundcheck.progress import SILENT, Progress

__all__ = ["LabelSettings", "TeacherSettings", "labels_check", "labels_make"]

MARGIN_TOLERANCE = 0.1


@dataclass(frozen=True)
class TeacherSettings:
    """How `labels make` obtains labels; each teacher reads its own fields.

    kernel: norm, logit_scale, margin_time (seconds).  network: width, folds (None: label its own training points),
    steps, step_size.  smoothing: alpha.  file: path.  crowd: answers, method, positive (see `read_answers`).
    network, file and crowd: temperature, None to fit it to the true labels, which those teachers have not seen.
    """

    norm: Literal["sup", "rkhs"] = "sup"
    logit_scale: float = 1.0
    margin_time: float = 60.0
    width: int = 512
    folds: int | None = 5
    steps: int = 1000
    step_size: float = 4.0
    alpha: float = 0.1
    path: Path | None = None
    answers: Path | None = None
    method: str = "auto"
    positive: tuple[str, ...] = ()
    temperature: float | None = 1.0


def labels_make(
    dataset: Dataset,
    teacher: Kind,
    out: Path,
    *,
    settings: TeacherSettings | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> LabelsMade:
    """Write soft labels of `teacher` for every row of `dataset` to `out` (.npz) and assess them against its labels.

    The file has p, logits, y, rows, source, seed, digest and radius. Warns where max |logit| > 1/2.
    Raises InputError for settings out of range, NoTeacherError where the margin is zero (kernel).
    """
    settings = settings or TeacherSettings()
    check_place(out)
    made = _teach(dataset, teacher, settings, seed, progress)
    teachers.warn_beyond_hypothesis(made)
    save_labels(
        out,
        p=made.p,
        logits=made.logits,
        source=made.source,
        seed=seed,
        radius=made.radius,
        y=dataset.y,
        rows=dataset.rows,
        digest=dataset.digest,
        temperature=made.temperature,
        logits_error=made.logits_error,
    )
    quality = labels_check(out, dataset, LabelSettings(seed=seed))
    return LabelsMade(
        teacher=teacher,
        source=made.source,
        file=str(out),
        n=len(made.logits),
        max_abs_logit=float(np.abs(made.logits).max()),
        radius=made.radius,
        temperature=made.temperature,
        seed=seed,
        digest=dataset.digest,
        quality=quality,
    )


def _teach(dataset: Dataset, teacher: Kind, settings: TeacherSettings, seed: int, progress: Progress) -> MadeLabels:
    if teacher == "kernel":
        return _kernel(dataset, settings, seed, progress)
    if teacher == "smoothing":
        return teachers.smoothing_labels(dataset.y, settings.alpha)
    if teacher == "network":
        made = teachers.network_labels(
            dataset,
            width=settings.width,
            folds=settings.folds,
            steps=settings.steps,
            step_size=settings.step_size,
            seed=seed,
            progress=progress,
        )
    elif teacher == "file":
        made = _given(dataset, settings.path)
    elif teacher == "crowd":
        made = _crowd(dataset, settings, seed, progress)
    else:
        raise InputError(f"--teacher {teacher}: unknown; use kernel, network, smoothing, file or crowd")
    temperature = settings.temperature
    if temperature is None:
        if is_in_sample(made.source):
            raise InputError("--temperature auto: labels cannot calibrate what was made from them; cross-fit it")
        temperature = teachers.held_out_temperature(made.logits, dataset.y)
    return teachers.tempered(made, temperature)


def _given(dataset: Dataset, path: Path | None) -> MadeLabels:
    if path is None:
        raise InputError("--teacher file: say with --from FILE.npz where p or logits are")
    p, logits = load_soft_labels(path, dataset)
    given = load_labels(path)
    return MadeLabels(
        np.log(p) - np.log1p(-p) if logits is None else logits, given.source or f"file {path.name}", given.radius
    )


def _crowd(dataset: Dataset, settings: TeacherSettings, seed: int, progress: Progress) -> MadeLabels:
    if settings.answers is None:
        raise InputError("--teacher crowd: say with --answers FILE where the answers are (task,worker,label)")
    answers = read_answers(settings.answers, settings.positive)
    check_made_for(str(settings.answers), answers.made_for, dataset)
    return teachers.crowd_labels(dataset, answers, method=settings.method, seed=seed, progress=progress)


def _kernel(dataset: Dataset, settings: TeacherSettings, seed: int, progress: Progress) -> MadeLabels:
    from boundcheck.pipeline.margin import settled_margin

    report = settled_margin(
        dataset,
        norm=settings.norm,
        tolerance=MARGIN_TOLERANCE,
        time_limit=settings.margin_time,
        seed=seed,
        progress=progress,
    )
    found = report.teacher
    if found is None:
        rows = ", ".join(map(str, report.conflicts[:10]))
        raise teachers.NoTeacherError(f"{dataset.name}: the margin is zero (rows {rows}), so no kernel teacher exists")
    return teachers.kernel_labels(
        found.z, kind=found.kind, radius=found.radius, scale=settings.logit_scale, error=found.z_error
    )


def labels_check(
    path: Path,
    truth: Path | Dataset | None = None,
    settings: LabelSettings | None = None,
    *,
    scores: bool = False,
    progress: Progress = SILENT,
) -> QualityReport:
    """Quality of the soft labels in `path` (.npz with p or logits, (n,) or (n, L)).

    truth: a file with true labels, or the data set that the labels were made for; by default y in `path`, if any.
    scores: rows of p are any finite scores, not weights that sum to 1.  The file's `source` says whether the
    labels are deterministic (kernel, network) and whether they were made from the same true labels.
    """
    settings = settings or LabelSettings()
    found = load_labels(path, normalised=not scores, candidates=settings.candidates)
    settings = dataclasses.replace(
        settings,
        deterministic=settings.deterministic or found.deterministic,
        in_sample=settings.in_sample or found.in_sample,
    )
    return soft_label_report(found.labels, _truth(found, truth), settings, posterior=found.eta, progress=progress)


def _truth(found: LabelFile, truth: Path | Dataset | None) -> np.ndarray | None:
    """The true labels in the order of the rows of `found`."""
    if truth is None:
        return found.y
    if not isinstance(truth, Dataset):
        return load_truth(truth, found)
    check_made_for(str(found.path), found.digest, truth)
    return truth.y
