"""The three losses, each as value and derivative in the logit f (theory: Network and training).

At temperature tau the loss is tau * loss(f / tau), so the derivative in f is loss'(f / tau).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundcheck.records import Loss


class Targets(NamedTuple):
    """What the losses compare f (k, n) with, in the precision of training: l = 1 row for all, or l = k.

    y: -1 or +1.  p: soft label.  s = +1 where p <= 1/2, else -1;  z = s logit p <= 0;  q = mu(z) = min(p, 1 - p).
    """

    y: Float[Array, "l n"]
    p: Float[Array, "l n"]
    s: Float[Array, "l n"]
    z: Float[Array, "l n"]
    q: Float[Array, "l n"]


def make_targets(y: Float[np.ndarray, "l n"], p: Float[np.ndarray, "l n"], dtype: str) -> Targets:
    """Return `Targets` from y in {-1, +1} and p in (0, 1)."""
    s = np.where(p <= 0.5, 1.0, -1.0)
    z = s * (np.log(p) - np.log1p(-p))
    return Targets(*(jnp.asarray(rows, dtype) for rows in (y, p, s, z, np.minimum(p, 1 - p))))


def derivative(loss: Loss, f: Float[Array, "k n"], targets: Targets) -> Float[Array, "k n"]:
    """Return d loss / d f at temperature 1."""
    if loss == "kl":
        return jax.nn.sigmoid(f) - targets.p
    if loss == "logistic":
        return -targets.y * jax.nn.sigmoid(-targets.y * f)
    # At y f = 0 the perceptron takes the subgradient -y, so that ||grad||^2 <= err (theory: Perceptron loss).
    return jnp.where(targets.y * f <= 0, -targets.y, jnp.zeros_like(f))


def value(loss: Loss, f: Float[Array, "k n"], targets: Targets) -> Float[Array, "k n"]:
    """Return the loss at temperature 1, to the relative precision of r = s f - z for the KL loss.

    KL(p || mu(f)) = KL(1 - p || mu(-f)), so that q <= 1/2 may stand for p.
    """
    if loss == "kl":
        return _divergence(targets.q, targets.s * f - targets.z)
    if loss == "logistic":
        return jax.nn.softplus(-targets.y * f)
    return jnp.maximum(-targets.y * f, 0)


def _divergence(q: Float[Array, "l n"], r: Float[Array, "k n"]) -> Float[Array, "k n"]:
    """KL(q || mu(logit q + r)) = log1p(q e) - q r with e = expm1(r), 0 < q <= 1/2.

    Small values would be noise in float32 (theory: Floating point): where |r| < 1 it is written as

        q (e - r) - (x - log1p(x)),    x = q e,    e - r = sum_{k >= 2} r^k / k!,
        x - log1p(x) = x t - 2 t^3 (1/3 + t^2/5 + t^4/7 + ...),    t = x / (2 + x),    |t| < 0.31,

    with second-order terms only, of which the first is at least about twice the other.  Where r > 80,
    log1p(q expm1(r)) = log q + r to the last bit.
    """
    powers, odds = (18, 16) if r.dtype == jnp.float64 else (10, 6)
    guarded = jnp.minimum(r, 80)
    e = jnp.expm1(guarded)
    x = q * e
    t = x / (2 + x)
    excess = r * r * _polynomial(r, [1 / math.factorial(k) for k in range(2, powers + 1)])
    lack = x * t - 2 * t**3 * _polynomial(t * t, [1 / (2 * k + 3) for k in range(odds)])
    return jnp.where(jnp.abs(r) < 1, q * excess - lack, jnp.log1p(x) + (r - guarded) - q * r)


def _polynomial(x: Float[Array, "k n"], coefficients: Sequence[float]) -> Float[Array, "k n"]:
    """Sum of coefficients[k] x^k."""
    total = jnp.full_like(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total
