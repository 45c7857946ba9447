"""Training runs by width and seed: their seeds, their identity in the store, and what counts as success."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Integer

from boundcheck import numerics
from boundcheck.progress import Progress
from boundcheck.records import TrainingRun, TrainingSpec
from boundcheck.records.runs import Setting
from boundcheck.search.collect import Collector, RunsInMemory
from boundcheck.search.context import Context
from boundcheck.search.executors import Job, LocalExecutor

_SEEDS_APART = 1_000_000


@runtime_checkable
class Trainer(Protocol):
    """`training.train`: one run per (width, seed), each independent of the others in the call."""

    def __call__(
        self,
        X: Float[np.ndarray, "n d"],
        y: Integer[np.ndarray, " n"],
        p: Float[np.ndarray, " n"] | None,
        spec: TrainingSpec,
        jobs: Sequence[Job],
        *,
        eps: float | None,
        progress: Progress,
    ) -> list[TrainingRun]:
        """Train."""


def run_seed(seed: int, index: int) -> int:
    """Seed of the index-th run at each width; readable as seed * 10^6 + index, below 2^31."""
    return (seed * _SEEDS_APART + index) % 2**31


def succeeded(run: TrainingRun, eps: float) -> bool:
    """Whether the average error over all steps is at most eps; exact also for a run stopped early.

    Raises ValueError if the run was stopped before that was certain.
    """
    low, high = run.average_error_bounds or (run.average_error, run.average_error)
    if low <= eps < high:
        raise ValueError(f"width {run.width}, seed {run.seed}: stopped early at an undecided average error")
    return high <= eps


def train_runs(
    X: Float[np.ndarray, "n d"],
    y: Integer[np.ndarray, " n"],
    p: Float[np.ndarray, " n"] | None,
    spec: TrainingSpec,
    jobs: Sequence[Job],
    *,
    eps: float | None,
    data_digest: str,
    data_name: str = "",
    context: Context = Context(),  # noqa: B008 (frozen)
) -> list[TrainingRun]:
    """Train one network for every (width, seed) of `jobs`, in that order; those in the store are taken from there.

    eps: of the early stop, None for full runs.  The rest as in `minimal_width`.
    """
    collector = make_collector(
        X, y, p, spec, eps=eps, data_digest=data_digest, data_name=data_name,
        deadline=math.inf, context=context, train=None,
    )  # fmt: skip
    neurons = sum(width for width, _ in jobs)

    def report(done: Mapping[Job, TrainingRun], more: float) -> None:
        context.progress.update(f"{len(done)} of {len(jobs)} runs", sum(width for width, _ in done) + more, neurons)

    done = collector.collect(jobs, report)
    return [done[job] for job in jobs]


def make_collector(
    X: Float[np.ndarray, "n d"],
    y: Integer[np.ndarray, " n"],
    p: Float[np.ndarray, " n"] | None,
    spec: TrainingSpec,
    *,
    eps: float | None,
    data_digest: str,
    data_name: str,
    deadline: float,
    context: Context,
    train: Trainer | None,
) -> Collector:
    """What trains these runs until `deadline` (on the monotonic clock); eps: of the early stop."""
    trainer, version = _trainer(train)
    setting = Setting(data_digest, _digest(y, p), spec, eps, version, data_name)
    return Collector(
        task=partial(trainer, X, y, p, spec, eps=eps),
        finished=RunsInMemory() if context.store is None else context.store.finished(setting),
        executor=context.executor or LocalExecutor(),
        deadline=deadline,
    )


def _trainer(train: Trainer | None) -> tuple[Trainer, str]:
    """The trainer, and what else its results depend on, which is part of a run's identity in the store."""
    if train is not None:
        return train, f"{type(train).__module__}.{type(train).__qualname__}"
    from boundcheck import training

    return training.train, numerics.version("training", training.NUMERICS)


def _digest(y: Integer[np.ndarray, " n"], p: Float[np.ndarray, " n"] | None) -> str:
    digest = hashlib.sha256(np.asarray(y, dtype=np.int8).tobytes())
    if p is not None:
        digest.update(np.asarray(p, dtype=np.float64).tobytes())
    return digest.hexdigest()
