"""Files on disk: data in .npz, .csv and .parquet."""

import stat
from pathlib import Path

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.npz import read_npz
from boundcheck.datasets.prepare import encode
from boundcheck.datasets.tables import read_csv, read_parquet
from boundcheck.errors import InputError

SUFFIXES = (".npz", ".csv", ".parquet")


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
