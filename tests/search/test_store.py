"""The run store: identity of a run, its place, damage, versions, full and forbidden places."""

import dataclasses
import math
import os
import sqlite3
import time
from pathlib import Path

import pytest
from platformdirs import user_data_path
from search.bernoulli import SPEC

from boundcheck import training
from boundcheck.errors import BoundcheckWarning, InputError, OutputError
from boundcheck.records import TrainingRun
from boundcheck.records.runs import Setting
from boundcheck.search import database, runs
from boundcheck.search.store import Store, default_path

SETTING = Setting(data="d", targets="t", spec=SPEC, eps=0.1, numerics="1", name="octagon")


def run(width: int = 8, seed: int = 0, error: float = 0.1) -> TrainingRun:
    return TrainingRun(width, seed, error, 1 / 3, 0.0, 0.1, 0.2, 1e-300, 7, True, (0.05, 0.1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def test_runs_come_back_bit_for_bit(path: Path) -> None:
    kept = [run(8, 0, 0.1 + 0.2), dataclasses.replace(run(8, 1), average_error_bounds=None, movement=math.inf)]
    with Store(path) as store:
        store.finished(SETTING).save(kept)
    with Store(path) as store:
        assert store.finished(SETTING).load([(8, 0), (8, 1), (8, 2)]) == {(8, 0): kept[0], (8, 1): kept[1]}


@pytest.mark.parametrize(
    "change",
    [
        {"data": "e"}, {"targets": "u"}, {"eps": 0.2}, {"eps": None}, {"numerics": "2"},
        {"spec": dataclasses.replace(SPEC, radius=math.inf)}, {"spec": dataclasses.replace(SPEC, steps=101)},
        {"spec": dataclasses.replace(SPEC, precision="float64")},
    ],
)  # fmt: skip
def test_whatever_changes_a_run_changes_its_identity(path: Path, change: dict[str, object]) -> None:
    other = dataclasses.replace(SETTING, **change)
    with Store(path) as store:
        store.finished(SETTING).save([run()])
        assert store.finished(other).load([(8, 0)]) == {}
        assert store.finished(dataclasses.replace(SETTING, name="renamed")).load([(8, 0)]) == {(8, 0): run()}


def test_settings_are_listed_with_their_runs(path: Path) -> None:
    other = dataclasses.replace(SETTING, data="other", spec=dataclasses.replace(SPEC, radius=math.inf))
    with Store(path) as store:
        store.finished(SETTING).save([run(8, 0), run(2, 1), run(8, 1)])
        store.finished(other).save([run(4)])
        store.finished(dataclasses.replace(SETTING, data="never used"))
        second, first = store.settings()
        assert (first.setting, first.runs, first.widths) == (SETTING, 3, (2, 8))
        assert second.setting == other
        assert [(r.width, r.seed) for r in store.runs(first.id)] == [(2, 1), (8, 0), (8, 1)]


def test_prune_never_gives_a_running_search_its_number_away(path: Path) -> None:
    """Another setting after the prune must not read the runs that the search is still saving."""
    with Store(path) as store:
        running = store.finished(SETTING)
        store.prune()
        other = store.finished(dataclasses.replace(SETTING, data="other"))
        running.save([run(8, 0)])
        assert other.load([(8, 0)]) == {}
        assert set(running.load([(8, 0)])) == {(8, 0)}


def test_prune_deletes_what_it_is_told_and_nothing_else(path: Path) -> None:
    with Store(path) as store:
        store.finished(SETTING).save([run(8, 0)])
        store.finished(dataclasses.replace(SETTING, data="other")).save([run(4), run(6)])
        number = next(s.id for s in store.settings() if s.setting == SETTING)
        assert store.prune(settings=[number], finished_before=time.time() - 60) == 0
        assert store.prune(settings=[number]) == 1
        assert [s.setting.data for s in store.settings()] == ["other"]
        assert store.prune(finished_before=time.time() + 1) == 2
        assert store.settings() == []


def damage_tail(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def damage_head(path: Path) -> None:
    path.write_bytes(b"garbage" * 1000)


def damage_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = os.urandom(4096)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [damage_tail, damage_head, damage_page])
def test_a_damaged_store_is_set_aside_with_one_warning(path: Path, damage) -> None:
    with Store(path) as store:
        store.finished(SETTING).save([run(8, seed) for seed in range(100)])
    damage(path)
    broken = path.read_bytes()
    with pytest.warns(BoundcheckWarning, match=r"is damaged: kept as runs\.sqlite\.damaged-") as caught:
        store = Store(path)
    with store:
        assert store.finished(SETTING).load([(8, 0)]) == {}
        store.finished(SETTING).save([run()])
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    (aside,) = path.parent.glob("runs.sqlite.damaged-*[0-9]")
    assert aside.read_bytes() == broken
    with Store(path) as store:
        assert store.finished(SETTING).load([(8, 0)]) == {(8, 0): run()}


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not a database")
    with pytest.raises(InputError, match=r"notes\.txt: is not a run store"):
        Store(notes)
    assert notes.read_text() == "not a database"


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(InputError, match="another program's database"):
        Store(path)


def test_an_old_store_is_upgraded_and_a_newer_one_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as store:
        store.finished(SETTING).save([run()])
    newer = [*database.MIGRATIONS, ("ALTER TABLE settings ADD COLUMN note TEXT NOT NULL DEFAULT 'old'",)]
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", newer)
        with Store(path) as store:
            assert store.finished(SETTING).load([(8, 0)]) == {(8, 0): run()}
            with store.connection() as db:
                assert db.execute("SELECT note FROM settings").fetchone() == ("old",)
    with pytest.raises(InputError, match="written by a newer boundcheck"):
        Store(path)


def test_a_run_written_in_another_form_is_trained_again(path: Path) -> None:
    with Store(path) as store:
        finished = store.finished(SETTING)
        finished.save([run()])
        with store.transaction() as db:
            db.execute("UPDATE runs SET result = '{\"width\": 8}'")
        assert finished.load([(8, 0)]) == {}
        finished.save([run()])
        assert finished.load([(8, 0)]) == {(8, 0): run()}


def test_a_full_disk_is_reported_in_one_line(path: Path) -> None:
    with Store(path) as store:
        finished = store.finished(SETTING)
        with store.connection() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(OutputError, match="the disk is full") as refusal:
            finished.save([run(8, seed) for seed in range(1000)])
        assert "\n" not in str(refusal.value)
        finished.save([run()])
        assert finished.load([(8, 0), (8, 1)]) == {(8, 0): run()}, "all of a batch is kept or nothing"


def test_a_forbidden_place_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "runs.sqlite", Path("/proc/boundcheck/runs.sqlite")):
        with pytest.raises(InputError, match=r"choose another place with --store FILE") as refusal:
            Store(place)
        assert "\n" not in str(refusal.value)


def test_a_read_only_store_can_be_read_and_says_so_when_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as store:
        store.finished(SETTING).save([run()])
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda file, **kept: connect(f"file:{file}?mode=ro", uri=True, **kept))
    with Store(path) as store:
        assert store.settings()[0].runs == 1
        with pytest.raises(InputError, match=r"cannot be opened or written .*readonly.*--store FILE"):
            store.finished(SETTING)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("BOUNDCHECK_STORE", raising=False)
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_store_lives_in_the_users_data_folder_unless_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_path() == user_data_path("boundcheck", appauthor=False) / "runs.sqlite"
    assert home in default_path().parents
    assert ".cache" not in default_path().parts
    monkeypatch.setenv("BOUNDCHECK_STORE", str(home / "mine.db"))
    assert Store().path == home / "mine.db"


def test_a_store_in_the_cache_folder_is_moved_over_once(home: Path) -> None:
    former = home / ".cache" / "boundcheck" / "runs.sqlite"
    with Store(former) as store:
        store.finished(SETTING).save([run()])
    with pytest.warns(BoundcheckWarning, match="run store moved from the cache folder") as said:
        store = Store()
    with store:
        assert store.path == user_data_path("boundcheck", appauthor=False) / "runs.sqlite"
        assert store.finished(SETTING).load([(8, 0)]) == {(8, 0): run()}
    assert len(said) == 1
    assert list(former.parent.iterdir()) == []
    with Store(former) as store:
        store.finished(SETTING).save([run(10)])
    with Store() as store:
        assert store.finished(SETTING).load([(8, 0), (10, 0)]) == {(8, 0): run()}, (
            "moved once, never over a newer store"
        )


def test_a_store_in_use_is_moved_another_time(home: Path) -> None:
    former = home / ".cache" / "boundcheck" / "runs.sqlite"
    with Store(former) as other:
        other.finished(SETTING).save([run()])
        with pytest.warns(BoundcheckWarning, match="stays in the cache folder for now"):
            store = Store()
        with store:
            assert store.path == former
            assert store.finished(SETTING).load([(8, 0)]) == {(8, 0): run()}
        other.finished(SETTING).save([run(10)])
    with pytest.warns(BoundcheckWarning, match="moved"):
        store = Store()
    with store:
        assert set(store.finished(SETTING).load([(8, 0), (10, 0)])) == {(8, 0), (10, 0)}


def test_a_comment_in_the_training_code_keeps_the_stored_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are found again by a version number of the numerics, not by the text of the program."""
    before = runs._trainer(None)[1]
    source = Path(training.__file__).parent / "pgd.py"
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + (b"# more" if path == source else b""))
    assert runs._trainer(None)[1] == before
    monkeypatch.setattr(training, "NUMERICS", training.NUMERICS + 1)
    assert runs._trainer(None)[1] != before


def test_cells_of_experiments_are_kept_and_replaced(path: Path) -> None:
    with Store(path) as store:
        assert store.load_cell("a") is None
        store.keep_cell("a", "figure1", '{"x": 1}')
        store.keep_cell("b", "figure1", "other")
        store.keep_cell("a", "figure1", '{"x": 2}')
    with Store(path) as store:
        assert store.load_cell("a") == '{"x": 2}'
        assert store.load_cell("b") == "other"
        assert store.settings() == [], "cells are no training runs"


def test_pruning_everything_takes_the_cells_too(path: Path) -> None:
    with Store(path) as store:
        store.finished(SETTING).save([run()])
        store.keep_cell("a", "teacher", "v")
        store.prune(finished_before=1.0)
        assert store.load_cell("a") == "v", "not that old"
        assert store.prune(settings=[1]) == 1
        assert store.load_cell("a") == "v", "only those runs were asked for"
        assert store.prune() == 0
        assert store.load_cell("a") is None


def test_a_store_written_before_cells_gains_them_and_keeps_its_runs(path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", database.MIGRATIONS[:1])
        with Store(path) as store:
            store.finished(SETTING).save([run()])
    with Store(path) as store:
        store.keep_cell("a", "table1", "v")
        assert store.load_cell("a") == "v"
        assert store.finished(SETTING).load([(8, 0)]) == {(8, 0): run()}
