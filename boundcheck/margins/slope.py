"""Value, gradient and Hessian of E||s_q|| from Gaussian draws, for the solver: all in float32.

No certificate rests on any of it (fields.py draws for those).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Int

from boundcheck.margins.problem import MarginProblem

_BLOCK = 512
_PADDING = 256


@dataclass(frozen=True, eq=False)
class Slope:
    """Means over antithetic pairs at one q, for the solver.

    value: E h(||s||), h(w) = w - floor/2 above the floor and w^2/(2 floor) below.  g: (n,) its gradient, which is
    y_i E[v.phi_i] for v = s / max(||s||, floor).  hessian: (n, n), or None.
    """

    value: float
    g: Float64[np.ndarray, " n"]
    hessian: Float64[np.ndarray, "n n"] | None = None


def slope(
    problem: MarginProblem,
    rows: Int[np.ndarray, " k"],
    q: Float64[np.ndarray, " n"],
    pairs: int,
    seed: int,
    *,
    floor: float,
    hessian: bool = False,
) -> Slope:
    """Value, gradient and Hessian of E||s_q|| at these rows, the only ones where q is not 0.

    floor: in multiples of sqrt(q'Hq).  The exact Hq serves as control variate.
    """
    Hq = problem.H[rows] @ q
    X, y, q = problem.X[rows], problem.y[rows], q[rows]
    order = np.argsort(q <= 0, kind="stable")
    support = int((q > 0).sum())
    k, n = (-(-size // _PADDING) * _PADDING for size in (support, len(q)))
    padded = np.zeros((max(n, k), X.shape[1]), dtype=np.float32)
    padded[: len(q)] = X[order]
    c = np.zeros(k, dtype=np.float32)
    c[:support] = (q * y)[order][:support]
    square = float(q @ Hq)
    beta = 1 / np.sqrt(square)
    blocks = -(-pairs // _BLOCK)
    key = jax.random.fold_in(jax.random.key(seed), 1)
    sums = _slopes(key, padded, c, beta, floor * square**0.5, blocks, hessian)
    count = blocks * _BLOCK
    field, value, weighted, outer = (np.asarray(part, dtype=np.float64) for part in sums)
    inverse = np.argsort(order)
    g = y * np.einsum("nd,nd->n", X, field[inverse]) / (2 * count) + beta * Hq
    matrix = None
    if hessian:
        pick = np.ix_(inverse, inverse)
        matrix = (X @ X.T) * weighted[pick] / count - outer[pick] / count
        matrix *= np.outer(y, y)
    return Slope(float(value) / (2 * count) + beta * square / 2, g, matrix)


@partial(jax.jit, static_argnames="hessian")
def _slopes(
    key: Array,
    X: Float32[Array, "n d"],
    c: Float32[Array, " k"],
    beta: float,
    floor: float,
    blocks: int,
    hessian: bool,
) -> tuple[Float64[Array, "n d"], Float64[Array, ""], Float[Array, "..."], Float[Array, "..."]]:
    """Sums over pairs: field A'(v - beta s), value w - beta w^2/2, and for the Hessian A'(A/w) and the outer part."""
    k, n = c.shape[0], X.shape[0]
    terms = c[:, None] * X[:k]
    total = terms.sum(axis=0)
    beta, floor = jnp.float32(beta), jnp.float32(floor)

    def field(s: Array) -> tuple[Array, Array, Array]:
        w = jnp.linalg.norm(s, axis=1)
        inverse = 1 / jnp.maximum(w, floor)
        smooth = jnp.where(w > floor, w - floor / 2, w**2 * inverse / 2)
        return s * (inverse - beta)[:, None], smooth - beta * w**2 / 2, inverse

    def body(block: Array, carry: Any) -> Any:
        z = jax.random.normal(jax.random.fold_in(key, block), (_BLOCK, X.shape[1]), dtype=jnp.float32)
        active = (z @ X.T > 0).astype(jnp.float32)
        s = active[:, :k] @ terms
        plus, f_plus, inverse = field(s)
        minus, f_minus, _ = field(total - s)
        sums = [active.T @ (plus - minus) + minus.sum(axis=0), (f_plus + f_minus).sum()]
        if hessian:
            # (I - v v'/||v||^2) / w above the floor, I / floor below it.
            above = jnp.linalg.norm(s, axis=1) > floor
            along = active * ((s * (above * inverse**1.5)[:, None]) @ X.T)
            sums += [(active * inverse[:, None]).T @ active, along.T @ along]
        return tuple(a + b for a, b in zip(carry, sums, strict=False)) + carry[len(sums) :]

    square = jnp.zeros((n, n), dtype=jnp.float32) if hessian else jnp.zeros(())
    start = (jnp.zeros(X.shape, dtype=jnp.float64), jnp.zeros((), dtype=jnp.float64), square, square)
    totals: tuple[Array, Array, Array, Array] = jax.lax.fori_loop(0, blocks, body, start)
    return totals
