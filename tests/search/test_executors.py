"""Local and Dask execution give the same runs, also when a worker dies."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from search.bernoulli import SPEC, Bernoulli, X, Y
from search.test_widths import PATIENT, same

import boundcheck as bc
from boundcheck.errors import BoundcheckError, InputError, MissingExtraError
from boundcheck.records import Search, TrainingSpec
from boundcheck.search import (
    Context,
    DaskExecutor,
    LocalExecutor,
    Store,
    executors,
    minimal_width,
    open_executor,
    train_runs,
)

CURVE = {8: 0.3, 10: 0.8, 12: 0.97}


def search(executor: Any, train: Any, store: Store | None = None) -> Search:
    return minimal_width(
        X,
        Y,
        None,
        SPEC,
        PATIENT,
        eps=0.05,
        data_digest="d",
        context=Context(executor=executor, store=store),
        train=train,
    )


def test_local_batches_grow_while_they_are_quick_and_shrink_while_they_are_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0, 0.5, 10, 10.5, 20, 30, 40, 42])
    monkeypatch.setattr(executors.time, "monotonic", lambda: next(clock))
    asked: list[int] = []

    def take(neurons: int) -> list[tuple[int, int]]:
        asked.append(neurons)
        return [(2, 0)] if len(asked) < 5 else []

    assert list(LocalExecutor().run(lambda jobs, progress: [], take, lambda *_: None)) == [[], [], [], []]
    first = asked[0]
    assert asked == [first, 2 * first, 4 * first, 2 * first, 2 * first]


def test_a_job_asked_for_twice_is_trained_once_and_answered_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it waits for a run that is done"))
    jobs = [(2, 0), (4, 1), (2, 0)]
    first, other, again = train_runs(X, Y, None, SPEC, jobs, eps=None, data_digest="d")
    assert first == again
    assert [(run.width, run.seed) for run in (first, other)] == jobs[:2]


def test_local_is_the_default() -> None:
    with open_executor(None) as executor:
        assert isinstance(executor, LocalExecutor)


@pytest.mark.parametrize("address", ["local:0", "local:many", "local:"])
def test_a_meaningless_number_of_workers_is_refused(address: str) -> None:
    with pytest.raises(InputError, match=f"--dask {address}: expected local:N"):
        DaskExecutor(address)


def test_dask_is_asked_for_by_name_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'boundcheck\[dask\]'"):
        open_executor("local:2")


def test_an_address_without_a_scheduler_is_reported_in_one_line() -> None:
    with pytest.raises(InputError, match="no scheduler answers there") as refusal:
        DaskExecutor("tcp://127.0.0.1:9", timeout=0.5)
    assert "\n" not in str(refusal.value)


def octagon(executor: Any) -> Search:
    """A search with the real trainer."""
    angles = 2 * np.pi * np.arange(8) / 8
    y = np.where(np.arange(8) % 2, -1, 1).astype(np.int8)
    spec = TrainingSpec(labels="soft", loss="kl", radius=1.0, step_size=2.0, steps=200)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    p = 1 / (1 + np.exp(-0.1353 * y))
    return minimal_width(
        circle,
        y,
        p,
        spec,
        replace(PATIENT, budget=300),
        eps=0.05,
        data_digest="octagon",
        context=Context(executor=executor),
    )


def always_dies(X: Any, y: Any, p: Any, spec: Any, jobs: Sequence[Any], *, eps: Any, progress: Any) -> Any:
    import os

    os.kill(os.getpid(), 9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_dask_gives_the_same_runs_and_survives_the_death_of_a_worker(tmp_path: Path) -> None:
    expected = search(None, Bernoulli(CURVE))
    log, data = tmp_path / "log", "synthetic:teacher:n=60,d=3,neurons=4,gap=0.05"
    fatal = Bernoulli(CURVE, log=str(log), suicide=str(tmp_path / "died"), last_words=(8, 3))
    with open_executor("local:2") as executor, Store(tmp_path / "runs.sqlite") as store:
        found = search(executor, fatal, store=store)
        assert (tmp_path / "died").exists()
        stored = [run for setting in store.settings() for run in store.runs(setting.id)]
        networks = [octagon(executor), octagon(None)]
        students = [bc.distill(data, widths=(4,), runs=2, steps=10, executor=where).rows for where in (executor, None)]
        with pytest.raises(BoundcheckError, match="workers keep dying"):
            search(executor, always_dies)
    assert same(networks[0]) == same(networks[1]), "real networks too, bit for bit"
    assert students[0] == students[1]
    assert same(found) == same(expected)
    assert len(stored) == expected.runs
    processes = {line.split(",")[1] for line in log.read_text().splitlines()}
    assert len(processes) >= 2, "more than one worker trained"
