"""Fresh Gaussian draws for the certificate: direction fields v(z), ||v|| <= 1, and what they correlate with.

Activations are decided in float64.  A field may be any function of z, so its direction is computed in float32; it is
then rounded to multiples of 2^-15, so that float32 sums over a block of 256 pairs are exact integers times 2^-15.
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
from jaxtyping import Array, Float32, Float64

PAIRS_A_BLOCK = 256
_OUTER_BLOCK = 1024
_STRIPS = 4  # of the rows: M is symmetric, so only strips on and right of its diagonal are multiplied
_QUANTUM = 2.0**-15  # 2 * 256 / _QUANTUM = 2^24: the largest integer up to which float32 is exact
_PADDING = 256
_PIECE_SECONDS = 0.4
_STREAMS = 2


@dataclass(frozen=True, eq=False)
class Chain:
    """The field v_0 + D_1 + ... + D_L of points a_0, ..., a_L of the simplex.

    v_0 = s_{a_0} / max(||s_{a_0}||, floor), and D_l goes from the field so far towards the same for a_l, by at most
    reaches[l-1].  Each step is a convex combination, so the norm stays <= 1 (up to `slack`).
    """

    points: tuple[Float64[np.ndarray, " n"], ...]
    reaches: tuple[float, ...] = ()
    floor: float = 0.0

    def slack(self, dimension: int) -> float:
        """How far above 1 rounding may lift the norm of the field."""
        return 1e-6 + sum(self.reaches) * _QUANTUM * float(np.sqrt(dimension))


class Draws:
    """Draws for one set of unit rows.  U: (n, r) unit rows, y: (n,) labels; every call is an independent sample.

    tick: told the share of a sample that is drawn, about twice a second; a long sample can be interrupted there.
    seconds: what drawing has cost, compilation left out.
    """

    def __init__(
        self,
        U: Float64[np.ndarray, "n r"],
        y: Float64[np.ndarray, " n"],
        seed: int,
        tick: Callable[[float], None] = lambda share: None,
    ) -> None:
        self.U, self.y, self._tick = U, y, tick
        self._key = jax.random.key(seed)
        self._calls = 0
        self.seconds = 0.0

    def _accumulate(self, step: Callable[[int, int, Any], Any], zero: Any, blocks: int) -> Any:
        """The sum over all blocks, each half of them by a thread of its own, in pieces of about half a second.

        step(first, last, total) adds blocks to a total; what is added to what does not depend on the pieces.
        """
        bounds = np.linspace(0, blocks, _STREAMS + 1).astype(int)
        totals, done, size = [zero] * _STREAMS, 0, 2
        longest = int(np.diff(bounds).max())

        def advance(stream: int) -> Any:
            first, last = (int(min(bounds[stream] + at, bounds[stream + 1])) for at in (done, done + size))
            return jax.block_until_ready(step(first, last, totals[stream]))  # type: ignore[no-untyped-call]

        step(0, 0, zero)  # compiles
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
        return jax.tree.map(lambda *parts: sum(parts), *totals)

    def _next_key(self) -> Array:
        self._calls += 1
        return jax.random.fold_in(self._key, self._calls)

    def _arranged(self, chain: Chain) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The order of the rows with every point's support first, that many rows padded, and a_i y_i u_i of each."""
        used = np.any([a > 0 for a in chain.points], axis=0)
        order = np.argsort(~used, kind="stable")
        width = min(-(-int(used.sum()) // _PADDING) * _PADDING, len(order))
        weights = np.stack([(a * self.y)[order[:width]] for a in chain.points])
        return order, self.U[order], weights[:, :, None] * self.U[order[:width]]

    def gains(self, chain: Chain, pairs: int) -> tuple[Float64[np.ndarray, " n"], int]:
        """Sample mean of y_i D_L.phi_i over antithetic pairs (D_0 = v_0), exactly rounded, and the pairs drawn."""
        order, rows, terms = self._arranged(chain)
        blocks = -(-pairs // PAIRS_A_BLOCK)
        fixed = self._next_key(), rows, terms.astype(np.float32), _reaches(chain), np.float32(chain.floor)
        sums = self._accumulate(partial(_gains, *fixed), jnp.zeros(rows.T.shape), blocks)
        count = blocks * PAIRS_A_BLOCK
        mean = np.empty(len(order))
        mean[order] = np.einsum("nr,rn->n", rows, np.asarray(sums)) / (2 * count)
        return self.y * mean, count

    def outer(self, chain: Chain, draws: int) -> tuple[Float64[np.ndarray, "n n"], float, int]:
        """M and r with (sample mean of (v.S_a)^2) <= a'Ma + r for all a in the simplex, v the whole field, and draws.

        Up to rounding M_ij is the sample mean of (y_i v.phi_i)(y_j v.phi_j) over single draws.
        """
        order, rows, terms = self._arranged(chain)
        n, blocks = len(order), -(-draws // _OUTER_BLOCK)
        fixed = self._next_key(), rows, terms.astype(np.float32), _reaches(chain), np.float32(chain.floor)
        starts = [n * strip // _STRIPS for strip in range(_STRIPS)]
        zeros = tuple(jnp.zeros((last - start, n - start)) for start, last in pairwise([*starts, n]))
        strips = [np.asarray(one) for one in self._accumulate(partial(_outer, *fixed), zeros, blocks)]
        count = blocks * _OUTER_BLOCK
        diagonal = np.concatenate([strip.diagonal() for strip in strips]) / count
        inexact, from_sums, constant = _rounding(self.U.shape[1])
        matrix, signs = np.empty((n, n)), self.y[order]
        for start, strip in zip(starts, strips, strict=True):
            stop = start + len(strip)
            part = strip * (signs[start:] / count)
            part *= signs[start:stop, None]
            part += from_sums / 2 * diagonal[start:]
            part += from_sums / 2 * diagonal[start:stop, None]
            part *= 1 + inexact
            matrix[np.ix_(order[start:stop], order[start:])] = part
            matrix[np.ix_(order[start:], order[start:stop])] = part.T
        return matrix, constant, count

    def value(self, a: Float64[np.ndarray, " n"], cut: float, lowest: float, pairs: int) -> tuple[float, float, int]:
        """Mean and variance over pairs of f(||s_a||), f(w) = max(w - w^2 / cut, lowest), and the pairs drawn."""
        support = np.flatnonzero(a > 0)
        width = -(-len(support) // _PADDING) * _PADDING
        rows, terms = np.zeros((width, self.U.shape[1])), np.zeros((width, self.U.shape[1]))
        rows[: len(support)] = self.U[support]
        terms[: len(support)] = (a * self.y)[support, None] * self.U[support]
        blocks = -(-pairs // PAIRS_A_BLOCK)
        fixed = self._next_key(), rows, terms, cut, lowest
        first, second = map(float, self._accumulate(partial(_value, *fixed), (jnp.zeros(()), jnp.zeros(())), blocks))
        count = blocks * PAIRS_A_BLOCK
        mean = first / count
        return mean, max(second / count - mean**2, 0.0) * count / (count - 1), count

    def pilot(self, chain: Chain, draws: int) -> tuple[float, Float64[np.ndarray, "m 2"]]:
        """Root mean square of ||D_L||, and ||s|| of the last point at z and -z, to choose parameters with."""
        _, rows, terms = self._arranged(chain)
        fixed = self._next_key(), rows, terms.astype(np.float32), _reaches(chain), np.float32(chain.floor)
        spread, w = _pilot(*fixed, draws)
        return float(spread), np.asarray(w, dtype=np.float64)


def _reaches(chain: Chain) -> Float32[np.ndarray, " l"]:
    return np.asarray(chain.reaches or (1.0,), dtype=np.float32)


def _rounding(dimension: int) -> tuple[float, float, float]:
    """(t, h, r): what float32 may have taken from a sampled M is less than a'Ma t + (1 + t) h sum_i a_i M_ii + r.

    A computed v.u_i is off by at most e, so v.S_a by as much, and (v.S_a)^2 <= (1 + t) b^2 + (1 + 1/t) e^2 for the
    computed b, t = sqrt(e).  A sum over a block is off by at most g times the sum of |b_i b_j|, so a'Ma by at most
    g sum_i a_i M_ii / (1 - g) for a in the simplex.
    """
    e, g = ((terms + 8) * 2.0**-24 for terms in (dimension, _OUTER_BLOCK))
    return e**0.5, g / (1 - g), e**1.5 + e**2


def _product(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def _direction(s: Float32[Array, "m r"], floor: Float32[Array, ""]) -> Float32[Array, "m r"]:
    """s / max(||s||, floor), and 0 where s = 0."""
    return s / jnp.maximum(jnp.linalg.norm(s, axis=1, keepdims=True), jnp.maximum(floor, 1e-30))


def _steps(sums: list[Array], reaches: Float32[Array, " L"], floor: Float32[Array, ""]) -> tuple[Array, Array]:
    """The last step D_L of the chain and the whole field, both multiples of their quantum."""
    step = jnp.trunc(_direction(sums[0], floor) / _QUANTUM) * _QUANTUM
    field = step
    for level, s in enumerate(sums[1:]):
        towards = _direction(s, floor) - field
        length = jnp.linalg.norm(towards, axis=1, keepdims=True)
        towards = towards * jnp.minimum(1.0, reaches[level] / jnp.maximum(length, 1e-30))
        quantum = _QUANTUM * reaches[level]
        step = jnp.trunc(towards / quantum) * quantum
        field = field + step
    return step, field


def _activations(key: Array, block: Array, U: Float64[Array, "n r"], size: int) -> Float32[Array, "m n"]:
    z = jax.random.normal(jax.random.fold_in(key, block), (size, U.shape[1]), dtype=jnp.float64)
    return (z @ U.T > 0).astype(jnp.float32)


def _sums(active: Float32[Array, "m n"], terms: Float32[Array, "L k r"]) -> list[Array]:
    return [_product(active[:, : part.shape[0]], part) for part in terms]


@jax.jit
def _gains(
    key: Array,
    U: Float64[Array, "n r"],
    terms: Float32[Array, "L k r"],
    reaches: Float32[Array, " l"],
    floor: Float32[Array, ""],
    first: int,
    last: int,
    total: Float64[Array, "r n"],
) -> Float64[Array, "r n"]:
    """Sum over pairs of D(z) A(z)' + D(-z) A(-z)', A(-z) = 1 - A(z), s(-z) = s(all active) - s(z)."""
    totals = terms.sum(axis=1)

    def body(block: Array, sum_so_far: Array) -> Array:
        active = _activations(key, block, U, PAIRS_A_BLOCK)
        sums = _sums(active, terms)
        plus, _ = _steps(sums, reaches, floor)
        minus, _ = _steps([whole - s for whole, s in zip(totals, sums, strict=True)], reaches, floor)
        # Divided by the quantum these are integers below 2^24, so the float32 product is exact.
        return sum_so_far + (_product((plus - minus).T, active) + minus.sum(axis=0)[:, None]).astype(jnp.float64)

    return jnp.asarray(jax.lax.fori_loop(first, last, body, total))


@jax.jit
def _outer(
    key: Array,
    U: Float64[Array, "n r"],
    terms: Float32[Array, "L k r"],
    reaches: Float32[Array, " l"],
    floor: Float32[Array, ""],
    first: int,
    last: int,
    totals: tuple[Float64[Array, "m k"], ...],
) -> tuple[Float64[Array, "m k"], ...]:
    """Sums over draws of (v.phi_i)(v.phi_j) in strips of rows i, each with the columns j from its first row on."""
    U32 = U.astype(jnp.float32)

    def body(block: Array, sums: tuple[Array, ...]) -> tuple[Array, ...]:
        active = _activations(key, block, U, _OUTER_BLOCK)
        _, field = _steps(_sums(active, terms), reaches, floor)
        along = active * _product(field, U32.T)
        rest = [along[:, len(U) - strip.shape[1] :] for strip in sums]
        return tuple(total + _product(a[:, : len(total)].T, a) for total, a in zip(sums, rest, strict=True))

    found: tuple[Array, ...] = jax.lax.fori_loop(first, last, body, totals)
    return found


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
    total = terms.sum(axis=0)

    def f(s: Array) -> Array:
        w = jnp.linalg.norm(s, axis=1)
        return jnp.maximum(w - w**2 / cut, lowest)

    def body(block: Array, carry: Any) -> Any:
        s = _activations(key, block, U, PAIRS_A_BLOCK).astype(jnp.float64) @ terms
        pair = (f(s) + f(total - s)) / 2
        return carry[0] + pair.sum(), carry[1] + (pair**2).sum()

    return jax.lax.fori_loop(first, last, body, sums)


@partial(jax.jit, static_argnames="draws")
def _pilot(
    key: Array,
    U: Float64[Array, "n r"],
    terms: Float32[Array, "L k r"],
    reaches: Float32[Array, " l"],
    floor: Float32[Array, ""],
    draws: int,
) -> tuple[Float32[Array, ""], Float32[Array, "m 2"]]:
    width = terms.shape[1]
    sums = _sums(_activations(key, jnp.int64(0), U[:width], draws), terms)
    step, _ = _steps(sums, reaches, floor)
    both = jnp.stack([sums[-1], terms[-1].sum(axis=0) - sums[-1]], axis=1)
    return jnp.sqrt((step**2).sum(axis=1).mean()), jnp.linalg.norm(both, axis=2)
