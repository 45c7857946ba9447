"""Assess soft labels of known truth (or none): every indicator and what follows from it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from boundcheck.errors import InputError
from boundcheck.labels import complexity
from boundcheck.labels.bias import bias
from boundcheck.labels.quality import Indicators, choose_k, indicators, split
from boundcheck.labels.weak import additive_noise, incomplete_supervision
from boundcheck.progress import SILENT, Progress
from boundcheck.records.base import Estimate
from boundcheck.records.labels import KChoice, LabelSettings, QualityReport, SampleSize
from boundcheck.softlabels.calibration import calibration
from boundcheck.softlabels.probabilities import SoftLabels, rows_of, top_k, true_classes

NO_TRUTH = "calibration: delta is 1 minus the mean weight of the top-k labels, right only if the labels are calibrated"
NO_GUARANTEE = "missed at worst + ambiguity >= 1: no guarantee"


def soft_label_report(
    labels: SoftLabels,
    y: Any = None,
    settings: LabelSettings | None = None,
    *,
    posterior: Float[np.ndarray, " n"] | None = None,
    progress: Progress = SILENT,
) -> QualityReport:
    """Assess soft labels, against true classes y (n,) in 0..L-1 (or -1, +1 for two classes) where they are known.

    posterior: known P(class 1 | x) (n,) for two classes, for the bias against it.
    Raises InputError for settings or truth out of range.  See theory: Estimated quality.
    """
    settings = settings or LabelSettings()
    n, classes = labels.weights.shape
    _check(settings, classes)
    if y is None:
        return _without_truth(labels, settings)
    truth = true_classes(y, n, classes)
    k, how, rows, alpha = _choice_of_k(labels, truth, settings, progress)
    members = _label_sets(labels, k, settings)
    found = indicators(members[rows], truth[rows], alpha=alpha)
    claims = settings.makes_claim
    return QualityReport(
        n=n,
        classes=classes,
        n_used=found.n,
        k=k,
        k_choice=how,
        delta=found.delta,
        delta_max=found.delta_max,
        gamma=found.gamma,
        kappa=found.kappa,
        psi=found.psi,
        psi_pairs=found.psi_pairs,
        joint_confidence=1 - settings.alpha,
        certified=claims and found.kappa.lower > 0,
        refuted=claims and found.kappa.upper <= 0,
        marginal_condition=found.delta_max.upper + found.gamma.upper < 1,
        assumption=settings.assumption,
        per_class=found.classes,
        sample_sizes=_sample_sizes(found, classes, settings),
        error_bound=complexity.error_floor(
            found.delta.upper, found.gamma.upper, n, settings.natarajan, classes, settings.failure
        )
        if claims
        else None,
        bias=bias(labels, truth, k, alpha=settings.alpha, posterior=posterior) if labels.normalised else None,
        calibration=calibration(labels.weights, truth, labels.log_weights, alpha=settings.alpha, seed=settings.seed)
        if labels.normalised
        else None,
        additive_noise=additive_noise(settings.noise, k, classes) if settings.noise is not None and k else None,
        incomplete_supervision=None
        if settings.soft_fraction is None
        else incomplete_supervision(found, settings.soft_fraction),
        self_estimated_delta=_self_estimated_delta(labels, members) if labels.normalised else None,
        settings=settings,
        notes=_notes(found, k, classes, settings),
    )


def _fixed_k(settings: LabelSettings, classes: int) -> tuple[int | None, KChoice] | None:
    """k (None for candidate sets) and how it was chosen, where there is nothing to choose; None where there is."""
    if settings.candidates:
        return None, "candidates"
    if settings.k is not None:
        return settings.k, "given"
    return (1, "only") if classes == 2 else None


def _label_sets(labels: SoftLabels, k: int | None, settings: LabelSettings) -> Bool[np.ndarray, "n L"]:
    """The top-k sets; with k None the candidate sets, every label of positive weight."""
    if k is None:
        return np.asarray(labels.weights > 0)
    return top_k(labels, k, ties=settings.ties, seed=settings.seed, drop_zero=settings.drop_zero)


def _choice_of_k(
    labels: SoftLabels, y: Int[np.ndarray, " n"], settings: LabelSettings, progress: Progress
) -> tuple[int | None, KChoice, Int[np.ndarray, " rows"], float]:
    """k, how it was chosen, the rows to certify on, and the alpha they are entitled to."""
    n, classes = labels.weights.shape
    everything = np.arange(n)
    if (fixed := _fixed_k(settings, classes)) is not None:
        return *fixed, everything, settings.alpha
    first, rest = split(n, settings.seed) if settings.split else (everything, everything)
    k = choose_k(
        rows_of(labels, first),
        y[first],
        ties=settings.ties,
        seed=settings.seed,
        drop_zero=settings.drop_zero,
        progress=progress,
    )
    if settings.split:
        return k, "half", rest, settings.alpha
    return k, "all", everything, settings.alpha / (classes - 1)


def _sample_sizes(found: Indicators, classes: int, settings: LabelSettings) -> tuple[SampleSize, ...]:
    """What each theorem asks for at eps and failure probability delta of the settings."""
    goal, d, size = (settings.eps, settings.failure), settings.natarajan, settings.class_size
    own, published = "theory: Sample size", "theory: Sample size; Liu & Dietterich (2014) at Delta = 0"
    rows: list[tuple[str, str, Estimate, Callable[[float], complexity.Count]]] = []
    if not settings.deterministic:
        psi = found.psi_pairs
        rows += [
            (
                f"dimension {d}, closed form",
                published,
                psi,
                lambda p: complexity.natarajan_closed(p, d, classes, *goal),
            ),
            (
                f"dimension {d}, solved for n",
                published,
                psi,
                lambda p: complexity.natarajan_exact(p, d, classes, *goal),
            ),
        ]
        if size is not None:
            rows.append((f"finite class of {size}", own, psi, lambda p: complexity.finite_class(p, size, *goal)))
    any_set, kappa = "any label sets, if the lead is that of every wrong student", found.kappa
    rows.append((f"{any_set}, dimension {d}", own, kappa, lambda m: complexity.margin_natarajan(m, d, classes, *goal)))
    if size is not None:
        rows.append(
            (f"{any_set}, finite class of {size}", own, kappa, lambda m: complexity.margin_finite(m, size, *goal))
        )
    return tuple(
        SampleSize(name, source, *(None if math.isinf(n) else int(n) for n in (asks(at.value), asks(at.lower))))
        for name, source, at, asks in rows
    )


def _self_estimated_delta(labels: SoftLabels, members: np.ndarray) -> float:
    """1 - mean weight inside the sets: equals P(y not in S) if the labels are calibrated."""
    return float(np.clip(1 - (labels.weights * members).sum(axis=1), 0, 1).mean())


def _without_truth(labels: SoftLabels, settings: LabelSettings) -> QualityReport:
    """The one indicator that calibrated labels give about themselves."""
    if not labels.normalised:
        raise InputError("scores that are not weights say nothing without the truth; give --truth")
    if settings.noise is not None or settings.soft_fraction is not None:
        raise InputError("--noise and --soft-fraction are evaluated beside the truth; give --truth, or leave them out")
    n, classes = labels.weights.shape
    k, how = _fixed_k(settings, classes) or (1, "default")
    value = _self_estimated_delta(labels, _label_sets(labels, k, settings))
    return QualityReport(
        n=n, classes=classes, n_used=n, k=k, k_choice=how,
        delta=None, delta_max=None, gamma=None, kappa=None, psi=None, psi_pairs=None, joint_confidence=None,
        certified=False, refuted=False, marginal_condition=False, assumption=NO_TRUTH,
        self_estimated_delta=value, settings=settings,
        notes=("no truth given: nothing can be certified; self_estimated_delta assumes calibration",),
    )  # fmt: skip


def _notes(found: Indicators, k: int | None, classes: int, settings: LabelSettings) -> tuple[str, ...]:
    """What a reader must know beside the numbers."""
    notes = []
    if found.empty_classes:
        names = ", ".join(map(str, found.empty_classes))
        notes.append(f"class {names} has no example: its interval is [0, 1], so nothing is certified")
    if found.psi_pairs.value == 0:
        notes.append(NO_GUARANTEE + " at the observed values")
    elif found.psi_pairs.lower == 0:
        notes.append(NO_GUARANTEE + " at the confident values; more labelled examples may decide")
    if k is not None:
        weak = [row.label for row in found.classes if row.unreliability and 1 - row.unreliability.value <= k / classes]
        if weak and settings.ties != "exclusive":
            notes.append(
                f"top-{k} accuracy does not beat chance ({k}/{classes}) in class {', '.join(map(str, weak))}, which "
                "missed at worst + ambiguity < 1 requires"
            )
    if settings.noise is not None and k is None:
        notes.append("additive noise is not evaluated for candidate sets")
    return tuple(notes)


def _check(settings: LabelSettings, classes: int) -> None:
    """Raise InputError for a setting out of range."""
    if not 0 < settings.alpha < 1:
        raise InputError(f"alpha = {settings.alpha} is outside (0, 1)")
    if settings.k is not None and not 1 <= settings.k <= classes - 1:
        raise InputError(f"k = {settings.k} is outside 1..{classes - 1}; at k = {classes} every label is in every set")
    complexity.check(settings.eps, settings.failure, natarajan=settings.natarajan, class_size=settings.class_size)
