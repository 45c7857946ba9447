"""From the rows of a source to a Dataset: classes to +1 and -1, dropping, subsampling, normalisation."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int8, Int64, Shaped

from boundcheck.datasets.dataset import Dataset, Table, check_memory, digest, generator, listed, quoted
from boundcheck.errors import InputError
from boundcheck.softlabels.encoding import encode as encode_labels
from boundcheck.softlabels.encoding import in_order, is_missing, label_name, warn_if_contradicted

NORMALIZATIONS = ("max", "unit", "none")
_NORM_SLACK = 1e-12  # rounding of a norm that is 1 in exact arithmetic
_SMALLEST_NORM = 2.0**-500  # relative to the largest; below it squared norms leave the normal floats


def from_arrays(
    X: Any,
    y: Any,
    *,
    p: Any = None,
    name: str = "arrays",
    positive: Sequence[str] = (),
    drop: Sequence[str] = (),
    subsample: int | None = None,
    normalize: str = "max",
    seed: int = 0,
) -> Dataset:
    """Make a Dataset of arrays in memory; see `load_dataset` for the options and the errors.

    X: (n, d), (n, h, w) or (n, h, w, channels), numbers.  y: (n,) two or more classes, any type with a text form.
    p: (n,) probabilities of the class +1, in (0, 1).
    """
    try:
        rows, labels = np.array(X), np.asarray(y)
        soft = None if p is None else np.asarray(p)
    except ValueError as error:
        raise InputError(f"{name}: X, y and p must be arrays without gaps: {error}") from error
    codes, names = encode(name, labels)
    return prepare(
        name,
        Table(rows, codes, names, soft),
        positive=positive,
        drop=drop,
        subsample=subsample,
        normalize=normalize,
        seed=seed,
    )


def prepare(
    name: str,
    table: Table,
    *,
    positive: Sequence[str] = (),
    drop: Sequence[str] = (),
    subsample: int | None = None,
    normalize: str = "max",
    seed: int = 0,
) -> Dataset:
    """Turn a source's table into a Dataset; every way in which it cannot be used is an InputError."""
    if normalize not in NORMALIZATIONS:
        raise InputError(f"{name}: --normalize {normalize!r} is unknown; use {', '.join(NORMALIZATIONS)}")
    raw, image_shape = _checked_rows(name, table)
    if len(table.codes) != len(raw):
        raise InputError(f"{name}: X has {len(raw)} rows but y has {len(table.codes)} labels; give one label a row")
    p = None if table.p is None else checked_probabilities(name, table.p, len(raw))
    kept, signs, negative, positive = _mapped(name, table, _names(positive), _names(drop))
    scale = _image_scale(raw, image_shape is not None or table.image_shape is not None)
    _check_values(name, raw, kept)
    rows = kept if subsample is None else kept[_stratified(name, signs[kept], subsample, seed)]
    raw = raw if len(rows) == len(raw) else raw[rows]
    y, p = signs[rows], None if p is None else p[rows]
    if p is not None:
        warn_if_contradicted(name, np.stack([1 - p, p], axis=1), (y > 0).astype(int))
    X = normalized(name, raw, rows, normalize, scale)
    for array in (X, y, raw, rows, p):
        if array is not None:
            array.flags.writeable = False
    return Dataset(
        name=name,
        X=X,
        y=y,
        raw=raw,
        rows=rows,
        digest=digest(X, y, p),
        normalize=normalize,
        p=p,
        image_shape=image_shape or table.image_shape,
        scale=scale,
        negative=negative,
        positive=positive,
    )


def encode(name: str, y: Shaped[np.ndarray, "..."]) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    """Class of each label as an index, and the classes' names (see `label_name`)."""
    if y.ndim != 1:
        raise InputError(f"{name}: y has shape {y.shape}, expected (n,); give one class a row")
    if y.dtype.kind not in "biufUSO":
        raise InputError(f"{name}: y has dtype {y.dtype}, which names no classes; use integers or text")
    values, inverse = (y, np.arange(len(y))) if y.dtype == object else np.unique(y, return_inverse=True)
    code: dict[str, int] = {}
    codes = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        try:
            codes[i] = code.setdefault(label_name(value), len(code))
        except InputError as error:
            row = int(np.flatnonzero(inverse == i)[0])
            raise InputError(f"{name}: row {row} (counting from 0): {error}") from error
    return codes[inverse], tuple(code)


def checked_probabilities(name: str, p: Shaped[np.ndarray, "..."], n: int) -> Float64[np.ndarray, " n"]:
    """`p` as float64 if it holds n probabilities strictly between 0 and 1; InputError otherwise."""
    if p.shape != (n,):
        raise InputError(f"{name}: soft labels p have shape {p.shape}, expected ({n},): the probability of class +1")
    if p.dtype.kind not in "iuf":
        raise InputError(f"{name}: soft labels p have dtype {p.dtype}; use floats")
    p = p.astype(np.float64)
    wrong = np.flatnonzero(~((p > 0) & (p < 1)))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"{name}: soft label p[{row}] = {p[row]} is outside (0, 1) ({len(wrong)} of {n} are); clip or smooth them"
        )
    return p


def normalized(
    name: str,
    raw: Shaped[np.ndarray, "n d"],
    rows: Int64[np.ndarray, " n"],
    normalize: str,
    scale: float,
) -> Float64[np.ndarray, "n d"]:
    """raw / scale divided by its largest norm (max), each row by its own (unit), or as it is (none).

    Each row is first brought to a largest entry in [1/2, 1) by an exact power of two, so that no norm
    overflows or underflows; `rows` are the numbers used in messages.
    """
    X = raw.astype(np.float64)
    exponent = np.frexp(np.maximum(X.max(axis=1), -X.min(axis=1)))[1]
    np.ldexp(X, -exponent[:, None], out=X)
    short = np.sqrt(np.einsum("ij,ij->i", X, X))  # norm = short 2^exponent, short = 0 or in [1/2, sqrt d)
    if not short.all():
        zero = rows[short == 0]
        raise InputError(
            f"{name}: row {zero[0]} (counting from 0) is zero ({len(zero)} of {len(X)} are); a zero input has no "
            "direction: remove such rows"
        )
    if normalize == "unit":
        X /= short[:, None]
        return X
    if normalize == "max":
        exponent -= exponent.max()
        scale = 1.0
    with np.errstate(over="ignore"):
        norms = np.ldexp(short, exponent) / scale
    largest = norms.max() if normalize == "max" else 1.0
    if norms.max() > largest + _NORM_SLACK:
        row = rows[np.argmax(norms)]
        raise InputError(
            f"{name}: --normalize none needs norms of at most 1, but row {row} (counting from 0) has norm "
            f"{norms.max():.6g}; use --normalize max or unit"
        )
    if norms.min() < _SMALLEST_NORM * largest:
        row = rows[np.argmin(norms)]
        raise InputError(
            f"{name}: the norm of row {row} (counting from 0) is below 1e-150 of the largest allowed; remove the row "
            "or use --normalize unit"
        )
    if normalize == "none":
        return raw / np.float64(scale)
    np.ldexp(X, exponent[:, None], out=X)
    X /= largest
    return X


def _checked_rows(name: str, table: Table) -> tuple[Shaped[np.ndarray, "n d"], tuple[int, ...] | None]:
    """X as a plain (n, d) array of numbers, and the shape of its images if it holds images."""
    X = table.X
    if X.ndim not in (2, 3, 4):
        raise InputError(f"{name}: X has shape {X.shape}, expected (n, d), (n, h, w) or (n, h, w, channels)")
    if X.dtype.kind not in "biuf" or X.dtype.itemsize > 8:
        raise InputError(f"{name}: X has dtype {X.dtype}; use real numbers of at most 64 bits (float64, uint8, ...)")
    n, d = len(X), math.prod(X.shape[1:])
    if n == 0 or d == 0:
        raise InputError(f"{name}: X is empty (shape {X.shape}); at least one row of each class is needed")
    if n == 1:
        raise InputError(f"{name}: X has one row only; at least one row of each of two classes is needed")
    check_memory(name, n, d)
    if X.dtype.kind == "b":
        X = X.astype(np.int8)
    native = np.ascontiguousarray(X, dtype=X.dtype.newbyteorder("="))
    return native.reshape(n, d), X.shape[1:] if X.ndim > 2 else None


def _check_values(name: str, raw: Shaped[np.ndarray, "n d"], kept: Int64[np.ndarray, " m"]) -> None:
    """Refuse NaN and infinities in the rows kept."""
    if raw.dtype.kind != "f":
        return
    finite = np.isfinite(raw)
    bad = kept[~finite[kept].all(axis=1)]
    if len(bad):
        column = int(np.flatnonzero(~finite[bad[0]])[0])
        raise InputError(
            f"{name}: X is {raw[bad[0], column]} at row {bad[0]}, column {column} (counting from 0), {len(bad)} "
            f"of {len(kept)} rows are so; fill them in or remove them"
        )


def _mapped(
    name: str, table: Table, positive: tuple[str, ...], drop: tuple[str, ...]
) -> tuple[Int64[np.ndarray, " m"], Int8[np.ndarray, " n"], tuple[str, ...], tuple[str, ...]]:
    """Rows kept, the sign of every row, and the classes that are -1 and +1."""
    present = in_order(table.names[c] for c in np.unique(table.codes))
    for option, wanted in (("--drop", drop), ("--positive", positive)):
        missing = [c for c in wanted if c not in present]
        if missing:
            raise InputError(f"{name}: {option} names {listed(missing)}, but the classes are {listed(present)}")
    left = tuple(c for c in present if c not in drop)
    if len(left) < 2:
        raise InputError(f"{name}: {len(left)} class left ({listed(left)}); two classes are needed")
    if absent := [c for c in left if is_missing(c) and c not in positive]:
        row = int(np.flatnonzero(table.codes == table.names.index(absent[0]))[0])
        raise InputError(
            f"{name}: the label of row {row} (counting from 0) is missing ({quoted(absent[0])}); fill it in, or leave "
            f"such rows out with --drop {quoted(absent[0])}"
        )
    named = set(left) & set(positive)
    if positive and len(named) in (0, len(left)):
        whole = "every class left" if named else "dropped classes only"
        raise InputError(f"{name}: --positive names {whole}; both +1 and -1 need a class")
    found = encode_labels(name, left, positive=positive)
    signs = np.array([found.meaning(c) if c in left else 0 for c in table.names], dtype=np.int8)[table.codes]
    return np.flatnonzero(signs).astype(np.int64), signs, found.negative, found.positive


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
    if raw.dtype == np.uint8:
        return 255.0
    if not image or raw.dtype.kind == "f" or raw.min() < 0:
        return 1.0
    return float(next(top for top in (1, 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1) if raw.max() <= top))


def _names(classes: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(label_name, (classes,) if isinstance(classes, str) else classes))
