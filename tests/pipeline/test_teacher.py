"""The teacher that `verify` trains on: the same labels for the same command, whatever the clock and `kill -9` do."""

import dataclasses
import json
import sqlite3
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import Dataset, load_dataset
from boundcheck.pipeline import margin as _margin
from boundcheck.pipeline import reproduce as _reproduce
from boundcheck.pipeline import teacher as _teacher
from boundcheck.pipeline.compare import hardness
from boundcheck.pipeline.labels import labels_make
from boundcheck.pipeline.margin import margin
from boundcheck.progress import SILENT
from boundcheck.records.margin import MarginReport, Teacher
from boundcheck.search import Context, Store

DATA = "synthetic:sphere:n=8,d=4"


def find(store: Store | None, data: Dataset | None = None, *, seed: int = 0, draws: int | None = None) -> Teacher:
    found = _teacher.find_teacher(load_dataset(DATA) if data is None else data, draws, Context(seed=seed, store=store))
    assert found is not None
    return found


def same_bits(one: Teacher, other: Teacher) -> bool:
    return all(
        np.array_equal(getattr(one, f.name), getattr(other, f.name))
        if f.name != "margin"
        else one.margin == other.margin
        for f in dataclasses.fields(Teacher)
    )


def unhelpful(*_: Any, **__: Any) -> MarginReport:
    raise AssertionError("the teacher was in the store")


def test_a_kept_teacher_is_used_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "runs.sqlite") as store:
        first = find(store)
        monkeypatch.setattr(_margin, "margin", unhelpful)
        assert same_bits(find(store), first)
        for other in ({"seed": 1}, {"draws": 10**6}, {"data": load_dataset("synthetic:sphere:n=9,d=4")}):
            with pytest.raises(AssertionError):
                find(store, **other)  # type: ignore[arg-type]


def test_without_a_store_a_teacher_has_the_same_bits_again() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = find(None), find(None)
    assert not first.margin.exact
    assert first.margin.relative_width <= _teacher.TOLERANCE
    assert same_bits(first, second)
    assert not same_bits(first, find(None, seed=1))


def test_an_interrupted_margin_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any, **options: Any) -> MarginReport:
        return dataclasses.replace(margin(*arguments, **options), interrupted=True)

    monkeypatch.setattr(_margin, "margin", interrupted)
    with Store(tmp_path / "runs.sqlite") as store:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                find(store)


@pytest.mark.parametrize("use", ["hardness", "labels", "experiment"])
def test_an_interrupted_margin_ends_what_would_go_on_to_use_it(
    use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> MarginReport:
        return dataclasses.replace(margin(*arguments, **options), interrupted=True)

    monkeypatch.setattr(_margin, "margin", interrupted)
    data = load_dataset("synthetic:circle:points=8")
    uses = {
        "hardness": lambda: hardness(data),
        "labels": lambda: labels_make(data, "kernel", tmp_path / "teacher.npz"),
        "experiment": lambda: _reproduce._margins(data, data, 1, 0, None, SILENT),
    }
    with pytest.raises(KeyboardInterrupt):
        uses[use]()
    assert not list(tmp_path.iterdir())


def test_no_teacher_without_a_margin() -> None:
    hexagon = load_dataset("synthetic:circle:points=6")
    assert _teacher.find_teacher(hexagon, None, Context()) is None


def finished(store: Path) -> dict[tuple[int, int, int], float]:
    """When each (setting, width, seed) in a store was committed."""
    if not store.exists():
        return {}
    with sqlite3.connect(store, timeout=30) as db:
        try:
            return {row[:3]: row[3] for row in db.execute("SELECT setting, width, seed, finished FROM runs")}
        except sqlite3.OperationalError:  # not yet created
            return {}


OTHERWISE = """
import sys
from boundcheck.cli import main
from boundcheck.pipeline import margin as _margin
shift, margin = int(sys.argv.pop(1)), _margin.margin
_margin.margin = lambda *data, seed, **more: margin(*data, seed=seed + shift, **more)
main()
"""


def verify(store: Path, shift: int) -> "subprocess.Popen[str]":
    """A search on sampled labels: another `shift` samples the margin otherwise, as another version may."""
    command = (
        f"verify synthetic:sphere:n=40,d=3 --width-search --margin-draws 4000 --eps 0.3 --steps 1000 --store {store}"
    )
    more = " --max-width 32 --max-seeds 20 --certificate-time 0 --json"
    return subprocess.Popen(
        [sys.executable, "-c", OTHERWISE, str(shift), *(command + more).split()], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_killed_verify_resumes_without_repeating_a_run(tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    process = verify(store, shift=0)
    while len(finished(store)) < 30:
        assert process.poll() is None, "killed before its end"
        time.sleep(0.01)
    process.kill()
    process.communicate()
    before = finished(store)
    assert before

    envelope = json.loads(verify(store, shift=1).communicate(timeout=300)[0])
    searches = envelope["result"]["searches"]
    after = finished(store)
    assert before.items() <= after.items(), "a finished run is never trained again"
    assert len({setting for setting, *_ in after}) == len(searches) == 3
    assert sum(search["runs_reused"] for search in searches) == len(before)
    assert sum(search["runs"] for search in searches) == len(after) > len(before)
