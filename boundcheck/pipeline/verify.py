"""`verify`: the smallest width that trains, or many runs at one width, beside what the theorems ask for."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from boundcheck import bounds
from boundcheck.bounds import hard_sharp, lower, mandal2025, soft_sharp
from boundcheck.datasets import Data, Dataset, as_dataset
from boundcheck.errors import InputError
from boundcheck.exclusion import excluded_widths
from boundcheck.margins.zero import REMEDY
from boundcheck.pipeline.own_labels import OwnLabels, held_back, own_labels
from boundcheck.pipeline.problem import Problem, make_problem
from boundcheck.pipeline.verify_width import practical, prescribed, scheduled, training_seconds, verify_width
from boundcheck.progress import SILENT, Notice, Progress, takes_long
from boundcheck.records import BoundRow, Interval, Labels, Loss, Search, SearchSettings, Training, TrainingSpec
from boundcheck.records.base import confidence_text
from boundcheck.records.bounds import Family
from boundcheck.records.verification import Exclusion, Judgement, Rung, Verdict, WidthReport, WidthSearchReport
from boundcheck.search import Context, Executor, Store, minimal_width, open_executor, run_seed
from boundcheck.training.certificate_width import certificate_width
from boundcheck.verification import compare_searches, judge_searches, with_factors

__all__ = ["EMBEDDED", "SearchSettings", "Store", "open_executor", "verify"]

EMBEDDED = "synthetic:circle:points=8"
CERTIFIED_SEEDS, CERTIFIED_SUCCESS = 20, 0.95
SEARCH_NEURONS = 5_000  # that a search trains before its answer is known, roughly: 100 seeds of a few dozen neurons
THEOREMS = (soft_sharp.soft_sharp_nfree, hard_sharp.hard_perceptron, mandal2025.hard)
"""The bounds that prescribe the training of a search in theorem mode; the first two at radius 1."""
ORDER: tuple[Family, ...] = ("published", "sharp", "data")
KINDS: tuple[Labels, ...] = ("soft", "hard")


def verify(
    dataset: Data | None = None,
    *,
    width: int | Literal["own"] | None = None,
    training: Training | None = None,
    eps: float = 0.05,
    delta: float = 0.05,
    labels: Any = None,
    settings: SearchSettings | None = None,
    bound: str = THEOREMS[0].id,
    seeds: int = 40,
    seed: int = 0,
    margin_draws: int | None = None,
    store: Store | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> WidthSearchReport | WidthReport:
    """Search the smallest width that trains, or train `seeds` networks at one width as `bound` prescribes.

    width: "own" for the bound's own width, None for a search.  training: how networks are trained; None: practical in a
    search, theorem at one width. A search in theorem mode trains each contender as its own bound prescribes (THEOREMS).
    dataset: as for `as_dataset`; default eight alternating points on the circle.  eps: target average error.
    delta: the paper's.
    labels: a file of soft labels for the same rows, or an array (n,) of P(y = +1) in (0, 1); default the data set's
    own, else the kernel teacher's.
    Raises InputError for settings out of range or a run that would take hours.
    """
    data = as_dataset(EMBEDDED if dataset is None else dataset)
    if labels is not None and width is not None and bounds.registry[bound].labels == "hard":
        raise InputError(f"--labels: {bound} trains on hard labels; leave it out")
    if width is not None and bounds.registry[bound].family == "lower":
        raise InputError(f"--bound {bound}: a lower bound prescribes no training; choose one that says what suffices")
    settings = settings or SearchSettings()
    context = Context(seed, store, executor, progress)
    problem = make_problem(data, context, eps=eps, delta=delta, labels=labels, draws=margin_draws)
    if problem is None:
        return _no_margin(data, eps, training or "practical")
    if width is not None:
        own_width = None if width == "own" else width
        return verify_width(
            problem, own_width, bound, context, mode=training or "theorem", seeds=seeds, settings=settings
        )
    mode: Training = training or "practical"
    rows = problem.rows(margin_draws, context)
    own = (
        own_labels(problem, context)
        if mode == "practical" and problem.foreign and settings.radius is None and not problem.radius_known
        else None
    )
    specs = _contenders(problem, mode, settings, own)
    if line := _cost(specs, data.X.size, settings):
        progress.update(Notice(line))
    searches = tuple(
        find_width(data, problem.p if spec.labels == "soft" else None, spec, eps, settings, context) for spec in specs
    )
    certified = [_certified(problem, kind, settings, context) for kind in KINDS]
    if own:
        own = replace(own, certificate=_certified(problem, "soft", settings, context, own.radius))
    least, exclusion = _from_below(data, eps, specs[0].radius, settings, context)
    soft, hard = searches[0], [search for search in searches if search.labels == "hard"]
    stopped = (held_back(*each, problem, seed) for each in zip(searches, specs, strict=True) if problem.foreign)
    notes = (*([own.note] if own else []), *(note for note in stopped if note))
    return WidthSearchReport(
        data=data.name,
        n=len(data.y),
        d=data.X.shape[1],
        eps=eps,
        gamma=problem.gamma,
        training=mode,
        searches=searches,
        comparisons=tuple(compare_searches(soft, other) for other in hard),
        ladder=(*_ladder(rows, certified, searches, foreign=problem.foreign, own=own), *least),
        judgement=judge_searches(searches, rows),
        exclusion=exclusion,
        notes=notes,
    )


def _no_margin(data: Dataset, eps: float, mode: Training) -> WidthSearchReport:
    reason = f"the margin of {data.name} is exactly 0, no bound applies; `boundcheck margin` names the rows; {REMEDY}"
    return WidthSearchReport(
        data=data.name,
        n=len(data.y),
        d=data.X.shape[1],
        eps=eps,
        gamma=Interval(0.0, 0.0),
        training=mode,
        searches=(),
        comparisons=(),
        ladder=(),
        judgement=Judgement(Verdict.ASSUMPTION_FAILS, reason),
    )


def find_width(
    data: Dataset,
    p: Float[np.ndarray, " n"] | None,
    spec: TrainingSpec,
    eps: float,
    settings: SearchSettings,
    context: Context,
) -> Search:
    """One width search, trained as `spec` says."""
    return minimal_width(
        data.X, data.y, p, spec, settings, eps=eps, data_digest=data.digest, data_name=data.name, context=context
    )


def _contenders(
    problem: Problem, mode: Training, settings: SearchSettings, own: OwnLabels | None
) -> tuple[TrainingSpec, ...]:
    """What is searched, soft labels first; with labels of one's own the paper's B = 1 as well."""
    if mode == "theorem":
        asked = settings.steps, settings.step_size
        return tuple(
            prescribed(scheduled(problem, bound.id, *(asked if "steps" in bound.reads else (None, None))))
            for bound in THEOREMS
        )
    radius = problem.radius if settings.radius is None else settings.radius
    kinds = list(contenders(own.radius if own else radius, problem.bound(mandal2025.hard.id).radius))
    if own and own.radius != 1:
        kinds.insert(1, ("soft", "kl", 1.0))
    return tuple(practical(problem.data.X, *kind, settings.steps, settings.step_size) for kind in kinds)


def _cost(specs: Sequence[TrainingSpec], cells: int, settings: SearchSettings) -> str:
    """What the searches and the certificates take, where that is long."""
    needed = [training_seconds(SEARCH_NEURONS, spec.steps, cells) for spec in specs]
    most = len(specs) * settings.time_limit + len(KINDS) * settings.certificate_time
    return takes_long(sum(min(seconds, settings.time_limit) for seconds in needed), most)


def contenders(radius: float, own_radius: float | None) -> tuple[tuple[Labels, Loss, float], ...]:
    """Soft and hard labels at the same radius, then hard labels at the radius that Proposition 5 gives them."""
    assert own_radius is not None
    return ("soft", "kl", radius), ("hard", "logistic", radius), ("hard", "logistic", own_radius)


def _certified(
    problem: Problem,
    labels: Labels,
    settings: SearchSettings,
    context: Context,
    own_radius: float | None = None,
) -> Rung | None:
    """The smallest width certified in time: KL loss for soft labels, perceptron loss for hard ones; None for no time.

    own_radius: B of the soft labels to train on, where they are meant and not the kernel teacher's.
    """
    seconds, z = settings.certificate_time, problem.teacher.z if own_radius is None else problem.logits
    if not seconds:
        return None
    found = certificate_width(
        problem.data.X,
        problem.data.y.astype(np.float64),
        problem.teacher.q,
        z,
        problem.eps,
        labels,
        radius=own_radius or 1.0,
        margin=None if own_radius is None else float(np.sqrt(np.mean(z**2))),
        seeds=[run_seed(context.seed, i) for i in range(CERTIFIED_SEEDS)],
        success=CERTIFIED_SUCCESS,
        time_limit=seconds,
        progress=context.progress,
    )
    if found.spec is None:
        note = f"none within {seconds:g} s"
    else:
        note = f"{found.successes}/{found.seeds} W(0), T = {found.spec.steps:.2g}"
    return Rung(
        "certificate",
        labels,
        "kl" if labels == "soft" else "perceptron",
        found.width,
        "certified",
        radius=own_radius if found.spec is None else found.spec.radius,
        searched_to=found.failed_at,
        note=note if own_radius is None else f"{note}, of these labels",
    )


def _proved(row: BoundRow, note: str) -> str:
    """What a proved rung rests on besides the margin."""
    level = confidence_text(row.confidence)
    rests = f"moments at {level}" if row.family == "data" else "eps-margin" if row.margin == "eps" else ""
    return ", ".join(filter(None, (note, rests)))


def _from_below(
    data: Dataset, eps: float, radius: float, settings: SearchSettings, context: Context
) -> tuple[list[Rung], Exclusion | None]:
    """What is needed, whatever the labels: by what the shared ball contains, and by sign changes in the plane."""
    errors = lower.errors_allowed(eps, len(data.y))
    planar = lower.planar_width(data.X, data.y, errors) if data.X.shape[1] == 2 else None
    rungs = [] if planar is None else [Rung(lower.circle.id, "any", "any", planar, "needed", note="for any W, proved")]
    if math.isinf(radius):
        return rungs, None
    found = excluded_widths(
        data.X,
        data.y,
        radius=radius,
        errors=errors,
        success_target=settings.success_target,
        confidence=settings.confidence,
        max_width=settings.max_width,
        from_width=min(planar or 2, settings.max_width),
        seed=context.seed,
        progress=context.progress,
    )
    excluded = any(share.excluded for share in found.shares)
    note = f"at {confidence_text(found.confidence)}" if excluded else "none excluded"
    ball = Rung("impossible", "any", "any", found.least_width, "needed", radius=radius, note=note)
    return [ball, *rungs], found


def _ladder(
    rows: Sequence[BoundRow],
    certified: Sequence[Rung | None],
    searches: Sequence[Search],
    *,
    foreign: bool,
    own: OwnLabels | None = None,
) -> tuple[Rung, ...]:
    """From the printed theorems down to the trained networks, soft labels first.

    foreign: the searches' soft labels are not the kernel teacher's, of which all rungs but `own` and the trained ones
    speak.
    """
    rungs = []
    for labels in KINDS:
        note = "of the kernel teacher's labels" if foreign and labels == "soft" else ""
        rungs += [
            Rung(row.bound, labels, row.loss, row.width, "proved", radius=row.radius, note=_proved(row, note))
            for row in sorted(rows, key=lambda row: (ORDER.index(row.family), -row.width))
            if row.labels == labels
        ]
        of_these = own if labels == "soft" else None
        rungs += [of_these.rung] if of_these else []
        rungs += [
            replace(one, note=f"{one.note}, {note}" if note else one.note)
            for one in certified
            if one and one.labels == labels
        ]
        rungs += [of_these.certificate] if of_these and of_these.certificate else []
        rungs += [
            Rung(
                "empirical",
                labels,
                found.loss,
                found.minimal_width,
                "estimated",
                radius=found.radius,
                bracket=found.bracket,
                searched_to=found.bracket[0],
                note=f"at {confidence_text(found.confidence)}",
            )
            for found in searches
            if found.labels == labels
        ]
    return with_factors(rungs)
