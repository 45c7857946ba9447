"""`reproduce crowd`: crowd posterior, labels check and width search against hard majority labels on the same inputs."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from boundcheck.datasets import Data, as_dataset, load_dataset
from boundcheck.experiments import crowd_student as experiment
from boundcheck.pipeline.verify import find_width
from boundcheck.pipeline.verify_width import practical
from boundcheck.progress import SILENT, Progress
from boundcheck.records import CROWD, Search, SearchSettings
from boundcheck.records.crowd import CrowdStudent
from boundcheck.search import Context, Executor, Store

DIGITS, SUBSAMPLE = ("5", "6", "7", "8", "9"), 100


def crowd_student(
    data: Data | None = None,
    *,
    eps: float = 0.2,
    scenario: str = "hardeasy",
    workers: int = 30,
    crowds: int = 16,
    settings: SearchSettings = CROWD,
    seed: int = 0,
    store: Store | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> CrowdStudent:
    """Compare the smallest widths that reach the average error eps against the truth, over several crowds.

    data: default 100 digits, 5-9 against 0-4.  settings: default CROWD, in which half of the runs must reach eps;
    radius and steps None: those of CROWD; `confidence` holds for the three searches
    of a crowd together, and for the counts.
    Raises InputError for settings out of range.
    """
    if data is None:
        data = load_dataset("sklearn:digits", positive=DIGITS, subsample=SUBSAMPLE, seed=seed)
    data = as_dataset(data)
    chosen = replace(settings, confidence=1 - (1 - settings.confidence) / len(experiment.ARMS))
    radius = CROWD.radius if settings.radius is None else settings.radius
    assert radius is not None
    steps = CROWD.steps if settings.steps is None else settings.steps
    spec = practical(data.X, "soft", "kl", radius, steps, settings.step_size)

    def search(p: Float[np.ndarray, " n"]) -> Search:
        return find_width(data, p, spec, eps, chosen, Context(seed, store, executor, progress))

    draws = experiment.crowd_draws(
        data, search, scenario=scenario, workers=workers, crowds=crowds, seed=seed, progress=progress
    )
    return CrowdStudent(
        data=data.name,
        data_sha256=data.digest,
        n=len(data.y),
        d=data.X.shape[1],
        eps=eps,
        scenario=scenario,
        workers=workers,
        confidence=settings.confidence,
        truth=experiment.truth(data, search),
        draws=draws,
        counts=tuple(experiment.count(draws, i, settings.confidence) for i in range(1, len(experiment.ARMS))),
    )
