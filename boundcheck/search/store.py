"""The run store: every finished training run, in one SQLite file, kept across commands and crashes.

A run is identified by its setting (data, targets, training settings, eps of the early stop, version of the
numerics), its width and its seed. Finished runs are committed at once, so `kill -9` loses at most the runs in
flight. Processes that share a store may train the same run at the same time; they get the same result.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from boundcheck.errors import InputError, OutputError
from boundcheck.records import TrainingRun, TrainingSpec
from boundcheck.records.runs import Setting, StoredSetting
from boundcheck.search.database import connect
from boundcheck.search.place import default_path

Job = tuple[int, int]
"""(width, seed) of one training run."""


class Store:
    """Finished runs on disk. Use as a context manager, in the thread that opened it.

    path: default `default_path()`.  must_exist: refuse a missing file that the user named instead of creating it.
    Raises InputError on one line when the file cannot be opened, read or written.
    """

    def __init__(self, path: Path | str | None = None, *, must_exist: bool = False) -> None:
        self.path = Path(path) if path is not None else default_path()
        named = path is not None or bool(os.environ.get("BOUNDCHECK_STORE"))
        if must_exist and named and not self.path.exists():
            raise InputError(f"run store {self.path}: no such file; a width search creates it")
        with self._explained():
            self._db = connect(self.path)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def finished(self, setting: Setting) -> "RunsInStore":
        """The runs of one setting, entered in the store if it is new there."""
        body = (digest(setting), setting.name, setting.data, setting.targets, json.dumps(asdict(setting.spec)))
        with self.transaction() as db:
            db.execute(
                "INSERT INTO settings (digest, name, data, targets, spec, eps, numerics) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (digest) DO UPDATE SET name = excluded.name",
                (*body, setting.eps, setting.numerics),
            )
            (number,) = db.execute("SELECT id FROM settings WHERE digest = ?", (digest(setting),)).fetchone()
        return RunsInStore(self, number)

    def settings(self) -> list[StoredSetting]:
        """Every setting that has runs, the one used last first."""
        with self.connection() as db:
            rows = db.execute(
                "SELECT id, data, targets, spec, eps, numerics, name, count(*), group_concat(DISTINCT width), "
                "max(finished) FROM settings JOIN runs ON setting = id GROUP BY id ORDER BY max(finished) DESC"
            ).fetchall()
        return [
            StoredSetting(
                id=number,
                setting=Setting(data, targets, TrainingSpec(**json.loads(spec)), eps, numerics, name),
                runs=count,
                widths=tuple(sorted(map(int, widths.split(",")))),
                last_finished=finished,
            )
            for number, data, targets, spec, eps, numerics, name, count, widths, finished in rows
        ]

    def runs(self, setting: int) -> Iterator[TrainingRun]:
        """The runs of a setting by width and seed."""
        with self.connection() as db:
            rows = db.execute("SELECT result FROM runs WHERE setting = ? ORDER BY width, seed", (setting,))
            for (result,) in rows:
                if (run := _decode(result)) is not None:
                    yield run

    def prune(self, *, settings: Sequence[int] | None = None, finished_before: float | None = None) -> int:
        """Delete runs of these settings that finished before then (None: at any time); return how many.

        settings None: of all settings, and what `keep_cell` has kept as well, which is not counted.
        """
        chosen = [s.id for s in self.settings()] if settings is None else list(settings)
        before = float("inf") if finished_before is None else finished_before
        with self.transaction() as db:
            deleted = sum(
                db.execute("DELETE FROM runs WHERE setting = ? AND finished < ?", (number, before)).rowcount
                for number in chosen
            )
            if settings is None:
                db.execute("DELETE FROM cells WHERE finished < ?", (before,))
            # settings without runs stay: a running search may hold the number of one, and numbers are given out again
        with self.connection() as db:
            db.execute("VACUUM")
        return deleted

    def load_cell(self, key: str) -> str | None:
        """What was kept under `key` by `keep_cell`; None if nothing was."""
        with self.connection() as db:
            row = db.execute("SELECT value FROM cells WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def keep_cell(self, key: str, kind: str, value: str) -> None:
        """Commit the finished cell of an experiment; `key` determines it, `kind` is for people."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?)", (key, kind, value, time.time()))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block's changes or none, with the write lock held from the start."""
        with self.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """The open file; what SQLite reports is raised as an InputError on one line."""
        with self._explained():
            yield self._db

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            full = getattr(error, "sqlite_errorname", "").startswith("SQLITE_FULL")
            kind = OutputError if full else InputError
            raise kind(f"run store {self.path}: {_explain(error)}") from error


class RunsInStore:
    """The runs of one setting in a store: those that are done, and room for more."""

    def __init__(self, store: Store, setting: int) -> None:
        self._store = store
        self._setting = setting

    def load(self, jobs: Iterable[Job]) -> dict[Job, TrainingRun]:
        """Those of `jobs` that are finished."""
        with self._store.connection() as db:
            found = {
                job: _decode(row[0])
                for job in jobs
                if (row := db.execute(_FINISHED, (self._setting, *job)).fetchone()) is not None
            }
        return {job: run for job, run in found.items() if run is not None}

    def save(self, runs: Iterable[TrainingRun]) -> None:
        """Commit finished runs."""
        rows = [(self._setting, r.width, r.seed, json.dumps(asdict(r)), time.time()) for r in runs]
        with self._store.transaction() as db:
            db.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", rows)


_FINISHED = "SELECT result FROM runs WHERE setting = ? AND width = ? AND seed = ?"
_RUN_FIELDS = {f.name for f in fields(TrainingRun)}


def _decode(result: str) -> TrainingRun | None:
    """The run, or None if it was written in another form, in which case it is trained again."""
    body: dict[str, Any] = json.loads(result)
    if body.keys() != _RUN_FIELDS:
        return None
    bounds = body.pop("average_error_bounds")
    return TrainingRun(**body, average_error_bounds=None if bounds is None else (bounds[0], bounds[1]))


def _explain(error: Exception) -> str:
    reason = getattr(error, "sqlite_errorname", "")
    if reason.startswith("SQLITE_FULL"):
        return "the disk is full; free some space, delete old runs with 'boundcheck runs prune', or use --store FILE"
    if reason.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")) or isinstance(
        error, OSError
    ):
        return f"cannot be opened or written ({error}); choose another place with --store FILE"
    if reason.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"was damaged while in use ({error}); run the command again: the file is then set aside"
    if reason.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "stayed locked by another process; end that process or use --store FILE"
    return f"{error}; choose another place with --store FILE"


def digest(setting: Setting) -> str:
    """SHA-256 of all but the name."""
    identity = {k: v for k, v in setting.to_json().items() if k != "name"}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
