"""The run store: identity of a run, claims, damage, versions, full and forbidden places."""

import dataclasses
import math
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from search.bernoulli import SPEC

from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.records import TrainingRun
from boundcheck.search import claims, database
from boundcheck.search import store as store_module
from boundcheck.search.store import Setting, Store, default_path

SETTING = Setting(data="d", targets="t", spec=SPEC, eps=0.1, numerics="1", name="octagon")


def run(width: int = 8, seed: int = 0, error: float = 0.1) -> TrainingRun:
    return TrainingRun(width, seed, error, 1 / 3, 0.0, 0.1, 0.2, 1e-300, 7, True, (0.05, 0.1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def test_runs_come_back_bit_for_bit(path: Path) -> None:
    kept = [run(8, 0, 0.1 + 0.2), dataclasses.replace(run(8, 1), average_error_bounds=None, movement=math.inf)]
    with Store(path) as store:
        store.ledger(SETTING).save(kept)
    with Store(path) as store:
        assert store.ledger(SETTING).load([(8, 0), (8, 1), (8, 2)]) == {(8, 0): kept[0], (8, 1): kept[1]}


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
        store.ledger(SETTING).save([run()])
        assert store.ledger(other).load([(8, 0)]) == {}
        assert store.ledger(dataclasses.replace(SETTING, name="renamed")).load([(8, 0)]) == {(8, 0): run()}


def test_settings_are_listed_with_their_runs(path: Path) -> None:
    other = dataclasses.replace(SETTING, data="other", spec=dataclasses.replace(SPEC, radius=math.inf))
    with Store(path) as store:
        store.ledger(SETTING).save([run(8, 0), run(2, 1), run(8, 1)])
        store.ledger(other).save([run(4)])
        store.ledger(dataclasses.replace(SETTING, data="never used"))
        second, first = store.settings()
        assert (first.setting, first.runs, first.widths) == (SETTING, 3, (2, 8))
        assert second.setting == other
        assert [(r.width, r.seed) for r in store.runs(first.id)] == [(2, 1), (8, 0), (8, 1)]


def test_prune_never_gives_a_running_search_its_number_away(path: Path) -> None:
    """Another setting after the prune must not read the runs that the search is still saving."""
    with Store(path) as store:
        running = store.ledger(SETTING)
        store.prune()
        other = store.ledger(dataclasses.replace(SETTING, data="other"))
        running.save([run(8, 0)])
        assert other.load([(8, 0)]) == {}
        assert set(running.load([(8, 0)])) == {(8, 0)}


def test_prune_deletes_what_it_is_told_and_nothing_else(path: Path) -> None:
    with Store(path) as store:
        store.ledger(SETTING).save([run(8, 0)])
        store.ledger(dataclasses.replace(SETTING, data="other")).save([run(4), run(6)])
        number = next(s.id for s in store.settings() if s.setting == SETTING)
        assert store.prune(settings=[number], finished_before=time.time() - 60) == 0
        assert store.prune(settings=[number]) == 1
        assert [s.setting.data for s in store.settings()] == ["other"]
        assert store.prune(finished_before=time.time() + 1) == 2
        assert store.settings() == []


def test_a_job_is_claimed_once(path: Path) -> None:
    jobs = [(8, s) for s in range(4)]
    with Store(path) as one, Store(path) as other:
        mine = one.ledger(SETTING).claim(jobs, neurons=16)
        assert mine == [(8, 0), (8, 1)]
        assert other.ledger(SETTING).claim(jobs, neurons=1) == [(8, 2)], "at least one"
        one.ledger(SETTING).save([run(8, 0)])
        one.ledger(SETTING).release([(8, 1)])
        assert other.ledger(SETTING).claim(jobs, neurons=10**6) == [(8, 1), (8, 3)]


def test_claims_end_with_the_store(path: Path) -> None:
    with Store(path) as one:
        one.ledger(SETTING).claim([(8, 0)], 8)
    with Store(path) as other:
        assert other.ledger(SETTING).claim([(8, 0)], 8) == [(8, 0)]


def test_claims_of_a_killed_process_lapse_at_once(path: Path) -> None:
    script = (
        "import os, sys\nfrom search.test_store import SETTING, Store\n"
        "Store(sys.argv[1]).ledger(SETTING).claim([(8, 0)], 8)\nos.kill(os.getpid(), 9)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script, str(path)], env=environment, check=False)
    assert sqlite3.connect(path).execute("SELECT count(*) FROM claims").fetchone() == (1,)
    with Store(path) as store:
        assert store.ledger(SETTING).claim([(8, 0)], 8) == [(8, 0)]


def test_a_claim_of_another_machine_is_respected_until_it_expires() -> None:
    stranger = "elsewhere/1/abc"
    assert not claims.is_abandoned(stranger, expires=100.0, now=99.0)
    assert claims.is_abandoned(stranger, expires=100.0, now=101.0)
    assert not claims.is_abandoned(claims.new_owner(), expires=100.0, now=99.0)


def test_claims_are_renewed_while_their_owner_works(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(claims, "_is_alive", lambda process: True)
    with Store(path) as one, Store(path) as other:
        one.ledger(SETTING).claim([(8, 0)], 8)
        time.sleep(0.9)
        assert other.ledger(SETTING).claim([(8, 0)], 8) == []
        one._heartbeat.stop()  # as if the whole process had stopped
        time.sleep(0.6)
        assert other.ledger(SETTING).claim([(8, 0)], 8) == [(8, 0)]


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
        store.ledger(SETTING).save([run(8, seed) for seed in range(100)])
    damage(path)
    broken = path.read_bytes()
    with pytest.warns(BoundcheckWarning, match=r"is damaged: kept as runs\.sqlite\.damaged-") as caught:
        store = Store(path)
    with store:
        assert store.ledger(SETTING).load([(8, 0)]) == {}
        store.ledger(SETTING).save([run()])
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    (aside,) = path.parent.glob("runs.sqlite.damaged-*[0-9]")
    assert aside.read_bytes() == broken
    with Store(path) as store:
        assert store.ledger(SETTING).load([(8, 0)]) == {(8, 0): run()}


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
        store.ledger(SETTING).save([run()])
    newer = [*database.MIGRATIONS, ("ALTER TABLE settings ADD COLUMN note TEXT NOT NULL DEFAULT 'old'",)]
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", newer)
        with Store(path) as store:
            assert store.ledger(SETTING).load([(8, 0)]) == {(8, 0): run()}
            with store.connection() as db:
                assert db.execute("SELECT note FROM settings").fetchone() == ("old",)
    with pytest.raises(InputError, match="written by a newer boundcheck"):
        Store(path)


def test_a_run_written_in_another_form_is_trained_again(path: Path) -> None:
    with Store(path) as store:
        ledger = store.ledger(SETTING)
        ledger.save([run()])
        with store.transaction() as db:
            db.execute("UPDATE runs SET result = '{\"width\": 8}'")
        assert ledger.load([(8, 0)]) == {}
        assert ledger.claim([(8, 0)], 8) == [(8, 0)]
        ledger.save([run()])
        assert ledger.load([(8, 0)]) == {(8, 0): run()}


def test_a_full_disk_is_reported_in_one_line(path: Path) -> None:
    with Store(path) as store:
        ledger = store.ledger(SETTING)
        with store.connection() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(InputError, match="the disk is full") as refusal:
            ledger.save([run(8, seed) for seed in range(1000)])
        assert "\n" not in str(refusal.value)
        ledger.save([run()])
        assert ledger.load([(8, 0), (8, 1)]) == {(8, 0): run()}, "all of a batch is kept or nothing"


def test_a_forbidden_place_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "runs.sqlite", Path("/proc/boundcheck/runs.sqlite")):
        with pytest.raises(InputError, match=r"choose another place with --store FILE") as refusal:
            Store(place)
        assert "\n" not in str(refusal.value)


def test_a_read_only_store_can_be_read_and_says_so_when_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as store:
        store.ledger(SETTING).save([run()])
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda file, **kept: connect(f"file:{file}?mode=ro", uri=True, **kept))
    with Store(path) as store:
        assert store.settings()[0].runs == 1
        with pytest.raises(InputError, match=r"cannot be opened or written .*readonly.*--store FILE"):
            store.ledger(SETTING)


def test_the_store_lives_in_the_users_cache_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BOUNDCHECK_STORE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "boundcheck" / "runs.sqlite"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".cache" / "boundcheck" / "runs.sqlite"
    monkeypatch.setenv("BOUNDCHECK_STORE", str(tmp_path / "mine.db"))
    assert Store().path == tmp_path / "mine.db"


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
        store.ledger(SETTING).save([run()])
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
            store.ledger(SETTING).save([run()])
    with Store(path) as store:
        store.keep_cell("a", "table1", "v")
        assert store.load_cell("a") == "v"
        assert store.ledger(SETTING).load([(8, 0)]) == {(8, 0): run()}
