"""Get runs done: those in the store are taken from there, the others trained and stored batch by batch."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from boundcheck.records import TrainingRun
from boundcheck.search.executors import Executor, Job, Task

_POLL_SECONDS = 0.1

Report = Callable[[Mapping[Job, TrainingRun]], None]
"""Listens to the runs that are done."""


class Ledger(Protocol):
    """What is done, what may be trained here, what has just been trained."""

    def load(self, jobs: Iterable[Job]) -> dict[Job, TrainingRun]:
        """Those of `jobs` that are finished."""

    def claim(self, jobs: Iterable[Job], neurons: int) -> list[Job]:
        """Reserve the first free ones of `jobs`, up to `neurons` in all, at least one unless none is free."""

    def save(self, runs: Iterable[TrainingRun]) -> None:
        """Keep finished runs."""

    def release(self, jobs: Iterable[Job]) -> None:
        """Give back reserved jobs."""


class MemoryLedger:
    """A ledger that lasts as long as the search."""

    def __init__(self) -> None:
        self._runs: dict[Job, TrainingRun] = {}
        self._claimed: set[Job] = set()

    def load(self, jobs: Iterable[Job]) -> dict[Job, TrainingRun]:
        """See `Ledger.load`."""
        return {job: self._runs[job] for job in jobs if job in self._runs}

    def claim(self, jobs: Iterable[Job], neurons: int) -> list[Job]:
        """See `Ledger.claim`."""
        claimed: list[Job] = []
        total = 0
        for job in jobs:
            if job in self._runs or job in self._claimed:
                continue
            total += job[0]
            if claimed and total > neurons:
                break
            claimed.append(job)
        self._claimed.update(claimed)
        return claimed

    def save(self, runs: Iterable[TrainingRun]) -> None:
        """See `Ledger.save`."""
        self._runs.update({(run.width, run.seed): run for run in runs})

    def release(self, jobs: Iterable[Job]) -> None:
        """See `Ledger.release`."""
        self._claimed.difference_update(jobs)


@dataclass
class Collector:
    """Runs jobs to the end or to the deadline (on time.monotonic's clock); `trained` holds those run here."""

    task: Task
    ledger: Ledger
    executor: Executor
    deadline: float
    trained: set[Job] = field(default_factory=set)

    def collect(self, jobs: Sequence[Job], report: Report) -> dict[Job, TrainingRun]:
        """The runs of `jobs`; some are missing only if the deadline has passed.

        Runs that another process has claimed are waited for.  report: is given what is done, batch after batch.
        """
        jobs = list(dict.fromkeys(jobs))
        done = self.ledger.load(jobs)
        while len(done) < len(jobs) and not self.expired:
            before = len(done)
            self._train([job for job in jobs if job not in done], done, report)
            done |= self.ledger.load(job for job in jobs if job not in done)
            if len(done) == before:
                time.sleep(_POLL_SECONDS)
        return done

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def _train(self, jobs: Sequence[Job], done: dict[Job, TrainingRun], report: Report) -> None:
        held: set[Job] = set()

        def claim(neurons: int) -> list[Job]:
            claimed = [] if self.expired else self.ledger.claim(jobs, neurons)
            held.update(claimed)
            return claimed

        batches = self.executor.run(self.task, claim)
        try:
            report(done)
            for runs in batches:
                self.ledger.save(runs)
                finished = {(run.width, run.seed): run for run in runs}
                held.difference_update(finished)
                self.trained.update(finished)
                done.update(finished)
                report(done)
                if self.expired:
                    break
        finally:
            batches.close()
            self.ledger.release(held)
