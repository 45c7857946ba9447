"""A search killed at any moment resumes without repeating a run; searches may share a store."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from search.bernoulli import SPEC, Bernoulli, X, Y
from search.test_widths import PATIENT, same

from boundcheck.search import Context, Store, minimal_width

CURVE = {8: 0.3, 10: 0.8, 12: 0.97}
SCRIPT = """
import json, sys
from search.test_resume import work
work(sys.argv[1], sys.argv[2], sys.argv[3])
"""
Jobs = frozenset[tuple[int, int]]


def work(store: str, log: str, result: str) -> None:
    """What the killed and the concurrent processes do: one search in batches of about twenty milliseconds."""
    from boundcheck.search import executors

    executors._LEAST_NEURONS = 32
    executors._Pace.observe = lambda self, seconds: None
    with Store(store) as opened:
        found = minimal_width(
            X,
            Y,
            None,
            SPEC,
            PATIENT,
            eps=0.05,
            data_digest="d",
            context=Context(store=opened),
            train=Bernoulli(CURVE, pause=0.005, log=log),
        )
    Path(result).write_text(json.dumps(same(found)))


def start(*paths: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *map(str, paths)], env=environment)


def batches(log: Path) -> list[tuple[str, int, Jobs]]:
    """(begin or end, process, jobs) of each line of a trainer's log."""
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [(what, process, frozenset((w, s) for w, s in jobs)) for what, process, jobs in lines]


def uninterrupted() -> dict[str, object]:
    found = minimal_width(X, Y, None, SPEC, PATIENT, eps=0.05, data_digest="d", train=Bernoulli(CURVE))
    return json.loads(json.dumps(same(found)))


def test_killed_again_and_again_it_loses_only_the_batch_in_flight(tmp_path: Path) -> None:
    store, log, result = tmp_path / "runs.sqlite", tmp_path / "log", tmp_path / "result.json"
    luck = random.Random(0)
    kills = 0
    while not result.exists():
        process = start(store, log, result)
        before = len(batches(log))
        while process.poll() is None and len(batches(log)) == before:
            time.sleep(0.01)
        try:
            process.wait(timeout=luck.uniform(0, 0.35) if kills < 3 else 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        else:
            assert process.returncode == 0
    assert kills >= 3
    assert json.loads(result.read_text()) == uninterrupted()

    seen: set[tuple[int, int]] = set()
    begun = [(process, jobs) for what, process, jobs in batches(log) if what == "begin"]
    for i, (process, jobs) in enumerate(begun):
        assert not jobs & seen, "a finished batch is never trained again"
        in_flight = i + 1 < len(begun) and begun[i + 1][0] != process
        if not in_flight:
            seen |= jobs


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    store, log = tmp_path / "runs.sqlite", tmp_path / "log"
    results = [tmp_path / "one.json", tmp_path / "two.json"]
    workers = [start(store, log, result) for result in results]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0]
    expected = uninterrupted()
    assert [json.loads(result.read_text()) for result in results] == [expected, expected]
    with Store(store) as opened:
        (setting,) = opened.settings()
    assert setting.runs == expected["runs"], "work done twice is kept once"


def test_a_stopped_process_does_not_hold_up_another(tmp_path: Path) -> None:
    """A search that is stopped (SIGSTOP) in a batch reserves nothing: another one on its store makes all runs."""
    store, log, result = tmp_path / "runs.sqlite", tmp_path / "log", tmp_path / "result.json"
    first = start(store, log, tmp_path / "never.json")
    try:
        while not any(what == "begin" for what, *_ in batches(log)):
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGSTOP)
        assert start(store, log, result).wait(timeout=60) == 0
        assert json.loads(result.read_text()) == uninterrupted()
    finally:
        first.kill()
        first.wait()


def test_a_stored_search_trains_nothing_and_says_so(tmp_path: Path) -> None:
    def forbidden(*_: object, **__: object) -> object:
        raise AssertionError("everything is in the store")

    class NoWork(Bernoulli):
        __call__ = forbidden

    NoWork.__module__, NoWork.__qualname__ = Bernoulli.__module__, Bernoulli.__qualname__
    with Store(tmp_path / "runs.sqlite") as store:
        first = minimal_width(
            X, Y, None, SPEC, PATIENT, eps=0.05, data_digest="d", context=Context(store=store), train=Bernoulli(CURVE)
        )
        again = minimal_width(
            X, Y, None, SPEC, PATIENT, eps=0.05, data_digest="d", context=Context(store=store), train=NoWork(CURVE)
        )
        hurried = minimal_width(
            X,
            Y,
            None,
            SPEC,
            replace(PATIENT, time_limit=0),
            eps=0.05,
            data_digest="d",
            context=Context(store=store),
            train=NoWork(CURVE),
        )
    assert first.runs_reused == 0
    assert again.runs_reused == again.runs == sum(t.reused for t in again.trials)
    assert same(first) == same(again) == same(hurried)
