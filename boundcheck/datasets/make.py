"""From the table of a source to the Dataset: classes become signs, steps are learned, the norm rule comes last."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int8, Int64, Shaped

from boundcheck.datasets.classes import map_classes
from boundcheck.datasets.dataset import (
    Dataset,
    HeldOut,
    Table,
    checked_probabilities,
    digest,
    generator,
)
from boundcheck.datasets.limits import check_memory
from boundcheck.datasets.norms import NORMALIZATIONS, normalized
from boundcheck.datasets.preparation import Preparation
from boundcheck.datasets.steps import Rows, Step, learn, parse
from boundcheck.errors import InputError, quoted
from boundcheck.softlabels.encoding import warn_if_contradicted


def make_dataset(
    name: str,
    table: Table,
    *,
    positive: Any = (),
    drop: Any = (),
    subsample: int | None = None,
    steps: str | Sequence[str] = (),
    normalize: str = "max",
    seed: int = 0,
    file_sha256: str | None = None,
) -> Dataset:
    """Turn a source's table into a Dataset; every way in which it cannot be used is an InputError.

    Classes are mapped and rows dropped and drawn first; `steps` learn on the rows that remain.
    """
    if normalize not in NORMALIZATIONS:
        raise InputError(f"{name}: --normalize {normalize!r} is unknown; use {', '.join(NORMALIZATIONS)}")
    asked = parse(name, steps)
    raw, image_shape = _checked_rows(name, table)
    n = len(raw) - table.held_out
    p = None if table.p is None else checked_probabilities(name, table.p, n)
    signs, negative, plus = map_classes(name, table.codes, table.names, positive, drop, n)
    kept, held_out = np.flatnonzero(signs[:n]), np.flatnonzero(signs[n:])
    _check_values(name, table, raw, np.append(kept, n + held_out), imputed=any(step == "impute" for step, _ in asked))
    scale = _image_scale(raw[:n], image_shape is not None)
    drawn = kept if subsample is None else kept[_stratified(name, signs[kept], subsample, seed)]
    columns = table.columns or tuple(map(str, range(raw.shape[1])))
    found = Rows(raw if len(drawn) == len(raw) else raw[drawn], columns, drawn, table.levels)
    learned: tuple[Step, ...] = ()
    divisor = scale
    if asked or table.levels:
        learned, found = learn(name, asked, replace(found, X=found.X / np.float64(scale)))
        divisor = 1.0
        if len(np.unique(signs[found.index])) < 2:
            raise InputError(f"{name}: impute=drop leaves one class only; use impute")
    rows, raw_rows = found.index, np.ascontiguousarray(found.X)
    y, p = signs[rows], None if p is None else p[rows]
    if p is not None:
        warn_if_contradicted(name, np.stack([1 - p, p], axis=1), (y > 0).astype(int))
    X, norm = normalized(name, raw_rows, rows, normalize, divisor)
    done = Preparation(scale, learned, normalize, norm, table.before)
    for array in (X, y, raw_rows, rows, p):
        if array is not None:
            array.flags.writeable = False
    other = None
    if table.held_out:
        mapped = done.on(Rows(raw[n + held_out], columns, held_out, table.levels))
        other = HeldOut(mapped.X, signs[n:][mapped.index], mapped.index)
    return Dataset(
        name=name,
        X=X,
        y=y,
        raw=raw_rows,
        rows=rows,
        digest=digest(X, y, p),
        p=p,
        image_shape=None if learned else image_shape,
        negative=negative,
        positive=plus,
        preparation=done,
        held_out=other,
        columns=found.names if learned else table.columns,
        left_out=(*table.left_out, *_rows_left_out(n, len(kept), subsample, done)),
        file_sha256=file_sha256,
    )


def _rows_left_out(n: int, kept: int, subsample: int | None, done: Preparation) -> Iterator[str]:
    if kept < n:
        yield f"{n - kept:,} rows of dropped classes"
    if subsample is not None and subsample < kept:
        yield f"{kept - subsample:,} rows not drawn by --subsample"
    yield from (step.said for step in done.steps if step.parameter == "drop" and step.said)


def _checked_rows(name: str, table: Table) -> tuple[Shaped[np.ndarray, "n d"], tuple[int, ...] | None]:
    """X as a plain (n, d) array of numbers, and the shape of its images if it holds images."""
    X = table.X
    if X.ndim not in (2, 3, 4):
        raise InputError(f"{name}: X has shape {X.shape}; give rows (n, d) or images (n, h, w) or (n, h, w, channels)")
    if X.dtype.kind not in "biuf" or X.dtype.itemsize > 8:
        raise InputError(f"{name}: X has dtype {X.dtype}; use real numbers of at most 64 bits (float64, uint8, ...)")
    n, d = len(X), math.prod(X.shape[1:])
    if n == 0 or d == 0:
        raise InputError(f"{name}: X is empty (shape {X.shape}); at least one row of each class is needed")
    if n - table.held_out == 1:
        raise InputError(f"{name}: X has one row only; at least one row of each of two classes is needed")
    check_memory(name, n, d)
    if X.dtype.kind == "b":
        X = X.astype(np.int8)
    native = np.ascontiguousarray(X, dtype=X.dtype.newbyteorder("="))
    return native.reshape(n, d), X.shape[1:] if X.ndim > 2 else None


def _check_values(
    name: str, table: Table, raw: Shaped[np.ndarray, "n d"], used: Int64[np.ndarray, " m"], *, imputed: bool
) -> None:
    """Refuse infinities, and unless they are `imputed` missing values, in the rows used."""
    if raw.dtype.kind != "f":
        return
    good = ~np.isinf(raw) if imputed else np.isfinite(raw)
    if good.all():
        return
    bad = used[~good[used].all(axis=1)]
    if len(bad):
        row, column = int(bad[0]), int(np.flatnonzero(~good[bad[0]])[0])
        label = quoted(table.columns[column]) if table.columns else f"{column} (counting from 0)"
        n = len(raw) - table.held_out
        which = f"row {row}" if row < n else f"held-out row {row - n}"
        where = f"{which} (counting from 0), column {label}"
        if np.isnan(raw[row, column]):
            raise InputError(
                f"{name}: {where} has no value (NaN), {len(bad)} of {len(used)} rows have such; add impute to "
                "--prepare, or impute=drop to leave the rows out"
            )
        raise InputError(f"{name}: X is {raw[row, column]} at {where}; correct it or remove the row")


def _stratified(name: str, y: Int8[np.ndarray, " m"], size: int, seed: int) -> Int64[np.ndarray, " size"]:
    """Sorted indices of `size` rows, both classes in their proportion (rounded) and never empty."""
    if not 2 <= size <= len(y):
        raise InputError(f"{name}: --subsample {size} is impossible; ask for 2 to {len(y)} rows")
    rng = generator(name, seed, stream=2)
    plus, minus = np.flatnonzero(y > 0), np.flatnonzero(y < 0)
    share = min(max(round(size * len(plus) / len(y)), 1, size - len(minus)), size - 1, len(plus))
    chosen = [rng.choice(plus, share, replace=False), rng.choice(minus, size - share, replace=False)]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _image_scale(raw: Shaped[np.ndarray, "n d"], image: bool) -> float:
    """What integer images are divided by to lie in [0, 1]: 255 for uint8, else the smallest level count that fits."""
    if image and raw.dtype == np.uint8:
        return 255.0
    if not image or raw.dtype.kind == "f" or raw.min() < 0:
        return 1.0
    return float(next(top for top in (1, 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1) if raw.max() <= top))
