"""`reproduce scaling`: width searches over a family of known margin, exponents beside the theorems'."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from boundcheck import bounds, training
from boundcheck.bounds import Bound, hard_sharp, mandal2025, soft_sharp
from boundcheck.bounds.side_by_side import growth
from boundcheck.datasets import Dataset
from boundcheck.experiments.scaling import Contender, enough_steps
from boundcheck.experiments.scaling import scaling as _scaling
from boundcheck.pipeline.verify import contenders, find_width
from boundcheck.progress import SILENT, Progress
from boundcheck.records import (
    SCALING,
    Against,
    BoundRow,
    Labels,
    Loss,
    Place,
    Scaling,
    Search,
    SearchSettings,
    TrainingSpec,
)
from boundcheck.search import Context, Executor, Store


def scaling(
    against: Against,
    *,
    eps: float = 0.05,
    delta: float = 0.05,
    settings: SearchSettings = SCALING,
    seed: int = 0,
    store: Store | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Scaling:
    """Fit how the smallest width grows with gamma, 1/eps or n, for soft and for hard labels.

    settings: time_limit is for each search.  A search cut short is used as far as it got.
    Raises InputError for another family.
    """
    radius = 1.0 if settings.radius is None else settings.radius
    theorems = soft_sharp.soft_sharp, hard_sharp.hard_sharp, hard_sharp.hard_perceptron
    powers = [growth(bound, against, fixed_c=True).text for bound in theorems]

    def field(place: Place) -> Sequence[Contender]:
        def row(bound: Bound) -> BoundRow:
            return bounds.evaluate(bound.id, gamma=place.gamma, eps=place.eps, n=place.n, delta=delta)

        def practical(labels: Labels, loss: Loss, radius: float) -> TrainingSpec:
            size = settings.step_size
            if size is None:
                size = training.practical_step_size(np.ones((1, 1)), loss, radius, 0)  # rows of norm 1
            return schedule(TrainingSpec(labels, loss, radius, size, enough_steps(place, size)))

        def schedule(spec: TrainingSpec) -> TrainingSpec:
            steps = spec.steps if settings.steps is None else settings.steps
            size = spec.step_size if settings.step_size is None else settings.step_size
            return replace(spec, steps=steps, step_size=size)

        soft, hard, own = (practical(*kind) for kind in contenders(radius, row(mandal2025.hard).radius))
        perceptron = row(hard_sharp.hard_perceptron)
        assert perceptron.steps is not None
        assert perceptron.step_size is not None
        its = schedule(TrainingSpec("hard", "perceptron", radius, perceptron.step_size, perceptron.steps))
        return (
            Contender(f"soft B={radius:g}", soft, row(soft_sharp.soft_sharp), powers[0]),
            Contender(f"hard B={radius:g}", hard, None, "none at this B"),
            Contender("hard own B", own, row(hard_sharp.hard_sharp), powers[1]),
            Contender("hard perceptron", its, perceptron, powers[2]),
        )

    def search(data: Dataset, p: Float[np.ndarray, " n"] | None, spec: TrainingSpec, place: Place) -> Search:
        return find_width(data, p, spec, place.eps, settings, Context(seed, store, executor))

    return _scaling(against, field, search, eps=eps, seed=seed, progress=progress)
