"""Opening the run store's SQLite file: write-ahead log, schema versions, damaged files set aside."""

import sqlite3
import time
import warnings
from pathlib import Path

from boundcheck.errors import BoundcheckWarning, InputError

_APPLICATION_ID = 0x62636B31  # "bck1", in the file's header
_BUSY_SECONDS = 30.0

MIGRATIONS: list[tuple[str, ...]] = [
    (
        """CREATE TABLE settings (
            id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL, data TEXT NOT NULL,
            targets TEXT NOT NULL, spec TEXT NOT NULL, eps REAL, numerics TEXT NOT NULL) STRICT""",
        """CREATE TABLE runs (
            setting INTEGER NOT NULL REFERENCES settings (id), width INTEGER NOT NULL, seed INTEGER NOT NULL,
            result TEXT NOT NULL, finished REAL NOT NULL,
            PRIMARY KEY (setting, width, seed)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE claims (
            setting INTEGER NOT NULL, width INTEGER NOT NULL, seed INTEGER NOT NULL, owner TEXT NOT NULL,
            expires REAL NOT NULL, PRIMARY KEY (setting, width, seed)) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE cells (
            key TEXT PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, finished REAL NOT NULL)
            STRICT, WITHOUT ROWID""",
    ),
    ("DROP TABLE claims",),
]
"""Statements that lead from schema version i to i + 1; a store's version is its PRAGMA user_version."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the store at `path`, creating or upgrading it; a damaged one is renamed and a new one begun.

    Raises InputError if the file is something else, or was written by a newer boundcheck; sqlite3.Error or
    OSError if it cannot be opened or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.split("_")[1] not in ("CORRUPT", "NOTADB"):
            raise
        if not _was_a_store(path):
            raise InputError(f"{path}: is not a run store; give another file with --store FILE") from error
    aside = _set_aside(path)
    warnings.warn(
        f"run store {path} is damaged: kept as {aside.name}, a new one is begun", BoundcheckWarning, stacklevel=2
    )
    return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _damaged()
        _check_identity(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _damaged() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("quick_check failed")
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return error


def _check_identity(db: sqlite3.Connection, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != _APPLICATION_ID:
        raise InputError(f"{path}: is another program's database; give another file with --store FILE")
    if version > len(MIGRATIONS):
        raise InputError(
            f"{path}: was written by a newer boundcheck (schema {version}); upgrade boundcheck or use --store FILE"
        )


def _migrate(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")  # the version is read under the write lock: another process may be upgrading too
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                db.execute(statement)
        if version < len(MIGRATIONS):
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _was_a_store(path: Path) -> bool:
    """Whether a damaged file may be moved: it still begins like SQLite, or is named like a database."""
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3" or path.suffix in (".sqlite", ".sqlite3", ".db")


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06d}")
    for suffix in ("-wal", "-shm"):
        log = path.with_name(path.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    return path.rename(aside)
