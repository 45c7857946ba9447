"""Answers of a crowd: who said +1 or -1 to which task."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError
from boundcheck.softlabels.encoding import Encoding, encode, tally

Matrix = Any
"""A numpy array or a scipy.sparse CSR array: both know `@`, `.T` and `abs`, which is all that the methods use."""

_DENSE_CELLS = 10**7
_DENSE_SHARE = 0.2  # above this share of answers a dense product is faster than a sparse one


@dataclass(frozen=True, eq=False)
class Answers:
    """n_workers x n_tasks answers in {-1, 0, +1}, 0 where there is none.

    X: the answers, dense or sparse by whichever is faster (`stored`).  workers, tasks: names of rows and columns.
    duplicates: (task, worker) pairs that were given more than once; the last answer counts.
    made_for: digest of the data set whose rows are the tasks, None where the source does not say.
    """

    X: Matrix
    workers: tuple[str, ...]
    tasks: tuple[str, ...]
    duplicates: int = 0
    made_for: str | None = None

    @property
    def n_workers(self) -> int:
        """Rows of X."""
        return int(self.X.shape[0])

    @property
    def n_tasks(self) -> int:
        """Columns of X."""
        return int(self.X.shape[1])

    @cached_property
    def answered(self) -> Matrix:
        """|X|: 1 where there is an answer."""
        return abs(self.X)

    @cached_property
    def per_worker(self) -> Float[np.ndarray, " n"]:
        """m_i: answers of each worker."""
        return np.asarray(self.answered @ np.ones(self.n_tasks))

    @cached_property
    def per_task(self) -> Float[np.ndarray, " d"]:
        """m_j: answers to each task."""
        return np.asarray(self.answered.T @ np.ones(self.n_workers))

    @cached_property
    def surplus(self) -> Float[np.ndarray, " d"]:
        """Votes for +1 minus votes for -1."""
        return np.asarray(self.X.T @ np.ones(self.n_workers))

    @property
    def n_answers(self) -> int:
        """Entries of X that are not 0."""
        return int(self.per_task.sum())

    @property
    def digest(self) -> str:
        """SHA-256 of the names and of every answer."""
        sha = hashlib.sha256(repr((self.workers, self.tasks)).encode())
        for part, dtype in zip(self.triples(), ("<i8", "<i8", "i1"), strict=True):
            sha.update(part.astype(dtype).tobytes())
        return sha.hexdigest()

    def part(self, workers: Bool[np.ndarray, " n"], tasks: Bool[np.ndarray, " d"]) -> "Answers":
        """The answers of some workers to some tasks."""
        rows, columns = np.flatnonzero(workers), np.flatnonzero(tasks)
        kept = csr(self.X)[rows][:, columns]
        return Answers(stored(kept), tuple(self.workers[i] for i in rows), tuple(self.tasks[j] for j in columns))

    def with_values(self, values: Float[np.ndarray, " answers"]) -> "Answers":
        """Other values in {-1, 0, +1} for the same answers, in the order of `triples` (0 removes an answer)."""
        rows, columns, _ = self.triples()
        X = sparse.csr_array((values, (rows, columns)), shape=self.X.shape)
        X.eliminate_zeros()
        return Answers(stored(X), self.workers, self.tasks)

    def triples(
        self,
    ) -> tuple[Int[np.ndarray, " answers"], Int[np.ndarray, " answers"], Float[np.ndarray, " answers"]]:
        """(worker index, task index, answer) of every answer, in row order."""
        coo = csr(self.X).tocoo()
        return coo.row, coo.col, coo.data


def csr(X: Any) -> Any:
    """`X` as a CSR array."""
    return sparse.csr_array(X)


def is_sparse(X: Any) -> bool:
    """Whether X is one of scipy's sparse matrices or arrays."""
    return bool(sparse.issparse(X))


def stored(X: Any) -> Matrix:
    """`X` as float64, dense where it is small and at least a fifth full, sparse otherwise."""
    cells = X.shape[0] * X.shape[1]
    if cells <= _DENSE_CELLS and X.nnz >= _DENSE_SHARE * cells:
        return X.toarray().astype(np.float64)
    return csr(X).astype(np.float64)


def from_matrix(
    X: Any,
    *,
    workers: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    where: str = "answers",
) -> Answers:
    """Answers from an (n_workers, n_tasks) array or scipy.sparse matrix with values -1, 0 (no answer), +1.

    Workers without an answer are dropped; tasks without an answer stay.
    Raises InputError for another shape, no answer at all, NaN, values outside {-1, 0, 1}, and for a dense matrix of
    zeros and ones, whose zeros could be answers.
    """
    if not is_sparse(X):
        X = np.asarray(X)
        if X.dtype.kind not in "biuf":
            raise InputError(f"{where}: not an array of numbers (dtype {X.dtype}); give -1, 0 (no answer) and 1")
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"{where}: shape {X.shape}; give one row per worker and one column per task")
    values = np.unique(X.data if is_sparse(X) else X)
    if not np.isin(values, (-1, 0, 1)).all():
        bad = values[~np.isin(values, (-1, 0, 1))][0]
        raise InputError(f"{where}: value {bad:g}; answers are -1 and 1, and 0 where there is none")
    if not is_sparse(X) and np.isin(values, (0, 1)).all() and 0 in values:
        raise InputError(
            f"{where}: only zeros and ones, and a zero could be an answer or none; write -1 for the answer no and 0 "
            "for no answer, or a csv with task,worker,label"
        )
    if not np.isin(values, (-1, 1)).any():
        raise InputError(f"{where}: no answers; nothing to learn from")
    X = csr(X)
    X.eliminate_zeros()
    n, d = X.shape
    names = tuple(map(str, range(n) if workers is None else workers))
    columns = tuple(map(str, range(d) if tasks is None else tasks))
    if (len(names), len(columns)) != (n, d):
        raise InputError(f"{where}: {len(names)} workers and {len(columns)} tasks named for a matrix {n} x {d}")
    if len(set(names)) < n or len(set(columns)) < d:
        raise InputError(f"{where}: a worker or a task is named twice; names must differ")
    kept = np.diff(X.indptr) > 0
    return Answers(stored(X[np.flatnonzero(kept)]), tuple(w for w, k in zip(names, kept, strict=True) if k), columns)


def from_triples(
    task: Sequence[Any],
    worker: Sequence[Any],
    answer: Sequence[Any],
    encoding: Encoding | None = None,
    *,
    where: str = "answers",
) -> Answers:
    """Answers from equally long lists; a missing answer is a missing row or a label that means none.

    encoding: what labels mean; default: by the answers alone (see `encode`: 0 and 1, or -1 and 1, mean themselves).
    A (task, worker) given twice keeps its last answer and is counted in `duplicates`. Tasks are sorted by number where
    all are whole numbers, in order of appearance otherwise; workers in order of appearance.
    Raises InputError for no answers, lists of different lengths, and labels that do not say what they mean.
    """
    if not len(task) == len(worker) == len(answer):
        raise InputError(f"{where}: {len(task)} tasks, {len(worker)} workers, {len(answer)} answers; give one per row")
    signs = (encoding or encode(where, tally(answer))).signs(answer).astype(float)
    given = np.flatnonzero(signs)
    if len(given) == 0:
        raise InputError(f"{where}: no answers; nothing to learn from")
    tasks, columns = _index(task)
    workers, rows = _index([worker[i] for i in given.tolist()])
    tasks, columns = _by_number(tasks, columns)
    columns, signs = columns[given], signs[given]
    cell = rows * len(tasks) + columns
    _, last = np.unique(cell[::-1], return_index=True)
    kept = len(cell) - 1 - last
    X = sparse.csr_array((signs[kept], (rows[kept], columns[kept])), shape=(len(workers), len(tasks)))
    return Answers(stored(X), workers, tasks, len(cell) - len(kept))


def _index(names: Sequence[Any]) -> tuple[tuple[str, ...], Int[np.ndarray, " answers"]]:
    """Distinct names in order of appearance, and the index of each entry."""
    found: dict[str, int] = {}
    codes = np.fromiter((found.setdefault(str(name), len(found)) for name in names), dtype=np.int64, count=len(names))
    return tuple(found), codes


def _by_number(
    names: tuple[str, ...], codes: Int[np.ndarray, " answers"]
) -> tuple[tuple[str, ...], Int[np.ndarray, " answers"]]:
    """Names in numerical order where all are whole numbers, so that row numbers of a data set stay in line."""
    if not all(name.isascii() and name.isdigit() for name in names):
        return names, codes
    order = sorted(range(len(names)), key=lambda j: (int(names[j]), names[j]))
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    return tuple(names[j] for j in order), place[codes]


def components(answers: Answers) -> Int[np.ndarray, " d"]:
    """Which connected part of the worker-task graph each task is in: 0 for the part with most tasks, and so on.

    A task without answers is in none (-1). Signs in different parts are independent of each other.
    """
    X = csr(answers.answered)
    graph: Any = sparse.block_array([[None, X], [X.T, None]], format="csr")
    part = connected_components(graph, directed=False)[1][answers.n_workers :]
    answered = answers.per_task > 0
    names, counts = np.unique(part[answered], return_counts=True)
    rank = np.full(int(part.max()) + 1, -1)
    rank[names[np.argsort(-counts, kind="stable")]] = np.arange(len(names))
    return np.where(answered, rank[part], -1)


def common_tasks(answers: Answers) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]]:
    """N_ij, the tasks that workers i and j both answered, and sum_t X_it X_jt over them."""
    n = answers.n_workers
    check_memory(f"triangular estimation with {n} workers", n, n)
    return tuple(_dense(M @ M.T) for M in (answers.answered, answers.X))  # type: ignore[return-value]


def _dense(M: Matrix) -> Float[np.ndarray, "n n"]:
    return np.asarray(M.toarray() if is_sparse(M) else M)
