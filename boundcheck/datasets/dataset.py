"""The data set record that every stage receives, made of the rows and labels that a source gives."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int8, Int64, Shaped

from boundcheck.datasets.classes import class_names, map_classes
from boundcheck.datasets.norms import NORMALIZATIONS, normalized
from boundcheck.datasets.steps import Preparation, Rows, fit, parse, refuse_text
from boundcheck.errors import InputError, listed, quoted
from boundcheck.softlabels.encoding import warn_if_contradicted

MAX_BYTES = 2**32
"""No array of a data set may need more than this (4 GiB as float64): refused before it is allocated."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows that a source keeps for testing, mapped like the training rows; under max their norms may exceed 1.

    X: (n, d).  y: (n,) in {-1, +1}.  rows: (n,) their index among the held-out rows of the source.
    """

    X: Float64[np.ndarray, "n d"]
    y: Int8[np.ndarray, " n"]
    rows: Int64[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """n labelled rows in the unit ball of R^d.

    name: the DATA argument.  X: (n, d) normalised rows, max norm <= 1 up to rounding, no zero row.
    y: (n,) in {-1, +1}, both present.
    raw: (n, d) the same rows before normalisation (the exact zero-margin test needs them): in their own dtype, or,
    where steps prepared them, after the last step.
    rows: (n,) index of each row in the source from 0, so that messages name the user's own rows.
    p: (n,) soft labels P(y = +1) in (0, 1) given with the data, or None.
    image_shape: (h, w) or (h, w, channels), or None; columns: names of the columns of `raw`, or ().
    normalize: max, unit or none.  digest: SHA-256 of X, y and p.
    scale: raw was divided by this first (255 for uint8 images).
    negative, positive: names of the classes that became -1 and +1.
    preparation: the map from the source's rows to X.  held_out: rows kept for testing, or None.
    left_out: rows and columns left out, and why, in words.  file_sha256: of the file, or None.
    All arrays are read-only: the digest stays true.
    """

    name: str
    X: Float64[np.ndarray, "n d"]
    y: Int8[np.ndarray, " n"]
    raw: Shaped[np.ndarray, "n d"]
    rows: Int64[np.ndarray, " n"]
    digest: str
    normalize: str = "max"
    p: Float64[np.ndarray, " n"] | None = None
    image_shape: tuple[int, ...] | None = None
    scale: float = 1.0
    negative: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    held_out: HeldOut | None = None
    columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    file_sha256: str | None = None

    @property
    def provenance(self) -> str:
        """In one line: where the rows come from and what was done to them."""
        n, d = self.X.shape
        steps = [f"{step} ({step.said})" if step.said else str(step) for step in self.preparation.steps]
        if self.preparation.before is not None:
            steps.insert(0, f"prepared before ({self.preparation.before.spec or self.preparation.before.normalize})")
        words = [
            f"{self.name}: {n:,} rows, {d:,} columns",
            f"+1: {', '.join(self.positive)}; -1: {', '.join(self.negative)}",
            *(["left out: " + ", ".join(self.left_out)] if self.left_out else []),
            *(["steps: " + ", ".join(steps)] if steps else []),
            f"norm {self.normalize}",
            f"digest {self.digest[:12]}",
            *([f"file {self.file_sha256[:12]}"] if self.file_sha256 else []),
        ]
        return "; ".join(words)

    def manifest(self) -> dict[str, Any]:
        """JSON-ready: classes mapped, steps with what they learned, rows and columns left out, digest of the file."""
        return {
            "classes": {"positive": list(self.positive), "negative": list(self.negative)},
            "preparation": self.preparation.summary(),
            "left_out": list(self.left_out),
            "file_sha256": self.file_sha256,
        }


@dataclass(frozen=True, eq=False)
class Table:
    """Rows as a source gives them, before any class is mapped or dropped.

    X: (n, d), (n, h, w) or (n, h, w, channels), NaN where a table has no value.  codes: (n,) index of each row's class
    in `names`.  p: (n,) soft labels, or None.  columns: their names, or ().  levels: column -> its categories, into
    which its numbers are indices.  held_out: the source's rows for testing.  left_out: columns left out, in words.
    before: what a prepared file says was done to its rows.
    """

    X: Shaped[np.ndarray, "n ..."]
    codes: Int64[np.ndarray, " n"]
    names: tuple[str, ...]
    p: Shaped[np.ndarray, "..."] | None = None
    image_shape: tuple[int, ...] | None = None
    columns: tuple[str, ...] = ()
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    held_out: "Table | None" = None
    left_out: tuple[str, ...] = ()
    before: Preparation | None = None


def digest(X: Float64[np.ndarray, "n d"], y: Int8[np.ndarray, " n"], p: Float64[np.ndarray, " n"] | None) -> str:
    """SHA-256 (64 hex digits) of the shape of X and the little-endian bytes of X, y and, where given, p."""
    sha = hashlib.sha256(f"boundcheck data 1, {X.shape}, p {p is not None}".encode())
    for part, dtype in ((X, "<f8"), (y, "i1"), (p, "<f8")):
        if part is not None:
            sha.update(np.ascontiguousarray(part, dtype=dtype).data)
    return sha.hexdigest()


def check_made_for(name: str, made_for: str | None, dataset: Dataset) -> None:
    """Raise InputError if the file `name` says that it was made for other data. made_for: a digest, None if unsaid."""
    if made_for is not None and made_for != dataset.digest:
        raise InputError(
            f"{name}: made for other data (digest {made_for[:12]}, {dataset.name} has {dataset.digest[:12]}); give the "
            "same DATA options, or make the file again"
        )


def check_memory(name: str, *shape: int) -> None:
    """Raise InputError if a float64 array of this shape would need more than MAX_BYTES."""
    need = 8 * math.prod(shape)
    if need > MAX_BYTES:
        size = " x ".join(map(str, shape))
        raise InputError(
            f"{name}: {size} numbers need {need / 2**30:,.1f} GiB, above the limit of {MAX_BYTES / 2**30:g} GiB; "
            "use fewer rows or features"
        )


def generator(name: str, seed: int, stream: int) -> np.random.Generator:
    """The random numbers of one purpose (`stream` > 0): independent for different seeds and streams."""
    if seed < 0:
        raise InputError(f"{name}: --seed {seed} is negative; use 0 or more")
    return np.random.default_rng([seed, stream])


def prepare(
    name: str,
    table: Table,
    *,
    positive: Sequence[str] = (),
    drop: Sequence[str] = (),
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
    if len(table.codes) != len(raw):
        raise InputError(f"{name}: X has {len(raw)} rows but y has {len(table.codes)} labels; give one label a row")
    p = None if table.p is None else checked_probabilities(name, table.p, len(raw))
    kept, signs, negative, positive = map_classes(name, table.codes, table.names, positive, drop)
    scale = _image_scale(raw, image_shape is not None or table.image_shape is not None)
    _check_values(name, table, raw, kept, imputed=any(step == "impute" for step, _ in asked))
    rows = kept if subsample is None else kept[_stratified(name, signs[kept], subsample, seed)]
    raw = raw if len(rows) == len(raw) else raw[rows]
    done = Preparation(scale, before=table.before)
    columns = table.columns
    if asked or table.levels:
        frame = Rows(raw / np.float64(scale), _column_names(table, raw), rows, table.levels)
        learned = []
        for step_name, parameter in asked:
            step, frame = fit(name, step_name, parameter, frame)
            learned.append(step)
            check_memory(name, *frame.X.shape)
        refuse_text(name, frame)
        raw, rows, columns = np.ascontiguousarray(frame.X), frame.index, frame.names
        done = Preparation(scale, tuple(learned), before=table.before)
        if len(np.unique(signs[rows])) < 2:
            raise InputError(f"{name}: impute=drop leaves one class only; use impute")
    y, p = signs[rows], None if p is None else p[rows]
    if p is not None:
        warn_if_contradicted(name, np.stack([1 - p, p], axis=1), (y > 0).astype(int))
    X, norm = normalized(name, raw, rows, normalize, 1.0 if done.steps else scale)
    done = Preparation(scale, done.steps, normalize, norm, table.before)
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
        image_shape=None if done.steps else image_shape or table.image_shape,
        scale=1.0 if done.steps else scale,
        negative=negative,
        positive=positive,
        preparation=done,
        held_out=_held_out(name, table, done, negative, positive, drop),
        columns=columns,
        left_out=(*table.left_out, *_rows_left_out(table, kept, subsample, done)),
        file_sha256=file_sha256,
    )


def _rows_left_out(
    table: Table, kept: Int64[np.ndarray, " m"], subsample: int | None, done: Preparation
) -> Iterator[str]:
    if (dropped := len(table.codes) - len(kept)) > 0:
        yield f"{dropped:,} rows of dropped classes"
    if subsample is not None and subsample < len(kept):
        yield f"{len(kept) - subsample:,} rows not drawn by --subsample"
    yield from (step.said for step in done.steps if step.parameter == "drop" and step.said)


def _held_out(
    name: str,
    table: Table,
    done: Preparation,
    negative: tuple[str, ...],
    positive: tuple[str, ...],
    drop: Sequence[str],
) -> HeldOut | None:
    """The source's held-out rows of the same classes, mapped like the training rows."""
    if (other := table.held_out) is None:
        return None
    where = f"{name}: the held-out rows"
    raw, _ = _checked_rows(where, other)
    if raw.shape[1] != math.prod(table.X.shape[1:]) or len(raw) != len(other.codes):
        raise InputError(f"{where} have shapes {other.X.shape} and {other.codes.shape}; they must be like the others")
    if unknown := {other.names[c] for c in np.unique(other.codes)} - {*negative, *positive, *class_names(drop)}:
        raise InputError(f"{where} have classes {listed(sorted(unknown))} that the training rows have not")
    sign = {**dict.fromkeys(negative, -1), **dict.fromkeys(positive, 1)}
    signs = np.array([sign.get(c, 0) for c in other.names], dtype=np.int8)[other.codes]
    kept = np.flatnonzero(signs).astype(np.int64)
    _check_values(where, other, raw, kept, imputed=any(step.name == "impute" for step in done.steps))
    mapped = Preparation(done.scale, done.steps, done.normalize, done.norm).on(
        Rows(raw[kept], _column_names(other, raw), kept, other.levels)
    )
    return HeldOut(mapped.X, signs[mapped.index], mapped.index)


def _column_names(table: Table, raw: Shaped[np.ndarray, "n d"]) -> tuple[str, ...]:
    return table.columns or tuple(map(str, range(raw.shape[1])))


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


def _check_values(
    name: str, table: Table, raw: Shaped[np.ndarray, "n d"], kept: Int64[np.ndarray, " m"], *, imputed: bool
) -> None:
    """Refuse infinities, and unless they are `imputed` missing values, in the rows kept."""
    if raw.dtype.kind != "f":
        return
    good = ~np.isinf(raw) if imputed else np.isfinite(raw)
    if good.all():
        return
    bad = kept[~good[kept].all(axis=1)]
    if len(bad):
        column = int(np.flatnonzero(~good[bad[0]])[0])
        label = quoted(table.columns[column]) if table.columns else f"{column} (counting from 0)"
        where = f"row {bad[0]} (counting from 0), column {label}"
        if np.isnan(raw[bad[0], column]):
            raise InputError(
                f"{name}: {where} has no value (NaN), {len(bad)} of {len(kept)} rows have such; add impute to "
                "--prepare, or impute=drop to leave the rows out"
            )
        raise InputError(f"{name}: X is {raw[bad[0], column]} at {where}; correct it or remove the row")


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
