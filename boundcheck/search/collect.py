"""Get runs done: those in the store are taken from there, the others trained and stored batch by batch."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from boundcheck.records import TrainingRun
from boundcheck.search.executors import Executor, Job, Task

Report = Callable[[Mapping[Job, TrainingRun], float], None]
"""Listens to the runs that are done, and how many neurons' work of the batch under way is."""


@runtime_checkable
class FinishedRuns(Protocol):
    """Runs of one setting that are done already, and where to keep what has just been trained."""

    def load(self, jobs: Iterable[Job]) -> dict[Job, TrainingRun]:
        """Those of `jobs` that are finished."""

    def save(self, runs: Iterable[TrainingRun]) -> None:
        """Keep finished runs."""


class RunsInMemory:
    """Finished runs that last as long as the search."""

    def __init__(self) -> None:
        self._runs: dict[Job, TrainingRun] = {}

    def load(self, jobs: Iterable[Job]) -> dict[Job, TrainingRun]:
        """See `FinishedRuns.load`."""
        return {job: self._runs[job] for job in jobs if job in self._runs}

    def save(self, runs: Iterable[TrainingRun]) -> None:
        """See `FinishedRuns.save`."""
        self._runs.update({(run.width, run.seed): run for run in runs})


@dataclass
class Collector:
    """Runs jobs to the end or to the deadline (on time.monotonic's clock); `trained` holds those run here."""

    task: Task
    finished: FinishedRuns
    executor: Executor
    deadline: float
    trained: set[Job] = field(default_factory=set)

    def collect(self, jobs: Sequence[Job], report: Report) -> dict[Job, TrainingRun]:
        """The runs of `jobs`; some are missing only if the deadline has passed.

        report: is given what is done, batch after batch.
        """
        done = self.finished.load(dict.fromkeys(jobs))
        waiting = [job for job in dict.fromkeys(jobs) if job not in done]

        def take(neurons: int) -> list[Job]:
            count = 0 if self.expired else first_of([width for width, _ in waiting], neurons)
            taken, waiting[:count] = waiting[:count], []
            return taken

        def within(jobs: Sequence[Job], share: float) -> None:
            report(done, share * sum(width for width, _ in jobs))

        report(done, 0.0)
        if not waiting:
            return done
        batches = self.executor.run(self.task, take, within)
        try:
            for runs in batches:
                self.finished.save(runs)
                finished = {(run.width, run.seed): run for run in runs}
                self.trained.update(finished)
                done.update(finished)
                report(done, 0.0)
                if self.expired:
                    break
        finally:
            batches.close()
        return done

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline


def first_of(widths: Sequence[int], neurons: int) -> int:
    """How many of the first networks have at most so many neurons in all; one, if there is any, in any case."""
    total = 0
    for count, width in enumerate(widths):
        total += width
        if count and total > neurons:
            return count
    return len(widths)
