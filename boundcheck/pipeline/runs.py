"""`runs`: what the run store holds."""

import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from boundcheck.errors import InputError, writing
from boundcheck.records import TrainingRun, finite_or_none
from boundcheck.records.runs import Exported, Pruned, SettingRuns, StoredSetting, StoreListing, WidthRuns
from boundcheck.search.store import Store


def list_runs(path: Path | None = None) -> StoreListing:
    """Every setting in the store at `path` (None: the default one), the one used last first."""
    with Store(path, must_exist=True) as store:
        return StoreListing(str(store.path), tuple(store.settings()))


def show_runs(number: int, path: Path | None = None) -> SettingRuns:
    """The runs of setting `number`. Raises InputError if the store has no such setting."""
    by_width: dict[int, list[TrainingRun]] = {}
    with Store(path, must_exist=True) as store:
        (setting,) = _chosen(store, [number])
        for run in store.runs(number):
            by_width.setdefault(run.width, []).append(run)
    return SettingRuns(setting, tuple(_summary(width, runs) for width, runs in by_width.items()))


def export_runs(file: Path, numbers: Sequence[int] = (), path: Path | None = None) -> Exported:
    """Write the runs of these settings (none: all) to a .csv or .json file, one row a run.

    Raises InputError for another suffix or an unknown setting, OutputError where the file cannot be written.
    """
    if file.suffix not in (".csv", ".json"):
        raise InputError(f"{file}: the name must end in .csv or .json")
    with Store(path, must_exist=True) as store:
        found = [_row(setting, run) for setting in _chosen(store, numbers) for run in store.runs(setting.id)]
    rows = finite_or_none(found)[0]
    with writing(file), file.open("w", newline="", encoding="utf-8", errors="backslashreplace") as target:
        if file.suffix == ".json":
            json.dump(rows, target, indent=1, allow_nan=False)
        else:
            writer = csv.DictWriter(target, rows[0] if rows else [])
            writer.writeheader()
            writer.writerows(rows)
    return Exported(str(file), len(rows))


def prune_runs(
    numbers: Sequence[int] = (),
    *,
    older_than_days: float | None = None,
    everything: bool = False,
    path: Path | None = None,
) -> Pruned:
    """Delete the runs of these settings, or all runs, or only those finished so many days ago.

    Without numbers the cells of experiments and the teachers go as well, if they are as old.
    Raises InputError if nothing says what to delete, or for an unknown setting.
    """
    if not numbers and older_than_days is None and not everything:
        raise InputError("runs prune: say what to delete: numbers from 'boundcheck runs list', --older-than, or --all")
    before = None if older_than_days is None else time.time() - 86400 * older_than_days
    with Store(path, must_exist=True) as store:
        chosen = [setting.id for setting in _chosen(store, numbers)] if numbers else None
        return Pruned(str(store.path), store.prune(settings=chosen, finished_before=before))


def _chosen(store: Store, numbers: Sequence[int]) -> list[StoredSetting]:
    known = {setting.id: setting for setting in store.settings()}
    for number in numbers:
        if number not in known:
            raise InputError(f"{store.path}: has no setting {number}; 'boundcheck runs list' shows them")
    return [known[number] for number in numbers] if numbers else list(known.values())


def _summary(width: int, runs: Sequence[TrainingRun]) -> WidthRuns:
    def mean(name: str) -> float:
        return float(sum(getattr(run, name) for run in runs) / len(runs))

    errors = [run.average_error for run in runs]
    return WidthRuns(
        width=width,
        runs=len(runs),
        mean_error=mean("average_error"),
        smallest_error=min(errors),
        largest_error=max(errors),
        final_error=mean("final_error"),
        flip_fraction=mean("flip_fraction"),
        movement=mean("movement"),
    )


def _row(stored: StoredSetting, run: TrainingRun) -> dict[str, Any]:
    """One run as a flat row; the early stop's eps and the enclosure of the average error have their own columns."""
    setting, body = stored.setting, asdict(run)
    low, high = body.pop("average_error_bounds") or (run.average_error, run.average_error)
    spec = {f"spec_{name}" if name in body else name: value for name, value in asdict(setting.spec).items()}
    about = {"setting": stored.id, "name": setting.name, "data": setting.data, "targets": setting.targets}
    end = {"average_error_lower": low, "average_error_upper": high, "stop_eps": setting.eps}
    return about | spec | body | end | {"numerics": setting.numerics}
