"""`reproduce temperature`: the smallest width for softer and softer labels, beside the sharp bounds there."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from boundcheck.bounds import registry
from boundcheck.datasets import Data, as_dataset
from boundcheck.experiments import logit_scales as experiment
from boundcheck.margins.zero import REMEDY
from boundcheck.pipeline.problem import make_problem
from boundcheck.pipeline.verify import find_width
from boundcheck.pipeline.verify_width import PRACTICAL_STEPS, practical
from boundcheck.progress import SILENT, Progress
from boundcheck.records import BoundRow, Interval, Labels, LogitScales, Loss, Search, SearchSettings
from boundcheck.search import Context, Executor, Store


def logit_scales(
    data: Data,
    logit_scales: Sequence[float],
    *,
    eps: float = 0.05,
    delta: float = 0.05,
    settings: SearchSettings | None = None,
    seed: int = 0,
    margin_draws: int | None = None,
    store: Store | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> LogitScales:
    """Search the smallest width for labels sigmoid(kappa z), z the kernel teacher's, at every kappa of `logit_scales`.

    The radius is kappa, for soft labels and for hard ones beside them.  settings: `radius` is not used; `confidence`
    is shared out among all searches; `steps` None: 2,000 for soft labels and as many more for hard ones as
    `enough_steps` says.  Raises InputError for scales out of range.
    """
    data = as_dataset(data)
    settings = SearchSettings() if settings is None else settings
    kept = experiment.check_scales(logit_scales)
    context = Context(seed, store, executor, progress)
    problem = make_problem(data, context, eps=eps, delta=delta, labels=None, draws=margin_draws)
    shape = {"data": data.name, "n": len(data.y), "d": data.X.shape[1], "eps": eps, "confidence": settings.confidence}
    if problem is None:
        reason = f"the margin of {data.name} is exactly 0: there is no teacher; `boundcheck margin` names the rows"
        reason += f"; {REMEDY}"
        return LogitScales(
            **shape, gamma=Interval(0.0, 0.0), rows=(), fewer_than_hard=(), trend="no margin", statement=reason
        )
    gamma = problem.gamma.lower
    sharp = [bound.id for bound in registry.values() if (bound.labels, bound.family) == ("soft", "sharp")]
    shared = replace(settings, confidence=1 - (1 - settings.confidence) / (2 * len(kept)))

    def search(p: Float[np.ndarray, " n"] | None, labels: Labels, loss: Loss, scale: float) -> Search:
        steps = settings.steps
        if steps is None:
            steps = experiment.enough_steps(PRACTICAL_STEPS, scale, gamma)
        spec = practical(data.X, labels, loss, scale, steps, settings.step_size)
        return find_width(data, p, spec, eps, shared, context)

    def bound(scale: float) -> tuple[BoundRow, ...]:
        return tuple(problem.bound(name, logit_scale=scale) for name in sharp)

    rows = experiment.logit_scales(problem.teacher.z, kept, search, bound, progress=progress)
    trend, statement = experiment.trend(rows)
    fewer = tuple(row.logit_scale for row in rows if experiment.needs_fewer(row.soft, row.hard))
    return LogitScales(**shape, gamma=problem.gamma, rows=rows, fewer_than_hard=fewer, trend=trend, statement=statement)
