"""`verify` with labels of one's own: their radius, what a theorem asks for, what holds a search back."""

import math
from dataclasses import dataclass, replace

import numpy as np

from boundcheck import training
from boundcheck.bounds.soft_agnostic import soft_agnostic
from boundcheck.labels.cost import CONFIDENCE, Teacher
from boundcheck.pipeline.problem import Problem
from boundcheck.records import Search, TrainingSpec
from boundcheck.records.base import confidence_text
from boundcheck.records.verification import Rung
from boundcheck.search import Context, run_seed
from boundcheck.softlabels.probabilities import probabilities

FOLLOWED = 0.1  # of the KL divergence of f = 0: at this share the field decides as its labels on nearly every row
HALF = 0.5
NARROW, WIDE, SEEDS = 64, 256, 2  # where a search that found no width is looked at; its errors vary little there
FLAT = 0.8  # error at WIDE over error at NARROW, from which on width no longer helps
HELPS = 0.9  # error with one setting relaxed over error without, up to which it holds back; seeds vary by 0.03
RELAXED = 4.0  # the factor by which radius, steps or temperature are raised


@dataclass(frozen=True)
class OwnLabels:
    """radius: B for these labels.  note: why, in a sentence.  rung: of the bound for any labels, at its own radius.

    certificate: of training on these labels at `radius`, once there is one.
    """

    radius: float
    note: str
    rung: Rung
    certificate: Rung | None = None


def own_labels(problem: Problem, context: Context) -> OwnLabels:
    """The least radius at which a field leaves a tenth of the KL divergence of f = 0 (theory: Any teacher)."""
    context.progress.update("radius that follows the labels", 0.0, 1.0)
    teacher = Teacher(problem.data, problem.logits, context.seed)
    nearest = teacher.nearest(FOLLOWED)
    radius = float(f"{nearest.radius:.3g}")  # the same in a run that resumes
    left = f"{100 * nearest.upper:.2g} % of the KL risk of f = 0"
    follows = (
        f"the least at which a field of the kernel follows these labels up to {left}"
        if nearest.upper <= FOLLOWED
        else f"where a field of the kernel comes nearest to these labels, and leaves {left}"
    )
    note = f"radius B = {radius:g}: {follows}; B = 1 beside it is the paper's, and --radius sets another one"
    row = teacher.cost(1.0, HALF, 3 * problem.delta, 1 - CONFIDENCE)
    return OwnLabels(
        radius,
        note,
        Rung(
            soft_agnostic.id,
            "soft",
            "kl",
            row.width,
            "proved",
            radius=row.radius,
            note=f"of these labels, what the field leaves sampled at {confidence_text(CONFIDENCE)}: half of the KL "
            "risk of f = 0, not the error",
        ),
    )


def held_back(search: Search, spec: TrainingSpec, problem: Problem, seed: int) -> str | None:
    """What keeps a search from its target although width grows, in a sentence; None where width still helps.

    The average error at 64 and at 256 neurons says whether it has flattened; radius, steps and (for soft labels)
    temperature are then raised by a factor of four, one by one, at 64.
    """
    if search.minimal_width is not None or search.bracket[0] < WIDE:
        return None

    def error(width: int, spec: TrainingSpec, temperature: float = 1.0) -> float:
        p = probabilities(problem.logits / temperature) if spec.labels == "soft" else None
        runs = training.train(
            problem.data.X, problem.data.y, p, spec, [(width, run_seed(seed, i)) for i in range(SEEDS)]
        )
        return float(np.mean([run.average_error for run in runs]))

    narrow, wide = error(NARROW, spec), error(WIDE, spec)
    if wide <= search.eps or wide < FLAT * narrow:
        return None
    relaxed = {"steps": (f"{RELAXED:g} times the steps", error(NARROW, replace(spec, steps=int(RELAXED * spec.steps))))}
    if math.isfinite(spec.radius):
        larger = RELAXED * spec.radius
        relaxed["radius"] = (f"radius {larger:.3g}", error(NARROW, replace(spec, radius=larger)))
    if spec.labels == "soft":
        relaxed["temperature"] = (f"labels at temperature {RELAXED:g}", error(NARROW, spec, RELAXED))
    best = min(relaxed, key=lambda name: relaxed[name][1])
    told = ", ".join(f"{value:.3g} with {words}" for words, value in relaxed.values())
    verdict = (
        f"it is the {best} that {'hold' if best == 'steps' else 'holds'} it back"
        if relaxed[best][1] <= HELPS * narrow
        else "none of them alone holds it back: these labels ask for another error"
    )
    return (
        f"{search.labels} labels, B = {spec.radius:.3g}: more neurons no longer help (average error, mean of {SEEDS} "
        f"runs without an interval: {narrow:.3g} at "
        f"{NARROW}, {wide:.3g} at {WIDE}); at {NARROW} it is {told}: {verdict}"
    )
