"""How closely a field of bounded norm can follow given soft labels (theory: Any teacher).

The field v = S/max(1, ||S||/B), S(w) = sum_j a_j phi_j(w), is that of kernel logistic regression in the norm of the
kernel K, clipped to length B.  Its logits z_i = E[v.phi_i] are means over Gaussian draws w that had no part in S.

Lower bound of what any field of norm B reaches: it lies in the ball of radius B of the norm of K, and by convex
duality every a with u_i = p_i - n ridge a_i in [0, 1] gives, for all f in that ball, with H the binary entropy,

    R(f)  >=  mean [H(u_i) - H(p_i)]  -  (ridge/2) (a'Ka + B^2).                                            (D)
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy.linalg import cho_factor, cho_solve
from scipy.special import entr, expit

_BLOCK = 1024
_NEWTON_STEPS, _HALVINGS = 60, 30
_GAP = 1e-7  # between the objective and its lower bound, as a share of the KL divergence at f = 0


def risk(p: Float[np.ndarray, " n"], f: Float[np.ndarray, "... n"]) -> np.ndarray:
    """mean KL(p || sigmoid(f)) over the last axis, for p in [0, 1]; in logits, so that none is lost far out."""
    return np.asarray((np.logaddexp(0, f) - p * f).mean(axis=-1) - entropy(p).mean())


def entropy(p: Float[np.ndarray, " n"]) -> np.ndarray:
    """The entropy of Bernoulli(p), in nats."""
    return np.asarray(entr(p) + entr(1 - p))


@dataclass(frozen=True, eq=False)
class Fit:
    """Kernel logistic regression at one ridge. weights: a.  norm: sqrt(a'Ka).  dual: the right side of (D) at B = 0."""

    ridge: float
    weights: Float64[np.ndarray, " n"]
    norm: float
    dual: float

    def least_risk(self, radius: float) -> float:
        """No field of this norm has a smaller average KL divergence, by (D)."""
        return max(0.0, self.dual - self.ridge / 2 * radius**2)


def fit(
    K: Float64[np.ndarray, "n n"],
    p: Float64[np.ndarray, " n"],
    ridge: float,
    start: Float64[np.ndarray, " n"] | None = None,
) -> Fit:
    """Minimise mean KL(p || sigmoid(Ka)) + (ridge/2) a'Ka by Newton's method (Rasmussen & Williams, Algorithm 3.1).

    start: weights to begin with.  Ends where primal and dual value agree to seven digits of the value at f = 0.
    """
    n, goal = len(p), _GAP * float(risk(p, np.zeros(1)))
    a = np.zeros(n) if start is None else start
    f = K @ a
    value = _objective(p, f, a, ridge)
    for _ in range(_NEWTON_STEPS):
        mu = expit(f)
        if value - _dual(K, p, ridge, mu) <= goal:
            break
        root = np.sqrt(np.maximum(mu * (1 - mu), 1e-12))
        B = np.eye(n) + root[:, None] * K * root / (n * ridge)
        b = (root**2 * f + p - mu) / (n * ridge)
        new = b - root * cho_solve(cho_factor(B, overwrite_a=True), root * (K @ b)) / (n * ridge)
        direction = new - a
        along, share = K @ direction, 1.0
        for _ in range(_HALVINGS):
            trial = _objective(p, f + share * along, a + share * direction, ridge)
            if trial < value:
                break
            share /= 2
        else:
            break  # rounding: no smaller value is near
        a, f, value = a + share * direction, f + share * along, trial
    return Fit(ridge, a, math.sqrt(max(0.0, float(a @ f))), _dual(K, p, ridge, expit(f)))


def _objective(p: np.ndarray, f: np.ndarray, a: np.ndarray, ridge: float) -> float:
    return float(risk(p, f)) + ridge / 2 * float(a @ f)


def _dual(K: np.ndarray, p: np.ndarray, ridge: float, mu: np.ndarray) -> float:
    """(D) at B = 0 for a = (p - mu)/(n ridge), which is the optimum's own: these have u = mu, whatever mu is."""
    a = (p - mu) / (len(p) * ridge)
    return float((entropy(mu) - entropy(p)).mean() - ridge / 2 * (a @ (K @ a)))


@dataclass(frozen=True, eq=False)
class Clipped:
    """The fields of one fit clipped to several lengths, sampled. radii: (k,).  logits: (k, n), estimates of z.

    variances: (k,) mean_i E(v.phi_i)^2, estimates.  reach: of ||(v.phi_i)_i||/sqrt(n), in units of the radius.
    """

    radii: Float64[np.ndarray, " k"]
    logits: Float64[np.ndarray, "k n"]
    variances: Float64[np.ndarray, " k"]
    reach: float
    draws: int

    def risk_upper(self, p: Float[np.ndarray, " n"], failure: float) -> Float64[np.ndarray, " k"]:
        """R* of each field is at most this, each with probability 1 - failure over the draws.

        sqrt R* <= sqrt R(z^) + rms(z^ - z)/sqrt 8, and by Bousquet's inequality for D independent vectors in a ball
        rms(z^ - z) <= E + sqrt(2 t (V + 2 r E)/D) + r t/(3 D), E = sqrt(V/D), r = 2 reach B; V itself is at most what
        its sample mean and P(mean <= V - s) <= exp(-D s^2/(2 (reach B)^2 V)) allow.
        """
        t = math.log(2 / failure)
        top = self.reach * self.radii
        margin = top**2 * t / (2 * self.draws)
        variance = (np.sqrt(margin) + np.sqrt(margin + self.variances)) ** 2
        mean, r = np.sqrt(variance / self.draws), 2 * top
        rms = mean + np.sqrt(2 * t * (variance + 2 * r * mean) / self.draws) + r * t / (3 * self.draws)
        return np.asarray((np.sqrt(np.maximum(risk(p, self.logits), 0)) + rms / math.sqrt(8)) ** 2)


def clipped(
    X: Float64[np.ndarray, "n d"],
    weights: Float64[np.ndarray, " n"],
    radii: Float64[np.ndarray, " k"],
    *,
    draws: int,
    seed: int,
) -> Clipped:
    """Sample the fields S/max(1, ||S||/B) for each B of `radii`, S = sum_j weights_j phi_j, along the rows of X.

    draws: rounded up to a multiple of 1024.  Products in float32: rounding of about 1e-6 is left out.
    """
    n, d = X.shape
    rng = np.random.default_rng(seed)
    X32 = X.astype(np.float32)
    terms = (weights[:, None] * X).astype(np.float32)
    sums, squares = np.zeros((len(radii), n)), np.zeros(len(radii))
    blocks = -(-draws // _BLOCK)
    for _ in range(blocks):
        active = (rng.standard_normal((_BLOCK, d), dtype=np.float32) @ X32.T > 0).astype(np.float32)
        S = active @ terms
        along = (S @ X32.T) * active
        length = np.maximum(np.linalg.norm(S, axis=1), 1e-30)
        shrink = np.minimum(1, radii[:, None] / length).astype(np.float32)
        sums += shrink @ along
        squares += shrink.astype(np.float64) ** 2 @ np.einsum("kn,kn->k", along, along, dtype=np.float64) / n
    total = blocks * _BLOCK
    reach = float(np.linalg.norm(X, 2)) / math.sqrt(n)
    return Clipped(radii, sums / total, squares / total, reach, total)
