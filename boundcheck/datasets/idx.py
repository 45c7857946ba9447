"""IDX files, the format in which MNIST and its relatives are distributed, also gzipped."""

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, quoted

_NAME = re.compile(r"(idx\d?|ubyte)(\.gz)?$", re.IGNORECASE)
_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx(path: Path) -> bool:
    """Whether the name is that of an IDX file, such as train-images-idx3-ubyte.gz."""
    return _NAME.search(path.name) is not None


def read_idx(path: Path) -> Shaped[np.ndarray, "..."]:
    """The array of an IDX file: two zero bytes, a type, the number of axes, their lengths (big-endian), the entries.

    Raises InputError if it is damaged, cut short, empty, or claims more than MAX_BYTES.
    """
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            zero, kind, axes = struct.unpack(">HBB", stream.read(4))
            if zero or kind not in _TYPES or not 1 <= axes <= 4:
                raise InputError(f"{path}: not an IDX file (it begins with {zero:04x}{kind:02x}{axes:02x}); check it")
            shape = struct.unpack(f">{axes}I", stream.read(4 * axes))
            dtype = np.dtype(_TYPES[kind])
            need = math.prod(shape) * dtype.itemsize
            check_memory(str(path), *shape, itemsize=dtype.itemsize)
            if need == 0:
                raise InputError(f"{path}: is empty (shape {shape}); at least one entry is needed")
            data = stream.read(need + 1)
    except (OSError, EOFError, struct.error, zlib.error) as error:
        why = quoted(str(error) or type(error).__name__, 80)
        raise InputError(f"{path}: damaged or cut short ({why}); copy it again") from error
    if len(data) != need:
        what = "longer" if len(data) > need else "shorter"
        raise InputError(f"{path}: {what} than the {need:,} bytes of shape {shape}; copy it again")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
