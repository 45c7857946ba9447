"""`crowd`: answers -> model -> soft labels, their quality against the truth, files."""

import dataclasses
from pathlib import Path

import numpy as np
from jaxtyping import Int

from boundcheck.crowds import CrowdLabels, crowd_soft_labels, one_type_p_value, read_crowd
from boundcheck.crowds.spectral import Kind, embedding, predicted_type_error
from boundcheck.crowds.votes import vote_bounds
from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.labels.files import check_place, save_labels
from boundcheck.progress import SILENT, Progress
from boundcheck.records import CrowdReport, Interval, LabelCount, PosteriorBin
from boundcheck.records.base import Estimate
from boundcheck.records.labels import Calibration
from boundcheck.softlabels.calibration import BINS, calibration
from boundcheck.softlabels.encoding import Encoding, warn_if_contradicted
from boundcheck.softlabels.estimates import proportion

ASSUMPTION = (
    "answers are independent given label and type of the task, and right more often than wrong in each type; "
    "a majority that is wrong cannot be detected without truth"
)


def crowd(
    answers: str | Path,
    *,
    truth: str | Path | None = None,
    positive: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
    method: str = "auto",
    types: int | str | None = None,
    kind: Kind = "plain",
    bootstrap: int = 0,
    output: str | Path | None = None,
    plot: bool = False,
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress = SILENT,
) -> CrowdReport:
    """Soft labels from the answers in a file (see `read_crowd`), with `crowd_soft_labels`' method, types and kind.

    truth: file of known labels to measure the result against; never used to make it.
    positive, missing: labels that mean +1, and that mean no answer, in both files.  columns: see `read_crowd`.
    bootstrap: draws of the one-type test, 0 for none.  output: .npz with p, logits, tasks, y where the truth is known
    for every task, types, reliabilities, source and seed.  plot: also compute the plane that a figure needs.
    confidence: of the intervals, in (0, 1).
    Raises InputError for files and options that cannot be used.
    """
    if not 0 < confidence < 1:
        raise InputError(f"--confidence {confidence:g} is outside (0, 1)")
    answers = Path(answers)
    truth, output = (None if place is None else Path(place) for place in (truth, output))
    if output is not None:
        check_place(output)
    files = read_crowd(answers, truth, positive=positive, missing=missing, columns=columns)
    found, y = files.answers, files.truth
    labels = crowd_soft_labels(found, method=method, types=types, kind=kind, with_spectrum=plot, progress=progress)
    report = _report(str(answers), method, labels, y, files.labels, confidence)
    if bootstrap:
        p_value = one_type_p_value(found, draws=bootstrap, seed=seed, progress=progress)
        report = dataclasses.replace(report, one_type_p_value=p_value)
    if y is not None:
        report = _against_truth(report, labels, y, confidence)
    if output is not None:
        _save(output, labels, y, files.encoding, seed)
        report = dataclasses.replace(report, output=str(output))
    if plot:
        report = dataclasses.replace(report, plane=_plane(labels))
    return report


def _report(
    source: str,
    method: str,
    labels: CrowdLabels,
    y: Int[np.ndarray, " d"] | None,
    counts: tuple[LabelCount, ...],
    confidence: float,
) -> CrowdReport:
    answers, spectrum = labels.answers, labels.spectrum
    density = answers.n_answers / (answers.n_workers * max(1, int((labels.part >= 0).sum())))
    claim = labels.vote_error(1 - confidence)
    bounded = labels.types == 1 and labels.model in ("te", "wls")
    return CrowdReport(
        source=source,
        n_workers=answers.n_workers,
        n_tasks=answers.n_tasks,
        n_answers=answers.n_answers,
        method=method,
        model=labels.model,
        types=labels.types,
        type_sizes=tuple(int((labels.type == k).sum()) for k in range(labels.types)),
        corr_type_label=labels.corr_type_label,
        reliability={}
        if labels.model == "mv"
        else {worker: tuple(r.tolist()) for worker, r in zip(answers.workers, labels.reliability.T, strict=True)},
        duplicates=answers.duplicates,
        unanswered=int((labels.part < 0).sum()),
        components=int(labels.part.max()) + 1,
        converged=labels.converged,
        eigenvalues=() if spectrum is None else tuple(spectrum.eigenvalues.tolist()),
        edge=None if spectrum is None else spectrum.edge,
        above_edge=None if spectrum is None else spectrum.above,
        marchenko_pastur=None if spectrum is None else spectrum.marchenko_pastur,
        predicted_type_error=predicted_type_error(labels.reliability, density) if labels.model == "free" else None,
        held_out=() if labels.choice is None else labels.choice.table,
        confounded={} if labels.choice is None else labels.choice.confounded,
        held_out_temperature=None if labels.choice is None or labels.model == "mv" else labels.choice.temperature,
        one_type_p_value=None,
        self_estimated_error=None if claim is None else claim.value,
        self_estimated_error_interval=None if claim is None else _interval(claim, confidence),
        vote_bounds=vote_bounds(answers, labels.reliability[0]) if bounded else None,
        assumption=ASSUMPTION,
        digest=answers.digest,
        labels=counts,
        posterior=_posterior(labels, y, confidence),
    )


def _against_truth(
    report: CrowdReport, labels: CrowdLabels, y: Int[np.ndarray, " d"], confidence: float
) -> CrowdReport:
    """Error, calibration and temperature on the tasks of known truth."""
    known = y != 0
    logits = labels.logits[known]
    p = labels.p[known]
    weights, codes = np.stack([1 - p, p], axis=1), (y[known] > 0).astype(int)
    warn_if_contradicted(report.source, weights, codes)
    pair = np.stack([np.zeros_like(logits), logits], axis=1)
    found: Calibration = calibration(weights, codes, pair, alpha=1 - confidence)
    return dataclasses.replace(
        report,
        n_truth=found.n,
        error=found.error.value,
        error_interval=_interval(found.error, confidence),
        ece=found.ece.value,
        ece_interval=_interval(found.ece, confidence),
        temperature=None if found.temperature is None else found.temperature.value,
        temperature_interval=None if found.temperature is None else _interval(found.temperature, confidence),
        log_loss=found.log_loss.value,
        log_loss_at_temperature=found.log_loss_at_temperature,
    )


def _interval(estimate: Estimate, confidence: float) -> Interval:
    return Interval(estimate.lower, estimate.upper, confidence, exact=False)


def _save(output: Path, labels: CrowdLabels, y: Int[np.ndarray, " d"] | None, encoding: Encoding, seed: int) -> None:
    if y is not None and not y.all():
        import warnings

        unknown = int((y == 0).sum())
        warnings.warn(f"{output}: y is left out, {unknown} tasks have no truth", BoundcheckWarning, stacklevel=3)
        y = None
    save_labels(
        output,
        p=labels.p,
        logits=labels.logits,
        source=f"crowd {labels.model}",
        seed=seed,
        tasks=np.array(labels.answers.tasks),
        y=y,
        positive=encoding.positive,
        negative=encoding.negative or None,
        types=labels.type,
        workers=np.array(labels.answers.workers),
        reliability=labels.reliability,
        answers_digest=labels.answers.digest,
    )


def _posterior(labels: CrowdLabels, y: Int[np.ndarray, " d"] | None, confidence: float) -> tuple[PosteriorBin, ...]:
    """The answered tasks in bins of p, with a Clopper-Pearson interval where truth is known."""
    p = labels.p
    truth = np.zeros(len(p), dtype=int) if y is None else y
    place = np.where(labels.part < 0, -1, np.minimum((p * BINS).astype(int), BINS - 1))
    bins = []
    for b in range(BINS):
        here, known = place == b, (place == b) & (truth != 0)
        found = PosteriorBin(b / BINS, (b + 1) / BINS, int(here.sum()))
        if known.any():
            n, positive = int(known.sum()), int((truth[known] > 0).sum())
            share = _interval(proportion(positive, n, 1 - confidence), confidence)
            found = dataclasses.replace(found, known=n, mean=float(p[known].mean()), positive=positive, share=share)
        bins.append(found)
    return tuple(bins)


def _plane(labels: CrowdLabels) -> tuple[tuple[float, float, int], ...]:
    assert labels.spectrum is not None
    points = embedding(labels.spectrum.eigenvalues, labels.spectrum.vectors, 2)
    types = labels.type[labels.part == 0]
    return tuple((float(x), float(y), int(k)) for (x, y), k in zip(points, types, strict=True))
