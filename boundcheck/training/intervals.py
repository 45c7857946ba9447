"""Which logits a comparator can have, given the activation patterns reachable from W(0) (theory: Certificate).

Everything is rounded outward: dot products by |fl(u.v) - u.v| <= (d + 4) 2^-53 ||u|| ||v||, sums likewise.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from boundcheck.errors import InputError

UNIT = 2.0**-53
RELATIVE = 64 * UNIT  # covers a dozen correctly rounded operations and elementary functions within 4 ulp
_BLOCK = 1 << 22  # entries of the (samples x neurons) blocks held at once

Rows = Float[np.ndarray, "n d"]
PerSample = Float[np.ndarray, " n"]
Neurons = Float[np.ndarray, "m d"]
Signs = Float[np.ndarray, " m"]


@dataclass(frozen=True)
class LogitIntervals:
    """Enclosure of f_i^W(W(0) + D) over every W within the radius of W(0), exact for each sample up to rounding.

    curvature: kappa >= ||grad f_i(W)||^2 for all such W and all i.  energy: ||D||_F^2, rounded up.
    flip_fraction: share of (neuron, sample) pairs whose activation can change within the radius.
    """

    width: int
    lower: PerSample
    upper: PerSample
    curvature: float
    energy: float
    flip_fraction: float


def kernel_teacher(W: Neurons, q: PerSample, X: Rows, y: PerSample) -> Neurons:
    """Return v_q(W_j) = s_q/||s_q|| with s_q(W) = sum_i q_i y_i 1[W.x_i > 0] x_i, and 0 where s_q = 0.

    q: weights on the samples, at least 0; any nonzero multiple gives the same v.  theory: Kernel and margin.
    """
    weighted = (q * y)[:, None] * X
    S = np.vstack([(rows @ X.T > 0) @ weighted for rows in np.array_split(W, _blocks(len(W), len(X)))])
    norms = np.linalg.norm(S, axis=1, keepdims=True)
    return np.asarray(np.divide(S, norms, out=np.zeros_like(S), where=norms > 0))


def default_comparator(W0: Neurons, a: Signs, radius: float, q: PerSample, X: Rows, y: PerSample) -> Neurons:
    """D_j = B a_j v_q(W_j(0)) / sqrt m, the comparator of the theorems (theory: Certificate)."""
    return np.asarray(radius / math.sqrt(len(W0)) * a[:, None] * kernel_teacher(W0, q, X, y))


def logit_intervals(X: Rows, W0: Neurons, a: Signs, D: Neurons, radius: float) -> LogitIntervals:
    """Enclose m^{-1/2} sum_j a_j 1[W_j.x_i > 0] (W_j(0) + D_j).x_i over ||W_j - W_j(0)|| <= B/sqrt m.

    Neuron j can change its activation on x_i only if |W_j(0).x_i| <= B ||x_i||/sqrt m.  A neuron that cannot
    contributes a_j D_j.x_i/sqrt m or 0, since its W(0) part cancels against its pair's; one that can
    contributes 0 or c_ij = a_j (W_j(0) + D_j).x_i/sqrt m, whichever is worse (theory: Certificate, steps 1-2).
    W0 and a must be paired: W_{j+m/2} = W_j, a_{j+m/2} = -a_j.

    Raises:
        InputError: a row of D longer than B/sqrt m.
    """
    m, d = W0.shape
    n, root = len(X), math.sqrt(m)
    D = _within(D, radius / root)
    x_norm, w_norm, d_norm = norms_up(X), norms_up(W0), norms_up(D)
    lower, upper, size, flips, active = (np.zeros(n) for _ in range(5))
    for rows in np.array_split(np.arange(m), _blocks(m, n)):
        G = X @ W0[rows].T
        reach = x_norm[:, None] * (radius / root * (1 + RELATIVE) + (d + 4) * UNIT * w_norm[rows])
        flip: Bool[np.ndarray, "n block"] = np.abs(G) <= reach
        P = X @ (a[rows, None] * D[rows]).T / root
        C = np.where(flip, G * (a[rows] / root) + P, np.where(G > 0, P, 0.0))
        lower += np.where(flip, np.minimum(C, 0), C).sum(axis=1)
        upper += np.where(flip, np.maximum(C, 0), C).sum(axis=1)
        size += np.abs(C).sum(axis=1) + x_norm * (d_norm[rows].sum() + flip @ w_norm[rows]) / root
        flips += flip.sum(axis=1)
        active += (flip | (G > 0)).sum(axis=1)
    error = (d + m + 16) * UNIT * 1.01 * size
    return LogitIntervals(
        width=m,
        lower=lower - error,
        upper=upper + error,
        curvature=float(np.max(x_norm**2 * active)) / m * (1 + RELATIVE),
        energy=math.fsum(d_norm**2) * (1 + RELATIVE),
        flip_fraction=float(flips.sum()) / (n * m),
    )


def norms_up(M: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, " rows"]:
    """Row norms, rounded up."""
    return np.asarray(np.linalg.norm(M, axis=1) * (1 + (M.shape[1] + 4) * UNIT))


def _within(D: Neurons, radius: float) -> Neurons:
    """D, shrunk by no more than rounding so that no row is longer than the radius in exact arithmetic."""
    norms = norms_up(D)
    if not np.all(norms <= radius * (1 + 1e-9)):
        raise InputError(
            f"comparator D: a row has norm {norms.max():.6g}, above radius/sqrt(m) = {radius:.6g}; shorten it"
        )
    limit = radius * (1 - 8 * UNIT)
    return D * np.where(norms > limit, limit / np.maximum(norms, limit), 1.0)[:, None] * (1 - 4 * UNIT)


def _blocks(neurons: int, samples: int) -> int:
    return max(1, math.ceil(neurons * samples / _BLOCK))
