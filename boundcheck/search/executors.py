"""Where training runs are computed: in this process, or on Dask workers. Both give the same runs, bit for bit.

An executor takes as much work as it can do in seconds and yields finished batches, which its caller stores at once.
"""

import logging
import re
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from boundcheck.errors import BoundcheckError, InputError, MissingExtraError
from boundcheck.progress import SILENT, Progress

Job = tuple[int, int]
"""Width and seed of a run of a search; other callers have jobs and results of their own."""


@runtime_checkable
class Task(Protocol):
    """Trains jobs. A result says which job it is of, and depends neither on the other jobs nor on the process."""

    def __call__(self, jobs: Sequence[Any], *, progress: Progress = SILENT) -> list[Any]:
        """Train."""


Within = Callable[[Sequence[Any], float], None]
"""Listens to the share that is done of the batch of these jobs."""
Take = Callable[[int], list[Any]]
"""Hands out jobs of about so many neurons in all; an empty list when none is left."""


Batches = Generator[list[Any], None, None]
"""Results of finished batches; closing it abandons the ones under way."""


@runtime_checkable
class Executor(Protocol):
    """Computes whatever it is handed."""

    def run(self, task: Task, take: Take, within: Within) -> Batches:
        """Take jobs until none is left, and yield their runs batch by batch; `within` may hear of one under way."""


_LEAST_NEURONS = 1024  # a smaller batch takes about as long: `training` fills tiles of up to so many, one a thread


class _Pace:
    """Neurons in a batch: doubled while batches are quick, halved while they are slow."""

    def __init__(self) -> None:
        self.neurons = _LEAST_NEURONS

    def observe(self, seconds: float) -> None:
        if seconds < 1:
            self.neurons *= 2
        elif seconds > 4:
            self.neurons = max(_LEAST_NEURONS, self.neurons // 2)


class _Share:
    """Hears from a trainer how far a batch is."""

    def __init__(self, jobs: Sequence[Any], within: Within) -> None:
        self._jobs, self._within = jobs, within

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        if completed is not None and total:
            self._within(self._jobs, completed / total)


class LocalExecutor:
    """Trains in this process, one batch after the other."""

    def __init__(self) -> None:
        self._pace = _Pace()

    def run(self, task: Task, take: Take, within: Within) -> Batches:
        """See `Executor.run`."""
        while jobs := take(self._pace.neurons):
            started = time.monotonic()
            runs = task(jobs, progress=_Share(jobs, within))
            self._pace.observe(time.monotonic() - started)
            yield runs


class DaskExecutor:
    """Trains on Dask workers: `local:N` starts N processes here, anything else is a scheduler's address.

    On Slurm, start workers with dask-jobqueue (`SLURMCluster(...).scale(jobs=8)`) and pass its `scheduler_address`.
    A batch whose worker dies is trained again on another one. Only this process touches the run store. Needs
    boundcheck[dask]. Use as a context manager.

    Raises InputError if the address has no scheduler, BoundcheckError if a batch keeps killing its workers.
    """

    def __init__(self, address: str, *, timeout: float = 30.0) -> None:
        _check_address(address)
        distributed = _distributed()
        self._cluster: Any = nullcontext()
        self._pace = _Pace()
        if address.startswith("local:"):
            count = address.removeprefix("local:")
            self._cluster = distributed.LocalCluster(
                n_workers=int(count),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            self._client: Any = distributed.Client(self._cluster)
            return
        try:
            self._client = distributed.Client(address, timeout=timeout)
        except (OSError, ValueError) as error:
            raise InputError(f"--dask {address}: no scheduler answers there ({error}); check the address") from error

    def __enter__(self) -> "DaskExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        with self._cluster:
            pass

    def run(self, task: Task, take: Take, within: Within) -> Batches:
        """See `Executor.run`. Two batches per worker are under way at a time, of which nothing is heard within."""
        distributed = _distributed()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            shipped = self._client.submit(_itself, task, pure=False)
        pending = distributed.as_completed()
        try:
            self._submit(shipped, take, pending)
            for future in pending:
                runs, seconds = future.result()
                self._pace.observe(seconds)
                yield runs
                self._submit(shipped, take, pending)
        except distributed.KilledWorker as error:
            raise BoundcheckError(
                f"--dask: workers keep dying on one batch, perhaps of too little memory: {error}"
            ) from error
        finally:
            self._client.cancel([shipped, *pending.futures])

    def _submit(self, shipped: Any, take: Take, pending: Any) -> None:
        """Top up the batches under way."""
        while pending.count() < 2 * max(1, len(self._client.nthreads())):
            if not (jobs := take(self._pace.neurons)):
                return
            pending.add(self._client.submit(_timed, shipped, jobs, pure=False))


def _check_address(address: str) -> None:
    """Raise InputError for what cannot be the address of a scheduler, before anything is imported."""
    if address.startswith("local:"):
        count = address.removeprefix("local:")
        if not (count.isascii() and count.isdigit() and int(count) >= 1):
            raise InputError(f"--dask {address}: expected local:N with N >= 1, such as local:4")
    elif not re.fullmatch(r"([a-z+]+://)?[^\s/]+:\d{1,5}|[a-z+]+://\S+", address):
        raise InputError(f"--dask {address}: expected HOST:PORT, tcp://HOST:PORT or local:N")


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("--dask", "dask") from error


def _itself(task: Task) -> Task:
    """Send the data once per worker; as a task and not as scattered data it survives the death of its holder."""
    return task


def _timed(task: Task, jobs: Sequence[Any]) -> tuple[list[Any], float]:
    started = time.monotonic()
    return task(jobs, progress=SILENT), time.monotonic() - started


def open_executor(dask: str | None) -> AbstractContextManager[Executor]:
    """The executor that the option `--dask` asks for: DaskExecutor, or LocalExecutor for None."""
    return nullcontext(LocalExecutor()) if dask is None else DaskExecutor(dask)
