"""The paper's two-layer ReLU network at a symmetric initialisation (theory: Network and training).

f(x) = m^{-1/2} sum_j a_j relu(W_j . x) with N = m/2 independent neurons, W_{j+N}(0) = W_j(0), a_{j+N} = -a_j,
and a fixed.  With D = W - W(0), z = W_j(0) . x and relu(z + u) = max(u, -z) + z, the two halves give

    f(x) = m^{-1/2} sum_{j < N} [max(D_j . x, -z_j) - max(D_{j+N} . x, -z_j)],                                (P)

where W(0) enters only as the threshold -z_j: f(W(0)) is exactly 0 and no displacement is too small to be seen,
in any precision and any order of summation (theory: Floating point).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from boundcheck.errors import InputError


def check_job(width: int, seed: int) -> None:
    """Raise InputError unless `width` is even and positive and `seed` is non-negative."""
    if width < 2 or width % 2:
        raise InputError(f"width {width}: the symmetric initialisation needs an even number of neurons; use >= 2, even")
    if seed < 0:
        raise InputError(f"seed {seed}: seeds are non-negative integers; choose one")


def base_weights(width: int, d: int, seed: int) -> Float[np.ndarray, "N d"]:
    """Return the N = width/2 independent rows of W(0), standard normal, drawn from (seed, width) alone."""
    check_job(width, seed)
    return np.random.default_rng([seed, width]).standard_normal((width // 2, d))


def initial_weights(width: int, d: int, seed: int) -> tuple[Float[np.ndarray, "m d"], Float[np.ndarray, " m"]]:
    """Return W(0) (m, d) and a (m,) of the run (width, seed), float64; a = +1 for j < m/2, else -1.

    They are in the coordinates of the X given to `train`, before any rotation: `train` computes W(0) . x from
    this W(0) and this X in float64.  The rotation to the rank of the data concerns W - W(0) only, which lies in
    the span of the rows of X.  Raises InputError for an odd width or a negative seed.
    """
    W = base_weights(width, d, seed)
    a = np.concatenate([np.ones(width // 2), -np.ones(width // 2)])
    return np.concatenate([W, W]), a


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network.  W0: (m, d) W(0).  a: (m,) outer signs.  displacement: (m, d) W - W(0).  All float64."""

    W0: Float[np.ndarray, "m d"]
    a: Float[np.ndarray, " m"]
    displacement: Float[np.ndarray, "m d"]

    def predict(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """Return the logits f(x) (n,) by equation (P)."""
        return self.evaluate(X)[0]

    def evaluate(self, X: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " n"], float]:
        """Return the logits (n,) and the share of activations 1[W_j . x_i > 0] that differ between W(0) and W."""
        m = len(self.a)
        threshold = -(X @ self.W0[: m // 2].T)
        halves = [X @ half.T for half in np.split(self.displacement, 2)]
        logits = sum(sign * np.maximum(u, threshold) for sign, u in zip((1, -1), halves, strict=True)).sum(axis=1)
        flips = [np.count_nonzero((u > threshold) != (threshold < 0)) for u in halves]
        return logits / np.sqrt(m), sum(flips) / (m * len(X))
