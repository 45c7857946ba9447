"""Linear systems with the principal submatrices of one matrix, where each set of rows differs little from others."""

import numpy as np
from jaxtyping import Bool, Float64
from scipy.linalg import LinAlgError
from scipy.linalg.blas import dtrsm, dtrsv
from scipy.linalg.lapack import dpotrf, dpotrs

_SHARE = 5  # a change of one row in so many is cheaper than another factorisation,
_ANEW = 200  # but not of so few rows


class SubsetSolver:
    """The a with (Ha)_F = b_F that vanishes outside F, for one set F after the other.  H: (k, k) symmetric, b: (k,).

    On a set P, H_PP = LL' is factorised.  A later set takes rows R out of P and puts rows A in: with W = L^-1 E_R,
    V = L^-1 H_PA and L^-1 b_P, eliminating x_P leaves the multipliers of x_R = 0 and x_A, whose matrices W'W and
    H_AA - V'V + T'(W'W)^-1 T, T = W'V, are small.
    """

    def __init__(self, H: Float64[np.ndarray, "k k"], b: Float64[np.ndarray, " k"]) -> None:
        self.H, self.b = H, b
        self.inside: Bool[np.ndarray, " k"] | None = None

    def solve(self, free: Bool[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
        """Raises LinAlgError where H is not positive definite on F (to working precision)."""
        if self.inside is not None and len(self.rows) >= _ANEW:
            differs = free != self.inside
            if (differs | self.known).sum() <= len(self.rows) // _SHARE:
                try:
                    return self._changed(free, differs)
                except LinAlgError:
                    pass  # the difference of two matrices may fail where a factorisation of H_FF succeeds
        self._factorise(free)
        return self._backward(self.half)

    def _factorise(self, free: np.ndarray) -> None:
        self.inside, self.rows = free.copy(), np.flatnonzero(free)
        # H[..].take(..) is twice as fast as np.ix_; the transpose of a symmetric matrix is LAPACK's order.
        block = self.H.copy() if free.all() else self.H[self.rows].take(self.rows, axis=1)
        if len(self.rows):
            try:
                self.factor = _factor(block)
            except LinAlgError:
                self.inside = None
                raise
        self.half = self._forward(self.b[self.rows, None])[:, 0]
        self.known = np.zeros(len(free), dtype=bool)
        self.order = np.empty(0, dtype=int)
        self.columns = np.empty((len(self.rows), 0), order="F")

    def _changed(self, free: np.ndarray, differs: np.ndarray) -> np.ndarray:
        self._know(np.flatnonzero(differs & ~self.known))
        assert self.inside is not None
        used = differs[self.order]
        rows, columns = self.order[used], self.columns[:, used]
        out, put = self.inside[rows], ~self.inside[rows]
        W, V, added = columns[:, out], columns[:, put], rows[put]
        T, removed = W.T @ V, W.T @ self.half
        capacity, right = self.H[np.ix_(added, added)] - V.T @ V, self.b[added] - V.T @ self.half
        multipliers = _factor(W.T @ W) if out.any() else None
        if multipliers is not None:
            capacity += T.T @ _solved(multipliers, T)
            right += T.T @ _solved(multipliers, removed)
        a_added = _solved(_factor(capacity), right) if put.any() else right
        rest = self.half - V @ a_added
        if multipliers is not None:
            rest += W @ _solved(multipliers, T @ a_added - removed)
        a = self._backward(rest)
        a[rows[out]] = 0.0
        a[added] = a_added
        return a

    def _know(self, new: np.ndarray) -> None:
        """Keep L^-1 H_Pj, or L^-1 e_j for a row of P, for these j."""
        assert self.inside is not None
        right = np.asfortranarray(self.H[new].take(self.rows, axis=1).T)
        leaving = self.inside[new]
        right[:, leaving] = self.rows[:, None] == new[leaving]
        self.columns = np.concatenate([self.columns, self._forward(right)], axis=1)
        self.order = np.append(self.order, new)
        self.known[new] = True

    def _forward(self, right: np.ndarray) -> np.ndarray:
        return np.asarray(dtrsm(1.0, self.factor, right, lower=1)) if right.size else right

    def _backward(self, right: np.ndarray) -> np.ndarray:
        """L'^-1 of it, at the rows of P."""
        a = np.zeros(len(self.b))
        if len(self.rows):
            a[self.rows] = dtrsv(self.factor, right, lower=1, trans=1)
        return a


def _factor(matrix: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, "k k"]:
    """L in the lower half, in LAPACK's order; overwrites the matrix."""
    factor, info = dpotrf(matrix.T, lower=True, overwrite_a=True, clean=False)
    if info:
        raise LinAlgError(f"leading minor {info} is not positive")
    return np.asarray(factor)


def _solved(factor: Float64[np.ndarray, "k k"], right: Float64[np.ndarray, "k ..."]) -> np.ndarray:
    return np.asarray(dpotrs(factor, right, lower=True)[0])
