"""What every solver and certificate of a margin is given: rows, labels, caps, and the matrix H = yy' o K of the rows.

H is held in memory, or computed block by block when asked for.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg.blas import dsymv

from boundcheck.blas import threads_for
from boundcheck.kernels import limiting_kernel
from boundcheck.margins.outward import kernel_rounding
from boundcheck.progress import SILENT, Progress

_ROWS = 4096  # of a lazy product at once
_MEMORY = 2**32  # bytes of rows that a lazy matrix keeps


@dataclass(frozen=True, eq=False)
class MarginProblem:
    """gamma = min of ||sum_i q_i y_i phi_i||, in either norm, over the q >= 0 with sum q = 1 and q_i <= cap.

    X: (n, d) rows, none of them zero.  y: (n,) labels +-1.  gram: of yy' o K.  cap: 1 (the margin), or 1/(nu n) for
    the eps-margin gamma_nu; n cap >= 1.
    """

    X: Float64[np.ndarray, "n d"]
    y: Float64[np.ndarray, " n"]
    gram: "Gram"
    cap: float = 1.0

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.y)

    @property
    def H(self) -> Float64[np.ndarray, "n n"]:
        """The matrix in memory."""
        return self.gram.H

    @cached_property
    def lengths(self) -> Float64[np.ndarray, " n"]:
        """||x_i||."""
        return np.asarray(np.linalg.norm(self.X, axis=1))

    def capped(self, nu: float) -> "MarginProblem":
        """The problem of gamma_nu, nu in (0, 1]; where nu n <= 1 no row is left out, and it is that of gamma."""
        return replace(self, cap=1.0 if nu * self.n <= 1 else 1 / (nu * self.n))

    def spanned(self) -> "MarginProblem":
        """The rows in an orthonormal basis of their span: margins depend on inner products only."""
        X = self.X
        _, values, basis = np.linalg.svd(np.linalg.qr(X, mode="r") if len(X) > X.shape[1] else X, full_matrices=False)
        return replace(self, X=np.asarray(X @ basis[values > 1e-13 * values[0]].T))


def margin_problem(X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"], *, held: bool = True) -> MarginProblem:
    """The problem of the margin.  held: whether n x n numbers are kept in memory."""
    if not held:
        return MarginProblem(X, y, LazyGram(X, y))
    H = limiting_kernel(X)
    H *= y
    H *= y[:, None]
    return MarginProblem(X, y, Gram(H, kernel_rounding(X.shape[1])))


class Gram:
    """A positive semidefinite n x n matrix H of which blocks and products can be had; here it is in memory.

    lengths: (n,) the ||x_i|| = sqrt(2 H_ii).  rounding: entries are within rounding ||x_i|| ||x_j|| of those meant;
    0: it is the matrix meant.
    """

    def __init__(self, H: Float64[np.ndarray, "n n"], rounding: float = 0.0) -> None:
        self.H, self.size, self.rounding = H, len(H), rounding
        self.lengths = np.sqrt(2 * np.maximum(H.diagonal(), 0.0))

    def block(self, rows: Int[np.ndarray, " k"], columns: Int[np.ndarray, " m"]) -> Float64[np.ndarray, "k m"]:
        """H[rows][:, columns]."""
        return np.asarray(self.H[rows].take(columns, axis=1))

    def times(
        self,
        rows: Int[np.ndarray, " k"],
        columns: Int[np.ndarray, " m"],
        weights: Float64[np.ndarray, " m"],
        progress: Progress = SILENT,
    ) -> Float64[np.ndarray, " k"]:
        """H[rows][:, columns] @ weights."""
        q = np.zeros(self.size)
        q[columns] = weights
        with threads_for(0):
            return np.asarray(dsymv(1.0, self.H.T, q)[rows])  # reads half of H


class LazyGram(Gram):
    """yy' o K of which only the rows asked for are kept, as many as fit.  X: (n, d) rows, none zero; y: (n,) labels."""

    def __init__(self, X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"], memory: int = _MEMORY) -> None:
        self.X, self.y, self.size = X, y, len(y)
        self.lengths, self.rounding = np.linalg.norm(X, axis=1), kernel_rounding(X.shape[1])
        self._all, self._room = np.arange(self.size), memory // (8 * self.size)
        self._chunk, self._place = np.full(self.size, -1), np.zeros(self.size, dtype=int)
        self._chunks: list[np.ndarray] = []

    def block(self, rows: Int[np.ndarray, " k"], columns: Int[np.ndarray, " m"]) -> Float64[np.ndarray, "k m"]:
        """H[rows][:, columns]."""
        self._keep(rows)
        result, chunks = np.empty((len(rows), len(columns))), self._chunk[rows]
        for chunk in np.unique(chunks):
            at = np.flatnonzero(chunks == chunk)
            if chunk < 0:
                result[at] = self._computed(rows[at], columns)
            else:
                result[at] = self._chunks[chunk][self._place[rows[at]]].take(columns, axis=1)
        return result

    def times(
        self,
        rows: Int[np.ndarray, " k"],
        columns: Int[np.ndarray, " m"],
        weights: Float64[np.ndarray, " m"],
        progress: Progress = SILENT,
    ) -> Float64[np.ndarray, " k"]:
        """H[rows][:, columns] @ weights."""
        self._keep(columns)
        held, product = self._chunk[columns], np.zeros(self.size)
        for chunk in np.unique(held[held >= 0]):
            coefficients = np.zeros(len(self._chunks[chunk]))
            coefficients[self._place[columns[held == chunk]]] = weights[held == chunk]
            product += coefficients @ self._chunks[chunk]
        product = np.asarray(product[rows])
        others = columns[held < 0]
        for start in range(0, len(rows) if len(others) else 0, _ROWS):
            part = slice(start, start + _ROWS)
            product[part] += self._computed(rows[part], others) @ weights[held < 0]
            progress.update("RKHS margin: rows against the support", float(min(part.stop, len(rows))), float(len(rows)))
        return product

    def _keep(self, rows: Int[np.ndarray, " k"]) -> None:
        new = rows[self._chunk[rows] < 0][: self._room]
        if len(new):
            self._chunks.append(self._computed(new, self._all))
            self._chunk[new], self._place[new] = len(self._chunks) - 1, np.arange(len(new))
            self._room -= len(new)

    def _computed(self, rows: Int[np.ndarray, " k"], columns: Int[np.ndarray, " m"]) -> Float64[np.ndarray, "k m"]:
        H = limiting_kernel(self.X[rows], self.X if columns is self._all else self.X[columns])
        H *= self.y[rows, None]
        H *= self.y[columns]
        return H
