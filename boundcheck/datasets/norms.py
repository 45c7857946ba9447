"""The last step of every preparation: rows into the unit ball."""

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from boundcheck.errors import InputError

NORMALIZATIONS = ("max", "unit", "none")
_NORM_SLACK = 1e-12  # rounding of a norm that is 1 in exact arithmetic
_SMALLEST_NORM = 2.0**-500  # relative to the largest; below it squared norms leave the normal floats


def normalized(
    name: str,
    raw: Shaped[np.ndarray, "n d"],
    rows: Int64[np.ndarray, " n"],
    normalize: str,
    scale: float,
) -> tuple[Float64[np.ndarray, "n d"], float]:
    """raw / scale divided by its largest norm (max), each row by its own (unit), or as it is (none); that norm or 1.

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
            "direction: remove such rows, or add a bias to --prepare"
        )
    if normalize == "unit":
        X /= short[:, None]
        return X, 1.0
    top = int(exponent.max()) if normalize == "max" else 0
    if normalize == "max":
        exponent -= top
    with np.errstate(over="ignore"):
        norms = np.ldexp(short, exponent) / (1.0 if normalize == "max" else scale)
    largest = float(norms.max()) if normalize == "max" else 1.0
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
        return raw / np.float64(scale), 1.0
    np.ldexp(X, exponent[:, None], out=X)
    X /= largest
    with np.errstate(over="ignore"):
        return X, float(np.ldexp(largest, top)) / scale
