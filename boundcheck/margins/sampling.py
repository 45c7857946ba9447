"""Sampled values, gradients and Hessians of F(q) = E||s_q|| in float32, for the solver only (never a certificate)."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64

_PAIRS_A_BLOCK = 512
_ROWS = 256  # sizes are padded to multiples, so that few are compiled


@dataclass(frozen=True, eq=False)
class Sample:
    """Means over antithetic pairs at one q.

    value: E h(||s||), h(w) = w - floor/2 above the floor and w^2/(2 floor) below.  g: (n,) its gradient, which is
    y_i E[v.phi_i] for v = s / max(||s||, floor).  hessian: (n, n), or None.
    """

    value: float
    g: Float64[np.ndarray, " n"]
    hessian: Float64[np.ndarray, "n n"] | None = None


class Sampler:
    """Draws pairs for one set of rows.  X: (n, d), y: (n,).  Floor: w = ||s|| below it is smoothed."""

    def __init__(self, X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"], seed: int) -> None:
        self.X, self.y = X, y
        self.key = jax.random.key(seed)
        self.draws = 0

    def draw(
        self, q: Float64[np.ndarray, " n"], Hq: Float64[np.ndarray, " n"], floor: float, pairs: int, *, hessian: bool
    ) -> Sample:
        """One pass over fresh pairs at q; Hq is exact and serves as control variate."""
        order = np.argsort(q <= 0, kind="stable")
        support = int((q > 0).sum())
        k, n = (-(-size // _ROWS) * _ROWS for size in (support, len(q)))
        rows = np.zeros((max(n, k), self.X.shape[1]), dtype=np.float32)
        rows[: len(q)] = self.X[order]
        c = np.zeros(k, dtype=np.float32)
        c[:support] = (q * self.y)[order][:support]
        self.draws += 1
        square = float(q @ Hq)
        beta = 1 / np.sqrt(square)
        blocks = -(-pairs // _PAIRS_A_BLOCK)
        sums = _pass(jax.random.fold_in(self.key, self.draws), rows, c, beta, floor, blocks, _PAIRS_A_BLOCK, hessian)
        count = blocks * _PAIRS_A_BLOCK
        field, value, weighted, outer = (np.asarray(part, dtype=np.float64) for part in sums)
        inverse = np.argsort(order)
        field = field[inverse]
        g = self.y * np.einsum("nd,nd->n", self.X, field) / (2 * count) + beta * Hq
        matrix = None
        if hessian:
            pick = np.ix_(inverse, inverse)
            matrix = (self.X @ self.X.T) * weighted[pick] / count - outer[pick] / count
            matrix *= np.outer(self.y, self.y)
        return Sample(float(value) / (2 * count) + beta * square / 2, g, matrix)


@partial(jax.jit, static_argnames=("size", "hessian"))
def _pass(
    key: Array,
    X: Float32[Array, "n d"],
    c: Float32[Array, " k"],
    beta: float,
    floor: float,
    blocks: int,
    size: int,
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
        z = jax.random.normal(jax.random.fold_in(key, block), (size, X.shape[1]), dtype=jnp.float32)
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
