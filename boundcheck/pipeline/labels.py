"""`labels make` and `labels check`: a teacher's soft labels, and what soft labels are worth."""

import dataclasses
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from boundcheck.crowds import read_crowd
from boundcheck.datasets import Data, Dataset, as_dataset
from boundcheck.datasets.dataset import check_made_for
from boundcheck.errors import BoundcheckWarning, InputError, quoted
from boundcheck.labels import teachers
from boundcheck.labels.assess import soft_label_report
from boundcheck.labels.files import (
    TrueLabels,
    check_place,
    is_in_sample,
    labels_for,
    load_labels,
    save_labels,
    true_labels,
)
from boundcheck.labels.teachers import MadeLabels
from boundcheck.progress import SILENT, Progress
from boundcheck.records.labels import LabelSettings, LabelsMade, QualityReport, TeacherKind
from boundcheck.softlabels.encoding import warn_if_contradicted
from boundcheck.softlabels.probabilities import rows_of

__all__ = ["LabelSettings", "TeacherSettings", "labels_check", "labels_make"]

MARGIN_TOLERANCE = 0.1


@dataclass(frozen=True)
class TeacherSettings:
    """How `labels make` obtains labels; each teacher reads its own fields.

    kernel: norm, logit_scale, margin_draws.  network: width, folds, no_cross_fit (label its own training points),
    steps, step_size.  smoothing: smoothing.  file: source, columns.  crowd: answers, method; positive_answers, missing
    and columns as for `crowds.read_crowd`, positive the classes of the data that the user named.
    network, file and crowd: temperature, None to fit it to the true labels, which those teachers have not seen.
    """

    norm: Literal["sup", "rkhs"] = "sup"
    logit_scale: float = 1.0
    margin_draws: int | None = None
    width: int = 512
    folds: int = 5
    no_cross_fit: bool = False
    steps: int = 1000
    step_size: float = 4.0
    smoothing: float = 0.1
    source: Path | None = None
    answers: Path | None = None
    method: str = "auto"
    positive: tuple[str, ...] = ()
    positive_answers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    temperature: float | None = 1.0


def labels_make(
    dataset: Data,
    teacher: TeacherKind,
    output: str | Path,
    *,
    settings: TeacherSettings | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> LabelsMade:
    """Write soft labels of `teacher` for every row of `dataset` to `output` (.npz) and assess them against its labels.

    The file has p, logits, y, rows, source, seed, digest and radius. Warns where max |logit| > 1/2.
    Raises InputError for settings out of range, NoTeacherError where the margin is zero (kernel).
    """
    settings = settings or TeacherSettings()
    dataset, output = as_dataset(dataset), Path(output)
    check_place(output)
    made = _teach(dataset, teacher, settings, seed, progress)
    teachers.warn_beyond_hypothesis(made.logits, made.radius)
    save_labels(
        output,
        p=made.p,
        logits=made.logits,
        source=made.source,
        seed=seed,
        radius=made.radius,
        y=dataset.y,
        rows=dataset.rows,
        digest=dataset.digest,
        preparation=dataset.preparation.text(),
        positive=dataset.positive,
        negative=dataset.negative,
        temperature=made.temperature,
        logits_error=made.logits_error,
    )
    quality = labels_check(output, dataset, LabelSettings(seed=seed))
    return LabelsMade(
        teacher=teacher,
        source=made.source,
        file=str(output),
        n=len(made.logits),
        max_abs_logit=float(np.abs(made.logits).max()),
        radius=made.radius,
        temperature=made.temperature,
        seed=seed,
        digest=dataset.digest,
        quality=quality,
        answers=made.answers,
    )


def _teach(
    dataset: Dataset, teacher: TeacherKind, settings: TeacherSettings, seed: int, progress: Progress
) -> MadeLabels:
    if teacher == "kernel":
        return _kernel(dataset, settings, seed, progress)
    if teacher == "smoothing":
        return teachers.smoothing_labels(dataset.y, settings.smoothing)
    if teacher == "network":
        made = teachers.network_labels(
            dataset,
            width=settings.width,
            folds=None if settings.no_cross_fit else settings.folds,
            steps=settings.steps,
            step_size=settings.step_size,
            seed=seed,
            progress=progress,
        )
    elif teacher == "file":
        made = _given(dataset, settings)
    elif teacher == "crowd":
        made = crowd_teacher(dataset, settings, progress)
    else:
        raise InputError(f"--teacher {teacher}: unknown; use kernel, network, smoothing, file or crowd")
    temperature = settings.temperature
    if temperature is None:
        if is_in_sample(made.source):
            raise InputError("--temperature auto: labels cannot calibrate what was made from them; cross-fit it")
        temperature = teachers.held_out_temperature(made.logits, dataset.y)
    return teachers.tempered(made, temperature)


def _given(dataset: Dataset, settings: TeacherSettings) -> MadeLabels:
    if settings.source is None:
        raise InputError("--teacher file: say with --from FILE where p or logits are")
    _, logits, given = labels_for(settings.source, dataset, settings.columns)
    return MadeLabels(logits, given.source or f"file {settings.source.name}", given.radius)


def crowd_teacher(dataset: Dataset, settings: TeacherSettings, progress: Progress) -> MadeLabels:
    """The posterior of `settings.answers` for the rows of `dataset`. Raises InputError where they do not fit."""
    if settings.answers is None:
        raise InputError("--teacher crowd: say with --answers FILE where the answers are (task,worker,label)")
    files = read_crowd(
        settings.answers,
        positive=settings.positive_answers,
        missing=settings.missing,
        columns=settings.columns,
        option="--positive-answers",
    )
    words = [row.label for row in files.labels if row.means is not None and row.label not in ("-1", "0", "1")]
    if words and settings.positive and not settings.positive_answers:
        raise InputError(
            f"{settings.answers}: label {quoted(words[0])}: --positive names classes of DATA; say with "
            "--positive-answers which answers mean +1"
        )
    check_made_for(str(settings.answers), files.answers.made_for, dataset)
    made = teachers.crowd_labels(dataset, files.answers, method=settings.method, progress=progress)
    return dataclasses.replace(made, answers=files.labels)


def _kernel(dataset: Dataset, settings: TeacherSettings, seed: int, progress: Progress) -> MadeLabels:
    from boundcheck.pipeline.margin import settled_margin, zero_margin

    report = settled_margin(
        dataset,
        norm=settings.norm,
        tolerance=MARGIN_TOLERANCE,
        draws=settings.margin_draws,
        seed=seed,
        progress=progress,
    )
    found = report.teacher
    if found is None:
        raise teachers.NoTeacherError(f"{zero_margin(report)}; no kernel teacher exists")
    return teachers.kernel_labels(
        found.z, kind=found.kind, radius=found.radius, scale=settings.logit_scale, error=found.z_error
    )


def labels_check(
    path: Any,
    truth: Data | None = None,
    settings: LabelSettings | None = None,
    *,
    scores: bool = False,
    positive: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
    progress: Progress = SILENT,
) -> QualityReport:
    """Quality of the soft labels in `path`: a file (see `load_labels` for its kinds and for `columns`), or an array p.

    truth: a file with true labels, or the Dataset or (X, y) that the labels were made for; by default y in `path`.
    positive, missing: what the true labels of a file mean (see `true_labels`); rows without one are left out.
    scores: rows of p are any finite scores, not weights that sum to 1.  The file's `source` says whether the labels
    were made from the same true labels.
    Raises InputError where the settings open assumption C for labels of a kernel or a network.
    """
    settings = settings or LabelSettings()
    found = load_labels(path, normalised=not scores, candidates=settings.candidates, columns=columns)
    if found.deterministic and not settings.deterministic:
        raise InputError(f"{found.name}: labels by {found.source} are a function of the input; leave --crowd out")
    settings = dataclasses.replace(settings, in_sample=settings.in_sample or found.in_sample)
    if isinstance(truth, Dataset | tuple):
        truth = as_dataset(truth)
        if missing:
            raise InputError("--missing is for files of labels; leave rows of DATA out with --drop")
        check_made_for(found.name, found.digest, truth)
        known: TrueLabels | None = TrueLabels((truth.y > 0).astype(int))
    else:
        known = true_labels(found, truth, positive=positive, missing=missing)
    if known is None:
        if positive or missing:
            raise InputError(f"{found.name}: no true labels for --positive or --missing to speak of; give --truth")
        return soft_label_report(found.labels, None, settings)
    rows = np.flatnonzero(known.codes >= 0)
    if len(rows) < len(known.codes):
        unknown = len(known.codes) - len(rows)
        warnings.warn(
            f"{found.name}: {unknown:,} of {len(known.codes):,} rows have no true label and are left out",
            BoundcheckWarning,
            stacklevel=2,
        )
    soft, y = rows_of(found.labels, rows), known.codes[rows]
    warn_if_contradicted(found.name, soft.weights, y)
    eta = None if found.eta is None else found.eta[rows]
    report = soft_label_report(soft, y, settings, posterior=eta, progress=progress)
    return dataclasses.replace(report, labels=known.labels)
