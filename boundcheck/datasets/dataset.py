"""The data set that every stage receives, and the table that a source gives."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int8, Int64, Shaped

from boundcheck.datasets.classes import encode
from boundcheck.datasets.preparation import Preparation
from boundcheck.errors import InputError


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows that a source keeps for testing, after the map that the training rows taught.

    X: (n, d); under the norm rule max norms may exceed 1, and rows may be zero.  y: (n,) in {-1, +1}, perhaps of one
    class only.  rows: (n,) index of each among the held-out rows of the source.
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
    digest: SHA-256 of X, y and p.
    negative, positive: names of the classes that became -1 and +1.
    preparation: the map from the source's rows to X; `preparation.apply(new)` takes other rows (m, d) of the source's
    columns the same way.  held_out: the source's own rows for testing, on which that has been done, or None.
    left_out: rows and columns left out, and why, in words.  file_sha256: of the file, or None.
    All arrays are read-only: the digest stays true.
    """

    name: str
    X: Float64[np.ndarray, "n d"]
    y: Int8[np.ndarray, " n"]
    raw: Shaped[np.ndarray, "n d"]
    rows: Int64[np.ndarray, " n"]
    digest: str
    p: Float64[np.ndarray, " n"] | None = None
    image_shape: tuple[int, ...] | None = None
    negative: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    held_out: HeldOut | None = None
    columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    file_sha256: str | None = None

    @property
    def normalize(self) -> str:
        """The norm rule: max, unit or none."""
        return self.preparation.normalize

    @property
    def scale(self) -> float:
        """By which `raw` was divided first (255 for uint8 images)."""
        return 1.0 if self.preparation.steps else self.preparation.scale

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
    in `names`.  held_out: of these rows so many, the last, are the source's rows for testing.  p: soft labels of the
    others, or None.  columns: their names, or ().  levels: column -> its categories, into which its numbers are
    indices.  left_out: columns left out, in words.  before: what a prepared file says was done to its rows.
    """

    X: Shaped[np.ndarray, "n ..."]
    codes: Int64[np.ndarray, " n"]
    names: tuple[str, ...]
    p: Shaped[np.ndarray, "..."] | None = None
    columns: tuple[str, ...] = ()
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    held_out: int = 0
    left_out: tuple[str, ...] = ()
    before: Preparation | None = None

    @classmethod
    def of(cls, name: str, X: Shaped[np.ndarray, "n ..."], y: Shaped[np.ndarray, "n ..."], **more: Any) -> "Table":
        """The table of rows X and labels y of any kind that `classes.encode` takes, one a row."""
        codes, names = encode(name, y)
        if 2 <= X.ndim <= 4 and len(X) != len(codes):
            raise InputError(f"{name}: X has {len(X)} rows but y has {len(codes)} labels; give one label a row")
        return cls(X, codes, names, **more)

    @property
    def training(self) -> "Table":
        """Without the held-out rows."""
        n = len(self.codes) - self.held_out
        return replace(self, X=self.X[:n], codes=self.codes[:n], held_out=0)


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


def generator(name: str, seed: int, stream: int) -> np.random.Generator:
    """The random numbers of one purpose (`stream` > 0): independent for different seeds and streams."""
    if seed < 0:
        raise InputError(f"{name}: --seed {seed} is negative; use 0 or more")
    return np.random.default_rng([seed, stream])


def checked_probabilities(name: str, p: Shaped[np.ndarray, "..."], n: int) -> Float64[np.ndarray, " n"]:
    """`p` as float64 if it holds n probabilities strictly between 0 and 1; InputError otherwise."""
    if p.shape != (n,):
        raise InputError(f"{name}: soft labels p have shape {p.shape}, expected ({n},); give P(y = +1) of each row")
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
