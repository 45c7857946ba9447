"""Where the run store lives: hours of work, so in the user's data folder and not in a cache that cleaners empty."""

import os
import sqlite3
import warnings
from pathlib import Path

from boundcheck.errors import BoundcheckWarning

_NAME = "runs.sqlite"


def default_path() -> Path:
    """$BOUNDCHECK_STORE, or boundcheck/runs.sqlite in the user's data folder (~/.local/share on Linux)."""
    if chosen := os.environ.get("BOUNDCHECK_STORE"):
        return Path(chosen)
    from platformdirs import user_data_path

    return _moved(_former_path(), user_data_path("boundcheck", appauthor=False) / _NAME)


def _former_path() -> Path:
    """Where versions before 0.2 kept the store."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "boundcheck" / _NAME


def _moved(former: Path, place: Path) -> Path:
    """`place`, after a store at `former` was moved there; `former` while another program uses it."""
    if place.exists() or not former.exists():
        return place
    try:
        _close(former)
        place.parent.mkdir(parents=True, exist_ok=True)
        former.rename(place)
    except (sqlite3.Error, OSError) as error:
        warnings.warn(f"run store {former}: stays in the cache folder for now ({error})", BoundcheckWarning, 3)
        return former
    warnings.warn(f"run store moved from the cache folder {former.parent} to {place}", BoundcheckWarning, 3)
    return place


def _close(store: Path) -> None:
    """Write the store's log into its one file. Raises sqlite3.OperationalError while another program has it open."""
    db = sqlite3.connect(store, timeout=0.0, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = DELETE")  # takes the exclusive lock, or raises "database is locked"
    finally:
        db.close()
