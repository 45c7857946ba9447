"""Files on disk: data in .npz, .csv and .parquet, and soft labels that another stage wrote."""

import stat
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from boundcheck.datasets.dataset import Dataset, Table, check_made_for
from boundcheck.datasets.npz import read_npz
from boundcheck.datasets.prepare import checked_probabilities, encode
from boundcheck.datasets.tables import read_csv, read_parquet
from boundcheck.errors import InputError

SUFFIXES = (".npz", ".csv", ".parquet")
_OPEN_ABOVE, _OPEN_BELOW = np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)
_LOGIT_SLACK = 1e-5  # p and logits may have been stored in float32


def read_file(source: str, target: str | None) -> Table:
    """The table in a file whose kind its suffix tells. `target` names the label column of csv and parquet."""
    path = existing_file(source, ", or use sklearn:NAME or synthetic:FAMILY")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_csv(path, target)
    if suffix == ".parquet":
        return read_parquet(path, target)
    if suffix != ".npz":
        raise InputError(f"{source}: unknown kind of file; use {', '.join(SUFFIXES)}")
    if target is not None:
        raise InputError(f"{source}: --target is for csv and parquet; a .npz holds its labels in y")
    arrays = read_npz(path, ("X", "y"), ("p",))
    codes, names = encode(source, arrays["y"])
    return Table(arrays["X"], codes, names, arrays.get("p"))


def existing_file(source: str, instead: str = "") -> Path:
    """`source` as a path to a regular file; InputError says why it is not one, and what may stand `instead` of one."""
    try:
        mode = Path(source).stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"{source}: no such file; check the path{instead}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{source!r}: cannot be opened ({error}); check the path") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{source}: is a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{source}: not a regular file; copy the data to one")
    return Path(source)


def load_soft_labels(
    path: str | Path, dataset: Dataset
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"] | None]:
    """Soft labels p (n,) in (0, 1) for the rows of `dataset`, and their logits (n,) where the file has them.

    The file is a .npz with `p`, or `logits` with p = 1/(1 + exp(-logits)), or both, and the `digest` of the data they
    were made for; without a digest only the length is checked. A p that rounds to 0 or 1 is moved to the nearest
    double inside (0, 1): use the logits there. Raises InputError if the file cannot be read, was made for other data,
    or holds a p outside (0, 1), a logit that is not finite, or two that disagree.
    """
    name, n = str(path), len(dataset.y)
    arrays = read_npz(existing_file(name), (), ("p", "logits", "digest"))
    check_made_for(name, str(arrays["digest"]) if "digest" in arrays else None, dataset)
    p = checked_probabilities(name, arrays["p"], n) if "p" in arrays else None
    if "logits" not in arrays:
        if p is None:
            raise InputError(f"{name}: neither p nor logits in the file; write one of them with numpy.savez")
        return p, None
    logits = _checked_logits(name, arrays["logits"], n)
    sigmoid = np.clip(0.5 * (1 + np.tanh(logits / 2)), _OPEN_ABOVE, _OPEN_BELOW)
    if p is None:
        return sigmoid, logits
    if (apart := np.abs(p - sigmoid)).max() > _LOGIT_SLACK:
        raise InputError(f"{name}: p and logits disagree at row {apart.argmax()}; keep one of them")
    return p, logits


def _checked_logits(name: str, logits: np.ndarray, n: int) -> Float64[np.ndarray, " n"]:
    if logits.shape != (n,) or logits.dtype.kind not in "iuf":
        raise InputError(f"{name}: logits are {logits.dtype} of shape {logits.shape}, expected {n} floats")
    if not np.isfinite(logits).all():
        row = int(np.flatnonzero(~np.isfinite(logits))[0])
        raise InputError(f"{name}: logit {row} is {logits[row]}; every logit must be finite")
    return logits.astype(np.float64)
