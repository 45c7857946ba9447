"""The data set record that every stage receives, its digest, and the memory that one may take."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int8, Int64, Shaped

from boundcheck.errors import InputError
from boundcheck.errors import listed as listed
from boundcheck.errors import quoted as quoted

MAX_BYTES = 2**32
"""No array of a data set may need more than this (4 GiB as float64): refused before it is allocated."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """n labelled rows in the unit ball of R^d.

    name: the DATA argument.  X: (n, d) normalised rows, max norm <= 1 up to rounding, no zero row.
    y: (n,) in {-1, +1}, both present.
    raw: (n, d) the same rows before normalisation, in their own dtype (the exact zero-margin test needs it).
    rows: (n,) index of each row in the source from 0, so that messages name the user's own rows.
    p: (n,) soft labels P(y = +1) in (0, 1) given with the data, or None.
    image_shape: (h, w) or (h, w, channels), or None.
    normalize: max, unit or none.  digest: SHA-256 of X, y and p.
    scale: raw was divided by this first (255 for uint8, otherwise 1 unless it is an integer image).
    negative, positive: names of the classes that became -1 and +1.
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


@dataclass(frozen=True, eq=False)
class Table:
    """Rows as a source gives them, before any class is mapped or dropped.

    X: (n, d), (n, h, w) or (n, h, w, channels).  codes: (n,) index of each row's class in `names`.
    p: (n,) soft labels, or None.
    """

    X: Shaped[np.ndarray, "n ..."]
    codes: Int64[np.ndarray, " n"]
    names: tuple[str, ...]
    p: Shaped[np.ndarray, "..."] | None = None
    image_shape: tuple[int, ...] | None = None


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
