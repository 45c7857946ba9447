"""Arrays from a .npz file that nobody vouches for: never a pickle, and no byte inflated before its size is known.

numpy.load trusts the sizes that a file claims. Here the member's size in the zip directory and the shape in its
npy header are compared with MAX_BYTES and with each other first (a zip bomb is refused unread), and the header is
matched against the one form that numpy.save writes instead of being evaluated.
"""

import math
import re
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from jaxtyping import Shaped

from boundcheck.datasets.dataset import Dataset
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, listed, quoted, writing

_HEADER = re.compile(
    r"\{\s*'descr':\s*'(?P<descr>[<>|=]?[a-zA-Z]\d{0,9})',\s*"
    r"'fortran_order':\s*(?P<fortran>True|False),\s*"
    r"'shape':\s*\((?P<shape>[\d,\s]*)\)\s*,?\s*\}\s*"
)
_LONGEST_HEADER = 10_000
_HEADER_SLACK = 2 * _LONGEST_HEADER
# What zipfile and zlib raise on damaged input.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, OverflowError)


def read_npz(
    path: Path, wanted: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """The arrays `wanted`, and those of `optional` that are there.

    Raises InputError if the file is no zip archive, is damaged, lacks an array, or holds one that is pickled,
    structured, empty, larger than MAX_BYTES or larger than what is stored.
    """
    with _opened(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        for key in wanted:
            if key not in members:
                raise InputError(
                    f"{path}: no array {key!r} (it has {listed(sorted(members)) or 'none'}); write "
                    f"{', '.join(wanted)} with numpy.savez"
                )
        return {key: _read_member(path, archive, members[key], key) for key in (*wanted, *optional) if key in members}


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise InputError(
            f"{path}: not a .npz archive, or cut short ({_reason(error)}); write it again with numpy.savez"
        ) from error


def _read_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, key: str) -> Shaped[np.ndarray, "..."]:
    """One array, after every size it claims has been checked."""
    where = f"{path}: array {key!r}"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{where} is packed by an unknown method; write it with numpy.savez_compressed")
    try:
        with archive.open(info) as member:
            return read_array(where, member, info.file_size)
    except _DAMAGED as error:
        raise InputError(f"{where} is damaged or cut short ({_reason(error)}); write the file again") from error


def read_array(where: str, stream: IO[bytes], size: int) -> Shaped[np.ndarray, "..."]:
    """The array in NumPy's format that takes `size` bytes of `stream`, after every size it claims has been checked."""
    check_memory(where, size - _HEADER_SLACK, itemsize=1)
    dtype, fortran, shape, start = _read_header(where, stream)
    need = math.prod(shape) * dtype.itemsize
    check_memory(where, *shape, itemsize=dtype.itemsize)
    if need > size - start:
        raise InputError(
            f"{where} claims {need} bytes but {size - start} are stored; the file is damaged, write it again"
        )
    data = stream.read(need)
    if len(data) < need:
        raise InputError(f"{where} is cut short; write the file again")
    if dtype.kind == "U" and np.frombuffer(data, dtype=f"{dtype.str[0]}u4").max() > sys.maxunicode:
        raise InputError(f"{where} holds text that is not Unicode; write the file again")  # NumPy would fail later
    # A byte other than 0 and 1 is no bool.
    flat = np.frombuffer(data, dtype="u1") != 0 if dtype.kind == "b" else np.frombuffer(data, dtype=dtype)
    plain: Shaped[np.ndarray, "..."] = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return plain


def read_npy(path: Path) -> Shaped[np.ndarray, "..."]:
    """The array of a .npy file; InputError as for `read_npz`."""
    try:
        with path.open("rb") as stream:
            return read_array(str(path), stream, path.stat().st_size)
    except _DAMAGED as error:
        raise InputError(f"{path} is damaged or cut short ({_reason(error)}); write the file again") from error


def npz_keys(path: Path) -> list[str]:
    """Names of the arrays in a .npz archive."""
    with _opened(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _read_header(where: str, member: IO[bytes]) -> tuple[np.dtype, bool, tuple[int, ...], int]:
    """dtype, Fortran order, shape, and how many bytes the header took."""
    magic = member.read(8)
    if len(magic) < 8 or magic[:6] != b"\x93NUMPY" or magic[6] not in (1, 2, 3):
        raise InputError(f"{where} is not in NumPy's format; write it with numpy.savez")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(member.read(width), "little")
    text = member.read(min(length, _LONGEST_HEADER)).decode("latin1")
    match = _HEADER.fullmatch(text)
    if match is None or match["descr"].endswith("O"):
        what = "is pickled (dtype object)" if re.search(r"'[<>|=]?O\d*'", text) else "has a header that is not read"
        raise InputError(f"{where} {what}; pickles and structured arrays are never loaded: save plain numbers or text")
    try:
        dtype = np.dtype(match["descr"])
        shape = tuple(int(part) for part in match["shape"].split(",") if part.strip())
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{where} has a header that is not read ({_reason(error)}); save it with numpy.savez"
        ) from error
    if dtype.kind not in "biufcSU":
        raise InputError(f"{where} has dtype {dtype}, which is not loaded; save plain numbers or text")
    if len(shape) > 8 or dtype.itemsize * math.prod(shape) == 0:
        raise InputError(
            f"{where} is empty or has too many axes (shape {match['shape']!r}); at least one entry is needed"
        )
    return dtype, match["fortran"] == "True", shape, 8 + width + length


def _reason(error: BaseException) -> str:
    return quoted(str(error) or type(error).__name__, 80)


def save_dataset(path: Path, dataset: Dataset) -> None:
    """Write X, y and the preparation; with held-out rows x_train, y_train, x_test, y_test. Load it with normalize none.

    Raises OutputError where the file cannot be written.
    """
    held_out = dataset.held_out
    arrays: dict[str, Any] = {"X": dataset.X, "y": dataset.y}
    if held_out is not None:
        arrays = {"x_train": dataset.X, "y_train": dataset.y, "x_test": held_out.X, "y_test": held_out.y}
    if dataset.p is not None:
        arrays["p"] = dataset.p
    with writing(path), path.open("wb") as file:
        np.savez_compressed(file, **arrays, preparation=dataset.preparation.text(), rows=dataset.rows)
