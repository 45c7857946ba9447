"""The one sampler of the margins, on JAX: sums over Gaussian draws of a direction field v(z) and of S_a(z).

For certificates (`Draws`) activations are decided in float64.  A field may be any function of z, so its direction is
computed in float32; it is then rounded to multiples of 2^-14, so that float32 sums over a block of 1024 draws are exact
integers times 2^-14.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Float64, Int

_BLOCK = 1024
_PAIRS_A_BLOCK = 256
_STRIPS, _MANY_STRIPS, _MANY_ROWS = 4, 8, 5000  # of the rows: M is symmetric, only strips from its diagonal on are made
_QUANTUM = 2.0**-14  # _BLOCK / _QUANTUM = 2^24: the largest integer up to which float32 is exact
_SHRINK = 1 - 2.0**-13  # leaves room for rounding to the nearest multiple of the quantum
_PADDING = 256
_PIECE_SECONDS = 0.4
_STREAMS = 2


@dataclass(frozen=True, eq=False)
class Moments:
    """Sample means over `draws` of a field v.  mean: (n,) of y_i v.phi_i, without rounding.

    outer, excess: M (n, n), positive semidefinite, and h (n,) with (mean of (v.S_a)^2) <= a'Ma + h.a on the simplex;
    up to float32's rounding, for which h and a factor of M make up, M_ij is the mean of (y_i v.phi_i)(y_j v.phi_j).
    """

    mean: Float64[np.ndarray, " n"]
    outer: Float64[np.ndarray, "n n"]
    excess: Float64[np.ndarray, " n"]
    draws: int


class Draws:
    """Draws for one set of unit rows: one sample for the moments, others for the means, the value and the pilot.

    U: (n, r) unit rows, y: (n,) labels.
    tick: told the share of a sample that is drawn, about twice a second; a long sample can be interrupted there.
    seconds: what drawing has cost, compilation and memory left out.
    """

    def __init__(
        self,
        U: Float64[np.ndarray, "n r"],
        y: Float64[np.ndarray, " n"],
        seed: int,
        tick: Callable[[float], None] = lambda share: None,
    ) -> None:
        self.U, self.y, self._tick = U, y, tick
        keys = jax.random.split(jax.random.key(seed), 4)
        self._moments_key, self._means_key, self._value_key, self._pilot_key = keys
        self.seconds = 0.0

    @property
    def slack(self) -> float:
        """How far above 1 float32 may leave the norm of a field."""
        return _inexact(self.U.shape[1])

    def glance(
        self, a: Float64[np.ndarray, " n"], floor: float, draws: int, rows: Int[np.ndarray, " k"]
    ) -> Float64[np.ndarray, " k"]:
        """About the `mean` that `moments` will find at these rows, from the same draws, in float32.  a: 0 elsewhere."""
        U, weights = self.U[rows].astype(np.float32), (a * self.y)[rows, None].astype(np.float32)
        blocks = -(-draws // _BLOCK)
        step = partial(_glance, self._moments_key, jnp.asarray(U), jnp.asarray(weights * U), np.float32(floor))
        sums = self._accumulate(step, lambda: jnp.zeros(U.T.shape), blocks)
        return np.asarray(self.y[rows] * np.einsum("kr,rk->k", U, sums) / (blocks * _BLOCK))

    def moments(self, a: Float64[np.ndarray, " n"], floor: float, draws: int) -> Moments:
        """First and second moments of the field S_a / max(||S_a||, floor) along the rows, from single draws."""
        n = len(a)
        count = _MANY_STRIPS if n > _MANY_ROWS else _STRIPS
        strips = tuple(pairwise(n * strip // count for strip in range(count + 1)))
        mean, squares, products, total = self._sums(self._moments_key, a, floor, draws, strips)
        relative, from_sums, constant = _rounding(self.U.shape[1])
        outer = np.empty((n, n))
        for (first, last), product in zip(strips, products, strict=True):
            product *= (1 + relative) / total * self.y[first:]
            product *= self.y[first:last, None]
            outer[first:last, first:] = product
            outer[first:, first:last] = product.T
        return Moments(mean, outer, (1 + relative) * from_sums * squares + constant, total)

    def means(
        self, a: Float64[np.ndarray, " n"], floor: float, draws: int
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"], int]:
        """The same means from draws of their own, more than the means of (v.phi_i)^2 there, and the draws."""
        mean, squares, _, total = self._sums(self._means_key, a, floor, draws, ())
        relative, from_sums, constant = _rounding(self.U.shape[1])
        return mean, (1 + relative) * (1 + from_sums) * squares + constant, total

    def _sums(
        self, key: Array, a: Float64[np.ndarray, " n"], floor: float, draws: int, strips: tuple[tuple[int, int], ...]
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"], list[np.ndarray], int]:
        """Means of y_i v.phi_i and of their squares, sums of products in strips (first row, last), and the draws."""
        n, blocks, support = len(a), -(-draws // _BLOCK), np.flatnonzero(a > 0)
        # Padded with a row that is used already and has no weight here, so that few shapes are compiled.
        columns = np.pad(support, (0, -len(support) % _PADDING), mode="edge")
        weights = np.pad((a * self.y)[support], (0, len(columns) - len(support)))
        terms = jnp.asarray((weights[:, None] * self.U[columns]).astype(np.float32))

        def zeros() -> tuple[Array, ...]:
            triangle = (jnp.zeros((last - first, n - first)) for first, last in strips)
            return jnp.zeros(self.U.T.shape), jnp.zeros(n), *triangle

        step = partial(_moments, key, jnp.asarray(self.U), columns, terms, np.float32(floor))
        sums, squares, *products = self._accumulate(step, zeros, blocks)
        total = blocks * _BLOCK
        return self.y * np.einsum("nr,rn->n", self.U, sums) / total, squares / total, products, total

    def value(self, a: Float64[np.ndarray, " n"], cut: float, lowest: float, pairs: int) -> tuple[float, float, int]:
        """Mean and variance over pairs of f(||s_a||), f(w) = max(w - w^2 / cut, lowest), and the pairs drawn."""
        blocks = -(-pairs // _PAIRS_A_BLOCK)
        fixed = self._value_key, *self._support(a), cut, lowest
        first, second = map(float, self._accumulate(partial(_value, *fixed), lambda: (jnp.zeros(()),) * 2, blocks))
        count = blocks * _PAIRS_A_BLOCK
        mean = first / count
        return mean, max(second / count - mean**2, 0.0) * count / (count - 1), count

    def pilot(self, a: Float64[np.ndarray, " n"], pairs: int) -> Float64[np.ndarray, "m 2"]:
        """||S_a|| at z and -z, to choose parameters with."""
        return np.asarray(_sizes(self._pilot_key, jnp.int64(0), *self._support(a), pairs))

    def _support(self, a: Float64[np.ndarray, " n"]) -> tuple[Float64[np.ndarray, "k r"], Float64[np.ndarray, "k r"]]:
        """The rows with weight, padded, and a_i y_i u_i of each."""
        support = np.flatnonzero(a > 0)
        width = -(-len(support) // _PADDING) * _PADDING
        rows, terms = np.zeros((2, width, self.U.shape[1]))
        rows[: len(support)] = self.U[support]
        terms[: len(support)] = (a * self.y)[support, None] * self.U[support]
        return rows, terms

    def _accumulate(self, step: Callable[[int, int, Any], Any], zeros: Callable[[], Any], blocks: int) -> Any:
        """The sum over all blocks, each half of them by a thread of its own, in pieces of about half a second.

        step(first, last, total) adds blocks to a total, whose memory it may use; what is added to what does not
        depend on the pieces.
        """
        bounds = np.linspace(0, blocks, _STREAMS + 1).astype(int)
        totals = jax.block_until_ready([step(0, 0, zeros()) for _ in range(_STREAMS)])  # type: ignore[no-untyped-call]
        done, size = 0, 2
        longest = int(np.diff(bounds).max())

        def advance(stream: int) -> Any:
            first, last = (int(min(bounds[stream] + at, bounds[stream + 1])) for at in (done, done + size))
            return jax.block_until_ready(step(first, last, totals[stream]))  # type: ignore[no-untyped-call]

        started = time.monotonic()
        with ThreadPoolExecutor(_STREAMS) as threads:
            while done < longest:
                before = time.monotonic()
                totals = list(threads.map(advance, range(_STREAMS)))
                done += size
                if time.monotonic() - before < _PIECE_SECONDS:
                    size *= 2
                self._tick(min(done / longest, 1.0))
        self.seconds += time.monotonic() - started
        return jax.tree.map(lambda *parts: sum(map(np.asarray, parts)), *totals)


def _inexact(dimension: int) -> float:
    """How much, relative to the norms, a float32 inner product over the columns may be off."""
    return (dimension + 8) * 2.0**-24


def _rounding(dimension: int) -> tuple[float, float, float]:
    """(t, h, r): the true mean of (v.S_a)^2 is at most (1 + t) (a'Ma + h sum_i a_i M_ii) + r for the M of float32.

    A computed v.u_i is off by at most e, so v.S_a by as much, and (v.S_a)^2 <= (1 + t) b^2 + (1 + 1/t) e^2 for the
    computed b, t = sqrt(e).  A sum over a block is off by at most g times the sum of |b_i b_j|, so a'Ma by at most
    g sum_i a_i M_ii / (1 - g) for a in the simplex.
    """
    e, g = _inexact(dimension), _inexact(_BLOCK)
    return e**0.5, g / (1 - g), e**1.5 + e**2


def precise_product(a: Array, b: Array) -> Array:
    """A product in full float32: the default of some accelerators has fewer digits."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def _field(s: Float32[Array, "m r"], floor: Float32[Array, ""]) -> Float32[Array, "m r"]:
    """s / max(||s||, floor) in multiples of the quantum: the nearest ones unless that lifts the norm above 1."""
    direction = s / jnp.maximum(jnp.linalg.norm(s, axis=1, keepdims=True), jnp.maximum(floor, 1e-30))
    nearest = jnp.round(_SHRINK * direction / _QUANTUM) * _QUANTUM
    fits = (nearest**2).sum(axis=1, keepdims=True) <= 1
    return jnp.where(fits, nearest, jnp.trunc(direction / _QUANTUM) * _QUANTUM)


def normal(key: Array, block: Array, shape: tuple[int, int]) -> Float64[Array, "m r"]:
    """The draws of a block; the same in every call with this key."""
    return jax.random.normal(jax.random.fold_in(key, block), shape, dtype=jnp.float64)


def _activations(key: Array, block: Array, U: Float64[Array, "n r"], size: int) -> Float32[Array, "m n"]:
    return (normal(key, block, (size, U.shape[1])) @ U.T > 0).astype(jnp.float32)


@partial(jax.jit, donate_argnames="total")
def _glance(
    key: Array,
    U: Float32[Array, "k r"],
    terms: Float32[Array, "k r"],
    floor: Float32[Array, ""],
    first: int,
    last: int,
    total: Float64[Array, "r k"],
) -> Float64[Array, "r k"]:
    """Sum over draws of v A', with float32 in everything but the draws themselves."""

    def body(block: Array, sum_so_far: Array) -> Array:
        z = normal(key, block, (_BLOCK, U.shape[1])).astype(jnp.float32)
        active = (z @ U.T > 0).astype(jnp.float32)
        return sum_so_far + precise_product(_field(precise_product(active, terms), floor).T, active)

    return jnp.asarray(jax.lax.fori_loop(first, last, body, total))


@partial(jax.jit, donate_argnames="totals")
def _moments(
    key: Array,
    U: Float64[Array, "n r"],
    columns: Int[Array, " k"],
    terms: Float32[Array, "k r"],
    floor: Float32[Array, ""],
    first: int,
    last: int,
    totals: tuple[Float64[Array, "..."], ...],
) -> tuple[Float64[Array, "..."], ...]:
    """Sums over draws of v A', of (v.phi_i)^2, and of (v.phi_i)(v.phi_j) in strips of rows i, columns j >= first."""
    U32 = U.astype(jnp.float32)

    def body(block: Array, sums: tuple[Array, ...]) -> tuple[Array, ...]:
        active = _activations(key, block, U, _BLOCK)
        field = _field(precise_product(active[:, columns], terms), floor)
        along = active * precise_product(field, U32.T)
        first_moments, squares, *strips = sums
        rest = [along[:, len(U) - strip.shape[1] :] for strip in strips]
        # Divided by the quantum the field and its sums are integers up to 2^24, so this float32 product is exact.
        first_moments = first_moments + precise_product(field.T, active)
        products = [strip + precise_product(b[:, : len(strip)].T, b) for strip, b in zip(strips, rest, strict=True)]
        return first_moments, squares + (along**2).sum(axis=0), *products

    found: tuple[Array, ...] = jax.lax.fori_loop(first, last, body, totals)
    return found


@partial(jax.jit, static_argnames="pairs")
def _sizes(key: Array, block: Array, U: Float64[Array, "k r"], terms: Float64[Array, "k r"], pairs: int) -> Array:
    """(pairs, 2): ||s|| at z and at -z, where s(-z) = s(all active) - s(z)."""
    s = _activations(key, block, U, pairs).astype(jnp.float64) @ terms
    return jnp.asarray(jnp.linalg.norm(jnp.stack([s, terms.sum(axis=0) - s], axis=1), axis=2))


@jax.jit
def _value(
    key: Array,
    U: Float64[Array, "k r"],
    terms: Float64[Array, "k r"],
    cut: float,
    lowest: float,
    first: int,
    last: int,
    sums: Any,
) -> Any:
    def body(block: Array, carry: Any) -> Any:
        w = _sizes(key, block, U, terms, _PAIRS_A_BLOCK)
        pair = jnp.maximum(w - w**2 / cut, lowest).mean(axis=1)
        return carry[0] + pair.sum(), carry[1] + (pair**2).sum()

    return jax.lax.fori_loop(first, last, body, sums)
