"""Crowds whose truth is known: reliabilities by scenario, and answers for labels that are already there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from boundcheck.crowds.answers import Answers, from_matrix
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError

SCENARIOS = ("hardeasy", "mislead", "experts", "opposed", "specialist", "parallel", "one")
_GROUPS: dict[str, tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]] = {
    "hardeasy": ([(1, 0.25, 0.6)], [(0.2, 0.4, 0.7), (0.8, 0, 0)]),
    "mislead": ([(1, 0.2, 0.8)], [(0.4, 0.5, 0.9), (0.6, -0.3, 0.1)]),
    "experts": ([(1, 0.1, 0.6)], [(0.3, 0.5, 0.9), (0.7, -0.05, 0.05)]),
    "opposed": ([(0.6, 0.3, 0.5), (0.4, 0.05, 0.05)], [(0.6, -0.2, -0.2), (0.4, 0.5, 0.8)]),
}
"""Easy and hard reliabilities, uniform in each group of workers: (share of the workers, low, high)."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """Answers with their truth. y: (d,) in {-1, +1}.  types: (d,).  reliability: (K, n), 2 P(right) - 1."""

    answers: Answers
    y: Int[np.ndarray, " d"]
    types: Int[np.ndarray, " d"]
    reliability: Float[np.ndarray, "k n"]


def reliabilities(name: str, workers: int, *, seed: int) -> Float[np.ndarray, "2 n"]:
    """(2, n) reliabilities for easy (row 0) and hard (row 1) tasks, of one of SCENARIOS (theory: Task types).

    specialist: half have (U(.5, .9), U(0, .1)), the others the reverse.
    parallel: easy ~ U(.1, .8), hard = .3 easy.  one: easy = hard ~ U(0, .8).
    Raises InputError for another name or no workers.
    """
    if workers < 1:
        raise InputError(f"{workers} workers; give at least one")
    rng = np.random.default_rng([seed, 3])

    def draw(*parts: tuple[float, float, float]) -> Float[np.ndarray, " n"]:
        """(share of the workers, low, high) of each group; the last is what is left."""
        counts = [round(share * workers) for share, _, _ in parts[:-1]]
        counts.append(workers - sum(counts))
        drawn = [
            rng.uniform(low, high, count) if low < high else np.full(count, low)
            for (_, low, high), count in zip(parts, counts, strict=True)
        ]
        return np.concatenate(drawn)

    if name in _GROUPS:
        easy, hard = (draw(*groups) for groups in _GROUPS[name])
    elif name == "specialist":
        strong, weak, first = draw((1, 0.5, 0.9)), draw((1, 0.0, 0.1)), np.arange(workers) < round(0.5 * workers)
        easy, hard = np.where(first, strong, weak), np.where(first, weak, strong)
    elif name in ("parallel", "one"):
        easy = draw((1, 0.1 if name == "parallel" else 0.0, 0.8))
        hard = easy * (0.3 if name == "parallel" else 1.0)
    else:
        raise InputError(f"scenario {name!r} is unknown; use one of {', '.join(SCENARIOS)}")
    return np.stack([easy, hard])


def attach_crowd(
    y: Int[np.ndarray, " d"],
    types: Int[np.ndarray, " d"],
    reliability: Float[np.ndarray, "k n"],
    *,
    density: float = 1.0,
    answers_per_task: int | None = None,
    tasks: Sequence[str] | None = None,
    seed: int = 0,
) -> Answers:
    """Answers of a synthetic crowd to tasks with labels y in {-1, +1} and types in 0..K-1.

    reliability: (K, n) in [-1, 1]; worker i answers y_j with probability (1 + reliability[types_j, i])/2.
    density: probability that a worker answers a task; or answers_per_task: exactly that many workers, drawn at random.
    tasks: names, by default the row numbers, so that a posterior lines up with the data that y came from.
    Raises InputError for shapes that differ, labels, types, reliabilities or densities out of range.
    """
    y, types, reliability = np.asarray(y), np.asarray(types), np.asarray(reliability, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0 or not np.isin(y, (-1, 1)).all():
        raise InputError("y: labels of a synthetic crowd's tasks must be -1 and +1, one per task")
    if reliability.ndim != 2 or not (np.abs(reliability) <= 1).all():
        raise InputError("reliability: give a (types, workers) array within [-1, 1]")
    if types.shape != y.shape or types.dtype.kind not in "iub" or not np.isin(types, range(len(reliability))).all():
        raise InputError(f"types: give one whole number in 0..{len(reliability) - 1} per task")
    if not 0 < density <= 1:
        raise InputError(f"density {density:g} is outside (0, 1]")
    n, d = reliability.shape[1], len(y)
    check_memory("synthetic crowd", n, d)
    rng = np.random.default_rng([seed, 2])
    right = rng.random((n, d)) < (1 + reliability[types.astype(int)].T) / 2
    if answers_per_task is None:
        asked = rng.random((n, d)) < density
    elif 1 <= answers_per_task <= n:
        asked = rng.random((n, d)).argsort(axis=0) < answers_per_task
    else:
        raise InputError(f"answers_per_task {answers_per_task} is outside 1..{n} (workers)")
    X = sparse.csr_array(np.where(right, y, -y) * asked)
    return from_matrix(X, tasks=tasks, where="synthetic crowd")


def scenario(name: str, workers: int, *, density: float = 1.0, tasks_per_type: int = 500, seed: int) -> Crowd:
    """Balanced tasks of both types with fair labels, answered by one of SCENARIOS."""
    rng = np.random.default_rng([seed, 1])
    d = 2 * tasks_per_type
    y = rng.choice([-1, 1], d)
    types = rng.permutation(np.repeat([0, 1], tasks_per_type))
    r = reliabilities(name, workers, seed=seed)
    return Crowd(attach_crowd(y, types, r, density=density, seed=seed), y, types, r)
