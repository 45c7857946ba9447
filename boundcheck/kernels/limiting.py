"""The limiting kernel in float64, in blocks on whatever device JAX sees."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float64

from boundcheck.errors import InputError
from boundcheck.precision import enable_x64

# Beyond this |cosine| arcsin multiplies errors by more than 1/sqrt(2 _WINDOW) = 22.4: Kahan's formula takes over there.
_WINDOW = 1e-3
_BLOCK = 1024
_PAIRS = 1 << 16


def limiting_kernel(
    X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "k d"] | None = None
) -> Float64[np.ndarray, "n k"]:
    """K(x, x') = E phi_x(w).phi_x'(w) = x.x' (pi - theta) / (2 pi), w ~ N(0, I) (theory: Kernel and margin).

    Z: None for the symmetric matrix of X with itself, of which only half is computed.
    Each entry is within rounding_error(d) ||x|| ||x'|| of K, and mostly within 2e-16 ||x|| ||x'||, near the angles 0
    and pi too.  Raises InputError for a zero row (its angle is undefined).
    """
    enable_x64()
    X = np.ascontiguousarray(X, dtype=np.float64)
    symmetric = Z is None
    Z = X if Z is None else np.ascontiguousarray(Z, dtype=np.float64)
    norms_x, norms_z = (_norms(V) for V in (X, Z))
    K = np.empty((len(X), len(Z)))
    near: list[tuple[np.ndarray, np.ndarray]] = []
    for i in range(0, len(X), _BLOCK):
        rows = slice(i, min(i + _BLOCK, len(X)))
        left, left_norms = _padded(X[rows], norms_x[rows])
        for j in range(i if symmetric else 0, len(Z), _BLOCK):
            cols = slice(j, min(j + _BLOCK, len(Z)))
            shape = (rows.stop - i, cols.stop - j)
            block, close = (
                np.asarray(part)[: shape[0], : shape[1]]
                for part in _block(left, *_padded(Z[cols], norms_z[cols]), left_norms)
            )
            if symmetric and i == j:
                block, close = np.triu(block), np.triu(close, 1)
            K[rows, cols] = block
            if close.any():
                a, b = np.nonzero(close)
                near.append((i + a, j + b))
            if sum(len(found) for found, _ in near) > _PAIRS:
                _repair(K, near, X / norms_x[:, None], Z / norms_z[:, None], norms_x, norms_z)
                near = []
    if near:
        _repair(K, near, X / norms_x[:, None], Z / norms_z[:, None], norms_x, norms_z)
    if symmetric:
        np.fill_diagonal(K, 0.5 * np.einsum("ij,ij->i", X, X))
        _mirror(K)
    return K


def rounding_error(dimension: int) -> float:
    """A bound on the rounding of `limiting_kernel`, relative to ||x|| ||x'||: (8 d + 32) u, u = 2^-53, d u < 1e-10.

    An inner product is off by d u ||x|| ||x'|| in whatever order it is summed (Higham 2002, section 3.1), a norm
    by (d/2 + 2) u, so a cosine by (2d + 6) u, and pi/2 + arcsin of it by 22.4 (2d + 6) u + 8 u outside the window;
    inside it ||u - v|| and ||u + v|| are off by (2d + 10) u, and the angle by 1.42 times that.
    K = x.x' (pi - theta) / (2 pi) adds d u / 2 of its own, and 2 u.
    """
    return (8 * dimension + 32) * 2.0**-53


def _norms(V: np.ndarray) -> np.ndarray:
    norms: np.ndarray = np.linalg.norm(V, axis=1)
    if not np.all(norms > 0):
        raise InputError(f"row {int(np.argmin(norms))} is zero and has no angle; drop it")
    return norms


def _padded(V: np.ndarray, norms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows padded with zeros (norm 1) to a power of two, so that few shapes are compiled."""
    size = min(_BLOCK, 1 << max(3, (len(V) - 1).bit_length()))
    extra = size - len(V)
    if not extra:
        return V, norms
    return np.pad(V, ((0, extra), (0, 0))), np.pad(norms, (0, extra), constant_values=1.0)


@jax.jit
def _block(
    X: Float64[Array, "n d"], Z: Float64[Array, "k d"], norms_z: Float64[Array, " k"], norms_x: Float64[Array, " n"]
) -> tuple[Float64[Array, "n k"], Bool[Array, "n k"]]:
    """The kernel away from angles 0 and pi, and where it still has to be repaired."""
    products = X @ Z.T
    cosines = products / (norms_x[:, None] * norms_z[None, :])
    # pi - arccos(c) = pi/2 + arcsin(c); rounding may leave |c| > 1 by an ulp, and those entries are repaired.
    kernel = products * (0.25 + _arcsin(jnp.clip(cosines, -1.0, 1.0)) / (2 * jnp.pi))
    return kernel, jnp.abs(cosines) > 1 - _WINDOW


# asin(x) = x + x r(x^2) on [0, 1/2], r a quotient of polynomials (FreeBSD msun, e_asin.c; error below 1 ulp).
_NUMERATOR = (
    3.47933107596021167570e-05,
    7.91534994289814532176e-04,
    -4.00555345006794114027e-02,
    2.01212532134862925881e-01,
    -3.25565818622400915405e-01,
    1.66666666666666657415e-01,
)
_DENOMINATOR = (
    7.70381505559019352791e-02,
    -6.88283971605453293030e-01,
    2.02094576023350569471e00,
    -2.40339491173441421878e00,
    1.0,
)


def _arcsin(x: Float64[Array, "n k"]) -> Float64[Array, "n k"]:
    """arcsin as arithmetic that compilers vectorise: XLA's own goes through atan2 and takes ten times as long.

    asin(x) = pi/2 - 2 asin(sqrt((1 - x)/2)) beyond 1/2.
    """
    size = jnp.abs(x)
    inner = size <= 0.5
    square = jnp.where(inner, x * x, (1 - size) / 2)
    root = jnp.where(inner, size, jnp.sqrt(square))
    ratio = square * jnp.polyval(jnp.array(_NUMERATOR), square) / jnp.polyval(jnp.array(_DENOMINATOR), square)
    near_zero = root + root * ratio
    return jnp.copysign(jnp.where(inner, near_zero, jnp.pi / 2 - 2 * near_zero), x)


def _repair(
    K: np.ndarray,
    near: list[tuple[np.ndarray, np.ndarray]],
    U: np.ndarray,
    V: np.ndarray,
    norms_x: np.ndarray,
    norms_z: np.ndarray,
) -> None:
    """Recompute the nearly parallel pairs of K in place, many at a time: pi - theta = 2 atan2(||u + v||, ||u - v||).

    Source: Kahan, How Futile are Mindless Assessments of Roundoff (2006), section 12.
    """
    rows, cols = (np.concatenate(part) for part in zip(*near, strict=True))
    for s in range(0, len(rows), _PAIRS):
        i, j = rows[s : s + _PAIRS], cols[s : s + _PAIRS]
        u, v = U[i], V[j]
        supplements = 2 * np.arctan2(np.linalg.norm(u + v, axis=1), np.linalg.norm(u - v, axis=1))
        K[i, j] = np.einsum("pd,pd->p", u, v) * norms_x[i] * norms_z[j] * (supplements / (2 * np.pi))


def _mirror(K: np.ndarray) -> None:
    """Copy the upper triangle to the lower one, block by block."""
    for i in range(0, len(K), _BLOCK):
        rows = slice(i, i + _BLOCK)
        K[rows, rows] += np.triu(K[rows, rows], 1).T
        for j in range(i + _BLOCK, len(K), _BLOCK):
            K[j : j + _BLOCK, rows] = K[rows, j : j + _BLOCK].T
