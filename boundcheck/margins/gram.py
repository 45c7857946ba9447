"""The matrix H = yy' o K behind the RKHS margin, held in memory or computed block by block when asked for."""

from typing import Protocol

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg.blas import dsymv

from boundcheck.kernels import limiting_kernel
from boundcheck.margins.blas import threads_for
from boundcheck.progress import SILENT, Progress

_ROWS = 4096  # of a lazy product at once


class Gram(Protocol):
    """A symmetric n x n matrix H of which blocks and products can be had."""

    size: int

    def block(self, rows: Int[np.ndarray, " k"], columns: Int[np.ndarray, " m"]) -> Float64[np.ndarray, "k m"]:
        """H[rows][:, columns]."""

    def times(
        self,
        rows: Int[np.ndarray, " k"],
        columns: Int[np.ndarray, " m"],
        weights: Float64[np.ndarray, " m"],
        progress: Progress = SILENT,
    ) -> Float64[np.ndarray, " k"]:
        """H[rows][:, columns] @ weights."""


class DenseGram:
    """An H that is in memory."""

    def __init__(self, H: Float64[np.ndarray, "n n"]) -> None:
        self.H, self.size = H, len(H)

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


class LazyGram:
    """yy' o K of which nothing is kept.  X: (n, d) rows without a zero row; y: (n,) labels -1 and +1."""

    def __init__(self, X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"]) -> None:
        self.X, self.y, self.size = X, y, len(y)

    def block(self, rows: Int[np.ndarray, " k"], columns: Int[np.ndarray, " m"]) -> Float64[np.ndarray, "k m"]:
        """H[rows][:, columns]."""
        same = np.array_equal(rows, columns)
        H = limiting_kernel(self.X[rows], None if same else self.X[columns])
        H *= self.y[rows, None]
        H *= self.y[columns]
        return H

    def times(
        self,
        rows: Int[np.ndarray, " k"],
        columns: Int[np.ndarray, " m"],
        weights: Float64[np.ndarray, " m"],
        progress: Progress = SILENT,
    ) -> Float64[np.ndarray, " k"]:
        """H[rows][:, columns] @ weights, a few thousand rows at a time."""
        product, Z, signed = np.empty(len(rows)), self.X[columns], self.y[columns] * weights
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            product[part] = self.y[rows[part]] * (limiting_kernel(self.X[rows[part]], Z) @ signed)
            progress.update("RKHS margin: rows against the support", float(min(part.stop, len(rows))), float(len(rows)))
        return product
