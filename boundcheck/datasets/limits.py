"""How large an array may be."""

import math

from boundcheck.errors import InputError

MAX_BYTES = 2**32
"""No array of a data set may need more than this (4 GiB as float64): refused before it is allocated."""


def check_memory(name: str, *shape: int, itemsize: int = 8) -> None:
    """Raise InputError if an array of this shape (by default of float64) would need more than MAX_BYTES."""
    need = itemsize * math.prod(shape)
    if need > MAX_BYTES:
        raise InputError(
            f"{name}: {' x '.join(map(str, shape))} numbers need {need / 2**30:,.1f} GiB, above the limit of "
            f"{MAX_BYTES / 2**30:g} GiB; use fewer rows or features"
        )
