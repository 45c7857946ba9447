"""Task types from the eigenvectors of the task similarity T = X^T X / n with its diagonal set to 0.

E T_jj' = q^2 y_j y_j' <r_t, r_t'> / n for j != j' (theory: Task types): the leading eigenvectors carry label times
type. That the principal one splits tasks by type is the idea of Kong, Mandal, Katselis & Srikant (arXiv 2302.07393);
the plane, the edge, the exact 2-means and the predicted errors are ours.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from scipy.special import ndtr

from boundcheck.crowds.answers import Answers, Matrix, is_sparse
from boundcheck.crowds.clusters import plane_split, symmetric_k_means, two_means
from boundcheck.errors import BoundcheckError

Kind = Literal["plain", "corr"]
_SMALL = 40  # below this many tasks a full eigendecomposition is quick and cannot fail
_COPIES = 5


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Leading eigenpairs of T. eigenvalues: (m,) decreasing.  vectors: (d, m) unit columns.

    edge: the largest eigenvalue of noise, as 5 copies of the answers with random signs show it.
    above: how many eigenvalues exceed the edge, an estimate of the number of task types.
    marchenko_pastur: q ((1 + sqrt(d/n))^2 - 1), the edge that theory gives if all (worker, task) pairs are answered
    with one probability q (Marchenko & Pastur 1967).
    """

    eigenvalues: Float[np.ndarray, " m"]
    vectors: Float[np.ndarray, "d m"]
    edge: float
    above: int
    marchenko_pastur: float


def spectrum(answers: Answers, *, pairs: int = 10, kind: Kind = "plain", seed: int = 0) -> Spectrum:
    """Leading eigenpairs of T and the noise edge.

    pairs: at most this many.  kind: `corr` divides column j of X by sqrt(m_j), so that tasks with many answers do not
    dominate.  seed: of the random signs. A d x d matrix is formed for few tasks only.
    """
    n, d = answers.n_workers, answers.n_tasks
    values, vectors = eigenpairs(answers, min(pairs, d), kind=kind)
    rng = np.random.default_rng(seed)
    noise = (answers.with_values(rng.choice([-1.0, 1.0], answers.n_answers)) for _ in range(_COPIES))
    edge = max(float(_leading(_scaled(copy, kind), 1, tolerance=1e-4)[0][0]) for copy in noise)
    # Entries of variance v have T's bulk up to v (1 + sqrt(d/n))^2; the diagonal removed is v on average.
    variance = answers.n_answers / (n * d) if kind == "plain" else 1 / n
    theory = variance * ((1 + np.sqrt(d / n)) ** 2 - 1)
    return Spectrum(values, vectors, edge, int((values > edge).sum()), float(theory))


def refreshed(found: Spectrum, answers: Answers, *, kind: Kind = "plain") -> Spectrum:
    """The eigenvectors that `found` uses, of fewer answers; the number of those above the edge is kept."""
    values, vectors = eigenpairs(answers, max(1, found.above), kind=kind)
    return replace(found, eigenvalues=values, vectors=vectors)


def eigenpairs(
    answers: Answers, pairs: int, *, kind: Kind = "plain"
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "d m"]]:
    """The largest eigenvalues of T, decreasing, and their unit eigenvectors in columns."""
    return _leading(_scaled(answers, kind), pairs)


def embedding(
    eigenvalues: Float[np.ndarray, " m"], vectors: Float[np.ndarray, "d m"], dimensions: int
) -> Float[np.ndarray, "d k"]:
    """F_j = (sqrt(lam_1) v_1j, sqrt(lam_2) v_2j, ...), about y_j phi_{t_j} plus isotropic noise."""
    return np.asarray(vectors[:, :dimensions] * np.sqrt(np.maximum(eigenvalues[:dimensions], 0.0)))


def _scaled(answers: Answers, kind: Kind) -> Matrix:
    if kind == "plain":
        return answers.X
    scale = 1 / np.sqrt(np.maximum(answers.per_task, 1))
    return answers.X @ sparse.diags_array(scale) if is_sparse(answers.X) else answers.X * scale


def _leading(X: Matrix, pairs: int, tolerance: float = 0.0) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "d m"]]:
    """Largest eigenvalues, decreasing, and unit eigenvectors of X^T X / n with its diagonal set to 0."""
    n, d = X.shape
    diagonal = np.asarray((abs(X) ** 2).T @ np.ones(n)) / n
    if d <= _SMALL:
        square = X.T @ X / n
        T = np.array(square.toarray() if is_sparse(square) else square)
        np.fill_diagonal(T, 0.0)
        values, vectors = np.linalg.eigh(T)
        return values[::-1][:pairs], vectors[:, ::-1][:, :pairs]
    operator = LinearOperator(
        (d, d), matvec=lambda v: X.T @ (X @ v.ravel()) / n - diagonal * v.ravel(), dtype=np.float64
    )
    start = np.random.default_rng(0).standard_normal(d)
    try:
        values, vectors = eigsh(operator, k=pairs, which="LA", v0=start, tol=tolerance, maxiter=50 * d)
    except ArpackNoConvergence as error:
        raise BoundcheckError("the eigenvalues of the task similarity did not converge; use --method ds1") from error
    order = np.argsort(-values)
    return values[order], vectors[:, order]


def task_types(found: Spectrum, types: int) -> Int[np.ndarray, " d"]:
    """Which of `types` groups each task belongs to.

    In the space of as many eigenvectors as exceed the edge, at most one per type, with centres +-c because the label
    of a task is unknown; with one eigenvector and two types, |v| is split by exact 2-means.
    """
    if types == 1:
        return np.zeros(len(found.vectors), dtype=np.int64)
    dimensions = max(1, min(types, found.above))
    if types == 2 and dimensions == 1:
        return two_means(np.abs(found.vectors[:, 0]))[0]
    F = embedding(found.eigenvalues, found.vectors, dimensions)
    return plane_split(F)[0] if types == 2 else symmetric_k_means(F, types, seed=0)[0]


def predicted_type_error(reliability: Float[np.ndarray, "2 n"], density: float) -> float:
    """About Phi(-SNR/2), SNR = sqrt(q) min(||r_0 - r_1||, ||r_0 + r_1||): share of tasks `task_types` mistakes.

    density: q, the probability that a worker answers a task.  Measured within about 1.5 points (theory: Task types);
    not for parallel reliabilities, which have one eigenvector.
    """
    r, s = reliability
    gap = min(float(np.linalg.norm(r - s)), float(np.linalg.norm(r + s)))
    return float(ndtr(-np.sqrt(density) * gap / 2))
