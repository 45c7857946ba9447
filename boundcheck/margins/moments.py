"""Moments of a field along the rows, for the data-dependent bounds (theory: Moments of the data).

A pair of neurons j, j + N with g = z.x_i moves the logit of row i by q/N, q = v(z).x_i, while g > 0; where
|g| <= B ||x_i||/sqrt(m) either of the two may flip. The comparator's members are then worth (+-u + q)/(2N) each,
u = |g| sqrt(m)/B, so that whatever is active, the pair's share of the logit lies within max(u, |q|)/2 of q/2.

Every number of `FieldMoments` is a supremum of linear or quadratic means over a fixed family (unit vectors, capped
weights).  The family's best member at the true means does not depend on the draws, so one scalar inequality for that
member bounds the true supremum by the sample's: no union over the family is paid.
float32's rounding, about 1e-6 relative, is left out.
"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Float64

from boundcheck.margins.fields import normal, precise_product
from boundcheck.records.moments import FieldMoments

_BLOCK = 1024
_EVENTS = 7  # numbers bounded one by one, at half of the risk; the rows' variances have the other half, by a union
_NO_SLAB = 1e-9  # radius over sqrt(width) at which no draw lies in a slab
_GRAM_OPERATIONS = 6e11  # of the covariances: draws beyond give scalars only; half or twice moves widths by under 1 %


def moments(
    X: Float64[np.ndarray, "n d"],
    y: Float64[np.ndarray, " n"],
    q: Float64[np.ndarray, " n"],
    z: Float64[np.ndarray, " n"],
    *,
    eps: float,
    width: int,
    radius: float,
    draws: int = 1 << 18,
    confidence: float = 0.99,
    covariances: bool = True,
    seed: int = 0,
) -> FieldMoments:
    """Sample the moments of the field v = S/||S||, S = sum_i q_i y_i phi_i, at one width and radius.

    X: rows of norm at most 1.  y: +-1.  q: (n,) weights of the field, such as a teacher's.  z: (n,) logits of the
    labels over the radius (hard labels: any, `undershoot` and `bias` are then meaningless).  eps: in (0, 1).
    draws: rounded up to a multiple of 1024.  covariances: False bounds the weak variances by the variances, which is
    cheaper; the perceptron's bound reads neither.  Cost O(n (d + support) draws + n^2 min(draws, 6e11/n^2)).
    """
    n, blocks = len(y), -(-draws // _BLOCK)
    gram_blocks = int(np.clip(_GRAM_OPERATIONS / (4 * n * n * _BLOCK), 1, blocks)) if covariances else 0
    fixed = _fixed(X, y, q, z, radius / math.sqrt(width))
    key = jax.random.key(seed)
    found = _sums(key, *fixed, 0, gram_blocks, gram=covariances)
    rest = _sums(key, *fixed, gram_blocks, blocks, gram=False)
    total = blocks * _BLOCK
    mean, half, square, flip_square, signed = (
        np.asarray(a + b) / total for a, b in zip(found[:5], rest[:5], strict=True)
    )
    risk = 1 - confidence
    once = math.log(2 * _EVENTS / risk)
    norms = np.linalg.norm(X, axis=1)
    spectral, rms_norm = float(np.linalg.norm(X, 2)) / math.sqrt(n), math.sqrt(float((norms**2).mean()))
    rms_z = math.sqrt(float((z**2).mean()))
    # ||contribution - z||/sqrt(n) <= spectral + rms z, and 0 <= half-width <= ||x||/2
    wide, thin = spectral + rms_z, rms_norm / 2
    variance = float(_upper(square.mean(), wide**2, once, total))
    flip_variance = float(_upper(flip_square.mean(), thin**2, once, total))
    weak, flip_weak = variance, flip_variance
    if covariances:
        outer, flip_outer = (np.asarray(part) / (gram_blocks * _BLOCK) for part in found[5:])
        weak = float(_upper(_top(outer) / n, wide**2, once, gram_blocks * _BLOCK))
        flip_weak = float(_upper(_top(flip_outer) / n, thin**2, once, gram_blocks * _BLOCK))
    slab = math.erf(radius / math.sqrt(2 * width))
    largest = float(norms.max())
    row_reach = largest * (1.5 + slab / 2)  # |-y c + h| <= ||x||, and its mean is at most (1 + slab)/2 ||x||
    rows = _upper(signed, (largest + float(np.abs(z).max())) ** 2, math.log(2 * n / risk), total)
    drift = -y * mean + half
    scatter = math.sqrt(2 * float(rows.max()) * once / total) + row_reach * once / (3 * total)
    both = math.sqrt(weak) + math.sqrt(flip_weak)
    most = 2 * spectral + thin
    bias = _rms(np.abs(mean - z) + half) + both * math.sqrt(2 * once / total) + most * once / (3 * total)
    return FieldMoments(
        width=width,
        radius=radius,
        eps=eps,
        rows=n,
        draws=total,
        confidence=confidence,
        variance=variance,
        weak_variance=weak,
        flip_variance=flip_variance,
        flip_weak_variance=flip_weak,
        reach=min(most, spectral + rms_z + bias + thin),  # the mean contribution is within `bias` of z
        bias=bias,
        shortfall=worst_mean(drift, eps) + scatter,
        undershoot=worst_mean((drift - y * z) / 2, eps) + scatter / 2,
        row_variance=np.asarray(rows),
        row_reach=row_reach,
    )


def field_logits(
    X: Float64[np.ndarray, "n d"],
    y: Float64[np.ndarray, " n"],
    q: Float64[np.ndarray, " n"],
    *,
    draws: int = 1 << 16,
    seed: int = 0,
) -> Float64[np.ndarray, " n"]:
    """(n,) sample means of v.phi_i, the logits of the field of `moments`; |z_i| <= ||x_i||/2 is kept."""
    blocks = -(-draws // _BLOCK)
    share = _sums(jax.random.key(seed), *_fixed(X, y, q, np.zeros(len(y)), _NO_SLAB), 0, blocks, gram=False)[0]
    ends = np.linalg.norm(X, axis=1) / 2
    return np.clip(np.asarray(share) / (blocks * _BLOCK), -ends, ends)


def _fixed(X: np.ndarray, y: np.ndarray, q: np.ndarray, z: np.ndarray, slab: float) -> tuple[Any, ...]:
    support = np.flatnonzero(q > 0)
    terms = ((q * y)[support, None] * X[support]).astype(np.float32)
    return jnp.asarray(X), jnp.asarray(y), jnp.asarray(z), support, jnp.asarray(terms), slab


def worst_mean(values: Float64[np.ndarray, " n"], eps: float) -> float:
    """max sum_i w_i values_i over weights w_i <= 1/(eps n) of sum 1: the mean of the largest eps-fraction."""
    ordered = np.sort(values)[::-1]
    share = min(max(eps * len(values), 1.0), len(values))
    whole = min(int(share), len(values) - 1)
    return float((ordered[:whole].sum() + (share - whole) * ordered[whole]) / share)


def _upper(mean: np.ndarray | float, top: float, log_risk: float, draws: int) -> np.ndarray:
    """Upper bound of the mean of a variable in [0, top]: P(sample mean <= mu - s) <= exp(-draws s^2/(2 top mu))."""
    b = math.sqrt(2 * top * log_risk / draws)
    return np.asarray(((b + np.sqrt(b * b + 4 * np.asarray(mean))) / 2) ** 2)


def _top(matrix: Float64[np.ndarray, "n n"]) -> float:
    from scipy.linalg import eigh

    return float(eigh(matrix, eigvals_only=True, subset_by_index=[len(matrix) - 1] * 2)[0])


def _rms(values: Float64[np.ndarray, " n"]) -> float:
    return math.sqrt(float((values**2).mean()))


@partial(jax.jit, static_argnames="gram")
def _sums(
    key: Array,
    X: Float64[Array, "n d"],
    y: Float64[Array, " n"],
    z: Float64[Array, " n"],
    support: Array,
    terms: Float32[Array, "k d"],
    slab: float,
    first: int,
    last: int,
    *,
    gram: bool,
) -> tuple[Array, ...]:
    """Sums over draws: contribution, half-width, (contribution - z)^2, half-width^2, signed second moment; Grams."""
    X32, y32, z32 = (a.astype(jnp.float32) for a in (X, y, z))
    edge = slab * jnp.linalg.norm(X, axis=1)

    def body(block: Array, sums: tuple[Array, ...]) -> tuple[Array, ...]:
        g = normal(key, block, (_BLOCK, X.shape[1])) @ X.T
        s = precise_product((g[:, support] > 0).astype(jnp.float32), terms)
        along = precise_product(s / jnp.maximum(jnp.linalg.norm(s, axis=1, keepdims=True), 1e-30), X32.T)
        flips, size = jnp.abs(g) <= edge, (jnp.abs(g) / slab).astype(jnp.float32)
        share = jnp.where(flips, along / 2, jnp.where(g > 0, along, 0))
        half = jnp.where(flips, jnp.maximum(size, jnp.abs(along)) / 2, 0)
        centred, signed = share - z32, half - y32 * share
        new = [a.sum(axis=0, dtype=jnp.float64) for a in (share, half, centred**2, half**2, (signed + y32 * z32) ** 2)]
        if gram:
            new += [
                precise_product(centred.T, centred).astype(jnp.float64),
                precise_product(half.T, half).astype(jnp.float64),
            ]
        return tuple(old + one for old, one in zip(sums, new, strict=True))

    n = X.shape[0]
    start = (jnp.zeros(n),) * 5 + ((jnp.zeros((n, n)),) * 2 if gram else ())
    found: tuple[Array, ...] = jax.lax.fori_loop(first, last, body, start)
    return found
