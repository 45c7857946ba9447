"""Reliabilities without EM, and the vote that weighs them.

X_ij = y_j with probability (1 + r_i)/2; r in [-1, 1]. All cost O(answers) but `triangular`, O(n_workers^2) and more.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit

from boundcheck.crowds.answers import Answers, common_tasks
from boundcheck.errors import InputError

_UNANIMOUS = 1e-3
PerWorker = Float[np.ndarray, " n"]
PerTask = Float[np.ndarray, " d"]


def vote_share(answers: Answers) -> PerTask:
    """Share of +1 among the answers to each task, 1/2 where there is none."""
    return np.asarray(0.5 + 0.5 * answers.surplus / np.maximum(answers.per_task, 1))


def majority(answers: Answers) -> PerTask:
    """Log odds of the share of +1 votes, the share kept within [0.001, 0.999]."""
    return np.asarray(logit(np.clip(vote_share(answers), _UNANIMOUS, 1 - _UNANIMOUS)))


def triangular(answers: Answers) -> PerWorker:
    """Reliabilities (n,) in [-1, 1] by triangular estimation (Bonald & Combes 2017; theory: Reliabilities).

    C_ij = mean of X_it X_jt over common tasks estimates r_i r_j. For each k the pair (i, j) of other workers with the
    largest |C_ij| gives |r_k| = sqrt|C_ik C_jk / C_ij|. Signs: r_k sum_i r_i = r_k^2 + sum_{i != k} C_ik, assuming
    sum_i r_i > 0; the worker where this is largest in size decides the others' signs by its covariances.
    Raises InputError below three workers.
    """
    n = answers.n_workers
    if n < 3:
        raise InputError(f"triangular estimation needs three workers, there are {n}; use --method mv")
    N, S = common_tasks(answers)
    C = S / np.maximum(N, 1)
    np.fill_diagonal(C, 0.0)
    size = np.abs(C)
    # The best pair serves every worker outside it; its two members need the best pair that avoids them.
    best = _largest_pair(size)
    r = np.array([_from_pair(C, k, _largest_pair(size, k) if k in best else best) for k in range(n)])
    towards_sum = r**2 + C.sum(axis=1)
    anchor = int(np.argmax(np.abs(towards_sum)))
    signs = np.sign(C[anchor]) * (1.0 if towards_sum[anchor] >= 0 else -1.0)
    signs[anchor] = 1.0 if towards_sum[anchor] >= 0 else -1.0
    return np.asarray(r * signs)


def _largest_pair(size: Float[np.ndarray, "n n"], without: int | None = None) -> tuple[int, int]:
    """The pair with the largest entry, among those that avoid one worker."""
    if without is not None:
        size = size.copy()
        size[without] = size[:, without] = -1.0
    i, j = np.unravel_index(np.argmax(size), size.shape)
    return int(i), int(j)


def _from_pair(C: Float[np.ndarray, "n n"], k: int, pair: tuple[int, int]) -> float:
    i, j = pair
    return min(1.0, float(np.sqrt(abs(C[i, k] * C[j, k] / C[i, j])))) if C[i, j] != 0 else 0.0


def rank_one(answers: Answers, *, steps: int = 500, tolerance: float = 1e-10) -> PerWorker:
    """Reliabilities (n,) minimising about sum_{i != j} N_ij (C_ij - r_i r_j)^2 + ||r||^2, for sparse answers.

    Fixed point of r_i = (S r)_i / ((N r^2)_i + 1) without diagonals, S = X X^T, N = |X| |X|^T (theory: Reliabilities),
    reached by averaging with the previous r: the plain step swaps the scales t and 1/t for ever.
    The sign is that of the start, agreement with the majority.
    """
    X, A, m = answers.X, answers.answered, answers.per_worker
    # Start from the agreement with the majority: E X_ij sign(surplus_j).
    r = np.asarray(X @ np.sign(answers.surplus)) / m
    for _ in range(steps):
        step = (X @ (X.T @ r) - m * r) / (A @ (A.T @ r**2) - m * r**2 + 1)
        before, r = r, np.clip((r + step) / 2, -1.0, 1.0)
        if np.abs(r - before).max() < tolerance:
            break
    return np.asarray(r)


def weighted_vote(answers: Answers, reliability: PerWorker) -> PerTask:
    """Log odds sum_i X_ij ln((1 + r_i)/(1 - r_i)) of known reliabilities, both labels equally likely.

    |r_i| is clipped to 1 - 1/(m_i + 2), so that no worker outvotes all others on the strength of few answers.
    Source: Nitzan & Paroush, International Economic Review 23 (1982).
    """
    return np.asarray(answers.X.T @ (2 * np.arctanh(_limited(answers, reliability))))


def _limited(answers: Answers, reliability: PerWorker) -> PerWorker:
    limit = 1 - 1 / (answers.per_worker + 2)
    return np.asarray(np.clip(reliability, -limit, limit))


def vote_bounds(answers: Answers, reliability: PerWorker) -> tuple[float, float]:
    """Bounds on the mean error of the weighted vote over tasks, if one type and these reliabilities are the truth.

    3/(4 (1 + exp(2 Phi + 4 sqrt Phi))) <= error of a task <= exp(-Phi/2), Phi = sum_i r_i arctanh r_i over voters.
    Averaged over tasks; the prior must be 1/2.  Source: Berend & Kontorovich (NeurIPS 2014); theory: Weighted votes;
    a test compares both with the exact error of small committees.
    """
    r = _limited(answers, reliability)
    potential = np.asarray(answers.answered.T @ (r * np.arctanh(r)))
    upper = np.minimum(0.5, np.exp(-potential / 2))
    lower = 0.75 * expit(-(2 * potential + 4 * np.sqrt(potential)))
    return float(lower.mean()), float(upper.mean())
