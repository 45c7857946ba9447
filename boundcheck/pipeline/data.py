"""`data`: what a table holds, and which preparation of its rows has the largest margin."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from boundcheck.datasets import Dataset, as_table, save_dataset
from boundcheck.datasets.dataset import Table
from boundcheck.datasets.make import make_dataset
from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.pipeline.margin import rkhs_interval
from boundcheck.progress import SILENT, Progress
from boundcheck.records.data import ClassCount, ColumnFacts, DataReport, Recipe, Recommended

RECIPES = (
    ("", "max"),
    ("", "unit"),
    ("center", "max"),
    ("center", "unit"),
    ("standardize", "max"),
    ("standardize", "unit"),
    ("standardize,bias", "max"),
    ("whiten", "unit"),
)
NEEDED = ("impute", "onehot")
SAMPLE = 2000  # rows on which recipes are compared: gamma falls with n, its ratios between recipes hardly
HINT_ROWS = 1000
HINT_SCALES = 100.0
HINT_GAIN = 10.0
"""`margin` and `verify` speak where columns differ by more than HINT_SCALES, or a recipe has HINT_GAIN times gamma."""


def data(data: Any, y: Any = None, **options: Any) -> DataReport:
    """Describe data and compare ways to prepare its rows; the arguments and errors of `look`."""
    return look(data, y, **options)[0]


def look(
    data: Any,
    y: Any = None,
    *,
    output: Path | None = None,
    prepare: Sequence[str] = (),
    normalize: str = "max",
    positive: Sequence[str] = (),
    drop: Sequence[str] = (),
    subsample: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
    **reading: Any,
) -> tuple[DataReport, Dataset]:
    """Describe data, compare recipes, and write the rows after the best one or after `prepare`, to `output` (.npz).

    data, y: as for `as_dataset`.  reading: target, ignore, keys, split, as for `load_dataset`.  The steps impute and
    onehot come first wherever the table has missing cells or text.  Raises InputError as `load_dataset` does, and
    where no recipe can be used.
    """
    if output is not None and output.suffix != ".npz":
        raise InputError(f"{output}: prepared rows are written as .npz; give -o FILE.npz")
    source, everything, sha = as_table(data, y, seed=seed, **reading)
    table = everything.training
    chosen: dict[str, Any] = {"positive": positive, "drop": drop, "seed": seed}
    plain = _numbers(source, table, subsample=subsample, **chosen)
    needed = _needed(table)
    typed = ",".join(prepare)
    recipes = [(",".join(filter(None, (needed, steps))), norm) for steps, norm in RECIPES]
    if (typed, normalize) not in recipes and (typed or not needed):
        recipes.append((typed, normalize))
    sample = min(SAMPLE, len(plain.y))
    tried = []
    for k, (steps, norm) in enumerate(recipes):
        progress.update(f"recipe {k + 1} of {len(recipes)}", k, len(recipes))
        tried.append(_try(source, table, steps, norm, subsample=sample, **chosen))
    found = _compared(tried)
    best = max(found, key=lambda recipe: recipe.gamma_rkhs.lower if recipe.gamma_rkhs else -1.0)
    if best.gamma_rkhs is None:
        raise InputError(f"{source}: no recipe can be used ({best.said}); mend the rows")
    chosen_by_user = bool(typed) or normalize != "max"
    steps, norm = (typed or needed, normalize) if chosen_by_user else (best.prepare, best.normalize)
    whole = make_dataset(
        source, everything, steps=steps, normalize=norm, subsample=subsample, file_sha256=sha, **chosen
    )
    if output is not None:
        save_dataset(output, whole)
    raw = plain.raw[:, :-1]
    duplicates, contradictions, antipodal = _repeats(raw, plain.y)
    return DataReport(
        data=source,
        n=len(plain.y),
        d=int(np.prod(table.X.shape[1:])),
        classes=_classes(table, plain),
        columns=_columns(table),
        duplicates=duplicates,
        contradictions=contradictions,
        antipodal=antipodal,
        missing=_missing(table),
        scale_ratio=scale_ratio(table),
        held_out=everything.held_out,
        left_out=plain.left_out,
        sampled=sample,
        recipes=found,
        recommended=Recommended(best.prepare, best.normalize) if best.gamma_rkhs.lower > 0 else None,
        written=None if output is None else str(output),
    ), whole


def _numbers(source: str, table: Table, **chosen: Any) -> Dataset:
    """All rows as numbers, before any recipe; the bias, their last column, lets rows of zeros through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundcheckWarning)
        return make_dataset(source, table, steps="impute,onehot,bias=1", **chosen)


def _needed(table: Table) -> str:
    """The steps without which no recipe can be used."""
    return ",".join(name for name, needs in zip(NEEDED, (_missing(table) > 0, table.levels), strict=True) if needs)


def _missing(table: Table) -> int:
    return int(np.isnan(table.X).sum()) if table.X.dtype.kind == "f" else 0


def _try(source: str, table: Table, steps: str, norm: str, **chosen: Any) -> Recipe:
    """One recipe with its margin, or with the reason why it cannot be used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundcheckWarning)
        try:
            data = make_dataset(source, table, steps=steps, normalize=norm, **chosen)
            gamma, conflicts = rkhs_interval(data)
        except InputError as error:
            return Recipe(steps, norm, None, None, str(error).removeprefix(f"{source}: "))
    said = "; ".join(step.said for step in data.preparation.steps if step.said and step.name not in NEEDED)
    if conflicts:
        said = f"{len(conflicts)} rows force gamma = 0"
    return Recipe(steps, norm, gamma, None, said)


def _compared(recipes: list[Recipe]) -> tuple[Recipe, ...]:
    """With neurons at 1/gamma^2 relative to the best."""
    best = max((r.gamma_rkhs.lower for r in recipes if r.gamma_rkhs), default=0.0)
    return tuple(
        replace(r, relative_width=(best / r.gamma_rkhs.lower) ** 2) if r.gamma_rkhs and r.gamma_rkhs.lower > 0 else r
        for r in recipes
    )


def _repeats(raw: np.ndarray, y: np.ndarray) -> tuple[int, int, int]:
    """Rows that repeat an earlier one, different rows that have both labels, and pairs x, -x of different rows."""

    def keys(rows: np.ndarray) -> list[bytes]:
        plain = np.ascontiguousarray(rows, dtype=np.float64) + 0.0  # -0.0 is 0.0
        return [row.tobytes() for row in plain]

    seen: dict[bytes, set[int]] = {}
    for key, label in zip(keys(raw), y.tolist(), strict=True):
        seen.setdefault(key, set()).add(label)
    opposite = sum(key in seen for key in {key for row in raw for key in keys(-row[None])})
    zero = keys(np.zeros((1, raw.shape[1])))[0] in seen
    return len(y) - len(seen), sum(len(labels) > 1 for labels in seen.values()), (opposite - zero) // 2


def scale_ratio(table: Table) -> float | None:
    """The largest entry of the widest column over that of the narrowest; None for images and bytes: one unit."""
    if table.X.ndim > 2 or table.X.dtype == np.uint8:
        return None
    numbers = [j for j in range(table.X.shape[1]) if j not in table.levels]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without any value
        largest = np.nanmax(np.abs(table.X[:, numbers].astype(np.float64)), axis=0) if numbers else np.zeros(0)
    largest = largest[largest > 0]
    return float(largest.max() / largest.min()) if len(largest) else None


def _classes(table: Table, data: Dataset) -> tuple[ClassCount, ...]:
    sign = {**dict.fromkeys(data.negative, -1), **dict.fromkeys(data.positive, 1)}
    codes = table.codes
    return tuple(ClassCount(name, int((codes == k).sum()), sign.get(name, 0)) for k, name in enumerate(table.names))


def _columns(table: Table) -> tuple[ColumnFacts, ...]:
    """Every named column; arrays without names have none to tell of."""
    found = []
    for j, name in enumerate(table.columns):
        column = np.asarray(table.X[:, j], dtype=np.float64)
        there = column[~np.isnan(column)]
        text = j in table.levels
        lowest, highest = (None, None) if text or not len(there) else (float(there.min()), float(there.max()))
        categories = len(table.levels[j]) if text else None
        kind = "text" if text else "numbers"
        found.append(ColumnFacts(name, kind, len(column) - len(there), lowest, highest, categories))
    return tuple(found)


def hint(dataset: Dataset, *, typed: bool, seed: int = 0) -> None:
    """Warn in one line where another preparation would change gamma by far; silent where the user chose one (`typed`).

    Recipes are tried on at most HINT_ROWS rows.
    """
    if typed or dataset.name.startswith("synthetic:"):
        return
    _, table, _ = as_table(dataset)
    ratio = scale_ratio(table)
    chosen = {"positive": ("1",), "seed": seed, "subsample": min(HINT_ROWS, len(dataset.y))}
    tried = [_try(dataset.name, table, steps, norm, **chosen) for steps, norm in RECIPES]
    now, *others = [recipe for recipe in tried if recipe.gamma_rkhs is not None]
    best = max(others, key=lambda recipe: recipe.gamma_rkhs.lower if recipe.gamma_rkhs else 0.0, default=None)
    if best is None or tried[0].gamma_rkhs is None or best.gamma_rkhs is None or now.gamma_rkhs is None:
        return
    gain = best.gamma_rkhs.lower / now.gamma_rkhs.lower if now.gamma_rkhs.lower > 0 else np.inf
    wide = ratio is not None and ratio > HINT_SCALES
    if best.gamma_rkhs.lower > 0 and (gain > HINT_GAIN or (wide and gain > 1)):
        why = f"columns differ in scale by a factor of {ratio:,.0f}; " if wide else ""
        rows = chosen["subsample"]
        warnings.warn(
            f"{dataset.name}: {why}{best.options} would raise gamma (RKHS norm) from {now.gamma_rkhs.lower:.3g} "
            f"to {best.gamma_rkhs.lower:.3g} (on {rows:,} rows); see boundcheck data",
            BoundcheckWarning,
            stacklevel=2,
        )
