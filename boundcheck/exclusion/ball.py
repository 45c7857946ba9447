"""Can any network in the ball around one W(0) err on at most k rows? Whatever the labels, the loss and the training.

The ball is the theorems': ||W_j - W_j(0)|| <= B/sqrt(m) for every j; D_j = (W_j - W_j(0)) sqrt(m)/B, |D_j| <= 1, in the
units used here.  Where neuron j cannot change its activation on a row its output is linear in D_j, and errors that no D
avoids are counted in exact arithmetic.  The other outputs are relus, and the question is a mixed-integer programme: a
binary for each relu that a row wants large, and one for each row that may be wrong.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Integer

from boundcheck.margins.zero import positive_combination, primitive

Answer = Literal["excluded", "possible", "open"]
SLACK = 1e-6  # the ball is enlarged by this share: a network trained in float32 may leave the ball by its rounding
LEAST = 1e-5  # a row is right if y f > 1e-5 B/m, a hundred times HiGHS's tolerance; smaller outputs are not seen
SIDES = 16  # of the polygon that contains the disc in the plane; other dimensions start from a box
ROUNDS = 40  # of cuts, tangents of the ball where a proposed D_j is outside
CELLS = 4_000  # n m d beyond which only dead rows are counted; exact arithmetic takes .1 s there
PROGRAMME_CELLS = (400, 130)  # without and with errors allowed: beyond which no programme is solved, it takes a second
FIXED_NODES = 10  # that a programme costs besides its branching
GAP = 0.9  # any y f > 0 answers the question; a first guess is improved a little, away from the border of the ball
STEPS, STEP = 30, 0.3  # of a perceptron inside the ball, which finds most of the networks that exist in under ten steps


@dataclass(frozen=True, eq=False)
class Ball:
    """X: (n, d) rows. y: (n,) in {-1, +1}.  W: (N, d) the independent rows of W(0), m = 2N.  radius: B."""

    X: Float[np.ndarray, "n d"]
    y: Integer[np.ndarray, " n"]
    W: Float[np.ndarray, "N d"]
    radius: float

    @cached_property
    def outputs(self) -> Float[np.ndarray, "n N"]:
        """W_j(0).x_i sqrt(m)/B, to which D_j.x_i is added."""
        scale = np.sqrt(2 * len(self.W)) / (self.radius * (1 + SLACK))
        outputs: Float[np.ndarray, "n N"] = scale * (self.X @ self.W.T)
        return outputs

    @cached_property
    def reach(self) -> Float[np.ndarray, "n 1"]:
        """The largest |D_j.x_i|."""
        norms: Float[np.ndarray, "n 1"] = np.linalg.norm(self.X, axis=1, keepdims=True)
        return norms

    @cached_property
    def flips(self) -> Bool[np.ndarray, "n N"]:
        """Where a neuron can change its activation, rounding included."""
        flips: Bool[np.ndarray, "n N"] = np.abs(self.outputs) <= self.reach * (1 + 1e-9)
        return flips

    @property
    def cells(self) -> int:
        """n m d."""
        return self.X.size * 2 * len(self.W)

    def errors(self, D: Float[np.ndarray, "m d"]) -> int:
        """On how many rows the network W(0) + D errs."""
        up, down = (np.maximum(self.outputs + self.X @ half.T, 0).sum(axis=1) for half in np.split(D, 2))
        return int(np.sum(self.y * (up - down) <= 0))

    def trained(self, errors: int) -> bool:
        """Whether a few perceptron steps find a network that errs on at most so many rows."""
        signs = np.repeat([1, -1], len(self.W))
        start = np.hstack([self.outputs, self.outputs])
        D = np.zeros((len(signs), self.X.shape[1]))
        for _ in range(STEPS):
            outputs = start + self.X @ D.T
            wrong = self.y * (np.maximum(outputs, 0) @ signs) <= 0
            D += STEP * signs[:, None] * ((outputs > 0).T @ (self.X * (wrong * self.y)[:, None]))
            D /= np.maximum(np.linalg.norm(D, axis=1, keepdims=True), 1)
            if self.errors(D) <= errors:
                return True
        return False


def certain_errors(ball: Ball) -> int:
    """On how many rows every network of the ball errs at least, in exact arithmetic.

    A row whose neurons are all inactive for good has f = 0.  Rows without flips are linear in D, psi_i = (1[j active]
    x_i)_j up to the signs a_j; where 0 is a positive combination of y_i psi_i, one of its rows is wrong (Gordan's
    theorem), and disjoint combinations add up.  Without errors this decides the linear rows: an excluded W(0) is one
    with a certain error.
    """
    fixed, active = ~ball.flips.any(axis=1), ball.outputs > 0
    alive = active.any(axis=1)
    count = int(np.sum(fixed & ~alive))
    rows = list(np.flatnonzero(fixed & alive)) if ball.cells <= CELLS else []
    patterns = np.unique(active[rows], axis=1) if rows else np.zeros((0, 0))
    vectors = [
        [int(on) * value for on in pattern for value in primitive(ball.X[i], int(ball.y[i]))]
        for i, pattern in zip(rows, patterns, strict=True)
    ]
    while vectors and (wrong := positive_combination(vectors)):
        count += 1
        vectors = [vector for k, vector in enumerate(vectors) if k not in set(wrong)]
    return count


def decide(ball: Ball, errors: int, *, nodes: int) -> tuple[Answer, int]:
    """Whether some network of the ball errs on at most so many rows, and the branching nodes spent on it.

    excluded: none does: the mixed-integer programme over a polytope around the ball is infeasible (which is also how it
    ends early, once its dual bound says so); possible: one was found, and its errors counted; open: neither within so
    many nodes.
    """
    if ball.cells > PROGRAMME_CELLS[errors > 0] or nodes < 1:
        return "open", 0
    if ball.trained(errors):
        return "possible", 0
    programme, spent = Programme(ball, errors), 0
    for _ in range(ROUNDS):
        status, D, used = programme.solve(nodes - spent)
        spent += used
        if status == "infeasible":
            return "excluded", spent
        if D is None or spent >= nodes:
            return "open", spent
        lengths = np.linalg.norm(D, axis=1)
        if ball.errors(D / np.maximum(lengths, 1)[:, None]) <= errors:
            return "possible", spent
        outside = np.flatnonzero(lengths > 1 + 1e-9)
        if not len(outside):
            return "open", spent
        programme.cut(outside, D[outside] / lengths[outside, None])
    return "open", spent


class Programme:
    """max t over D, errors e, outputs r of the relus that can flip, and their activations s; by SciPy's HiGHS.

    y_i sum_j a_j (output of j at i) >= t + LEAST - M_i e_i, sum e <= k, r >= 0, r >= W(0).x + D.x; and, where
    y_i a_j > 0 so that the row wants r large, r <= W(0).x + D.x + (1 - s) M and r <= s M'.  Any D in
    the ball that errs on at most k rows, the others right by LEAST, is feasible.
    """

    def __init__(self, ball: Ball, errors: int) -> None:
        n, d = ball.X.shape
        g, flips = (np.hstack([part, part]) for part in (ball.outputs, ball.flips))
        signs = ball.y[:, None] * np.repeat([1, -1], len(ball.W))
        m, reach = len(signs[0]), ball.reach[:, 0]
        row, neuron = np.nonzero(flips)
        binary = np.flatnonzero(signs[row, neuron] > 0)
        self._shape = m, d
        start = np.cumsum([0, m * d, n, len(row), len(binary), 1])
        D, e, r, s, t = (slice(*ends) for ends in pairwise(start))
        self._columns = int(start[-1])

        linear = np.where(flips | (g <= 0), 0, signs)
        right = self._block(n)
        right[:, D] = (linear[:, :, None] * ball.X[:, None, :]).reshape(n, m * d)
        right[row, r.start + np.arange(len(row))] = signs[row, neuron]
        right[:, e] = np.diag(m * reach + 2)
        right[:, t] = -1
        above = self._block(len(row))  # r - D.x
        above[:, r] = np.eye(len(row))
        for k in range(d):
            above[np.arange(len(row)), neuron * d + k] = -ball.X[row, k]
        shut, zero = above[binary].copy(), self._block(len(binary))
        base, span = g[row, neuron], reach[row]
        shut[:, s] = np.diag((span - base)[binary])
        zero[:, r] = np.eye(len(row))[binary]
        zero[:, s] = -np.diag((span + base)[binary])
        few = self._block(1)
        few[:, e] = 1
        self._rows = [right, above, shut, zero, few]
        self._low = [LEAST - (linear * g).sum(axis=1), base, *(np.full(len(x), -np.inf) for x in (shut, zero, few))]
        self._high = [np.full(n + len(row), np.inf), span[binary], np.zeros(len(binary)), np.array([errors])]
        self._least = np.repeat([-1.0, 0.0], [m * d, self._columns - m * d])
        self._most = np.concatenate([np.ones(m * d + n), span + base, np.ones(len(binary) + 1)])
        self._whole = np.repeat([0, 1, 0, 1, 0], np.diff(start))
        self._goal = np.repeat([0.0, -1.0], [self._columns - 1, 1])
        if d == 2:
            angles = 2 * np.pi * np.arange(SIDES) / SIDES
            tangents = np.stack([np.cos(angles), np.sin(angles)], axis=1)
            self.cut(np.repeat(np.arange(m), SIDES), np.tile(tangents, (m, 1)))

    def _block(self, rows: int) -> Float[np.ndarray, "rows columns"]:
        return np.zeros((rows, self._columns))

    def cut(self, neurons: Integer[np.ndarray, " k"], tangents: Float[np.ndarray, "k d"]) -> None:
        """Demand D_j.u <= 1 for neurons j and unit vectors u."""
        block, d = self._block(len(neurons)), self._shape[1]
        for k in range(d):
            block[np.arange(len(neurons)), neurons * d + k] = tangents[:, k]
        self._rows.append(block)
        self._low.append(np.full(len(neurons), -np.inf))
        self._high.append(np.ones(len(neurons)))

    def solve(self, nodes: int) -> tuple[str, Float[np.ndarray, "m d"] | None, int]:
        """infeasible, or a D where one was found within so many nodes; and the nodes spent."""
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import csr_array

        rows = LinearConstraint(csr_array(np.vstack(self._rows)), np.concatenate(self._low), np.concatenate(self._high))
        with _silent():
            found = milp(
                self._goal,
                integrality=self._whole,
                bounds=(self._least, self._most),
                constraints=rows,
                options={"node_limit": max(nodes, 1), "mip_rel_gap": GAP, "presolve": False},
            )
        used = FIXED_NODES + int(found.mip_node_count or 0)
        D = None if found.x is None else found.x[: np.prod(self._shape)].reshape(self._shape)
        return "infeasible" if found.status == 2 else "feasible", D, used


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing that C code prints reaches stdout, where HiGHS 1.12 writes whatever it is told, into JSON too."""
    libc = ctypes.CDLL(None)
    try:
        kept = os.dup(1)
    except OSError:  # closed: then nothing reaches it anyway
        yield
        return
    libc.fflush(None)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            libc.fflush(None)
            os.dup2(kept, 1)
            os.close(kept)
