"""Training exactly as the theorems prescribe, many widths and seeds together (theory: Network and training)."""

import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Num

from boundcheck import precision
from boundcheck.errors import InputError
from boundcheck.progress import SILENT, Progress
from boundcheck.records import TrainingRun, TrainingSpec
from boundcheck.training.losses import make_targets
from boundcheck.training.network import Network, check_job, initial_weights
from boundcheck.training.pgd import Shared, State, Tile, advance
from boundcheck.training.tiles import Lessons, Run, load, pack, unload

MEMORY = 2**30  # bytes of thresholds and displacements held at once
PAUSE = 0.5  # seconds between two looks at the clock, the listener and an interrupt


def train(
    X: Float[np.ndarray, "n d"],
    y: Num[np.ndarray, " n"],
    p: Float[np.ndarray, " n"] | None,
    spec: TrainingSpec,
    jobs: Sequence[tuple[int, int]],
    *,
    eps: float | None = None,
    progress: Progress = SILENT,
) -> list[TrainingRun]:
    """Train one network for every (width, seed) of `jobs` and return the runs in that order.

    X: (n, d) rows in the unit ball.  y: (n,) in {-1, +1}.  p: (n,) soft labels in (0, 1), needed by the KL loss.
    A run depends on X, y, p, spec and its own (width, seed) only, bit for bit on one machine: neither on the other
    jobs, nor on their order, nor on the number of cores (where X is rotated, see `to_rank`, the last bits vary
    with the number of threads of NumPy's BLAS), nor, up to where it stops, on eps.
    With eps a run stops as soon as its average error over all T steps is known to be <= eps or > eps, whatever
    the remaining steps bring; `average_error_bounds` then encloses that average (its two ends are equal for a
    complete run).  Raises InputError for odd widths, negative seeds and labels or settings that do not fit.
    """
    trainer = _Trainer(X, [(y, p, spec)], eps)
    return [trainer.summary(run) for run in trainer.fit([(0, *job) for job in jobs], progress)]


def fit(
    X: Float[np.ndarray, "n d"],
    targets: Num[np.ndarray, " n"],
    spec: TrainingSpec,
    width: int,
    seed: int,
    *,
    progress: Progress = SILENT,
) -> Network:
    """Train one network on targets (n,): soft labels in (0, 1) for the KL loss, else labels in {-1, +1}."""
    return fit_many(X, [Lesson(targets, spec)], [(0, width, seed)], progress=progress)[0]


class Lesson(NamedTuple):
    """What a network is trained on, targets (n,) as for `fit`, and how."""

    targets: Num[np.ndarray, " n"]
    spec: TrainingSpec


def fit_many(
    X: Float[np.ndarray, "n d"],
    lessons: Sequence[Lesson],
    jobs: Sequence[tuple[int, int, int]],
    *,
    progress: Progress = SILENT,
) -> list[Network]:
    """Train one network for every (lesson, width, seed) of `jobs`, side by side, and return them in that order.

    lesson: its number in `lessons`, whose labels, loss, number of steps and precision are the same.  A network is the
    one that `fit` returns, bit for bit on one machine.  Raises InputError as `train` does.
    """
    problems = [_problem(lesson) for lesson in lessons]
    trainer = _Trainer(X, problems, None)
    return [trainer.network(run) for run in trainer.fit(jobs, progress)]


_Problem = tuple[np.ndarray, np.ndarray | None, TrainingSpec]
"""y, p and how to train."""


def _problem(lesson: Lesson) -> _Problem:
    targets, spec = np.asarray(lesson.targets), lesson.spec
    if spec.loss == "kl":
        return np.where(targets < 0.5, -1, 1), targets.astype(float), spec
    return targets, None, spec


def to_rank(X: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, "n r"], Float[np.ndarray, "d r"] | None]:
    """Return X in coordinates of its row space, and their orthonormal basis V (d, r), X = (X V) V'.

    Exact for training: the gradient of W_j lies in the row space, so the rest of W never moves, and the radius is
    the same in an orthonormal basis.  Columns of zeros are left out; beyond that X is rotated where the rank saves
    at least a tenth of the columns (the rank is numerical: singular values below rounding are 0).  V is None where
    X stays as it is.
    """
    V = _row_basis(X.tobytes(), *X.shape)
    return (X, None) if V is None else (X @ V, V)


@lru_cache(maxsize=1)  # a search trains on one data set many times
def _row_basis(data: bytes, n: int, d: int) -> Float[np.ndarray, "d r"] | None:
    X = np.frombuffer(data).reshape(n, d)
    used = np.flatnonzero(X.any(axis=0))
    _, s, Vt = np.linalg.svd(np.linalg.qr(X[:, used], mode="r"))
    rank = int(np.sum(s > s[0] * max(n, d) * np.finfo(float).eps))
    if rank <= 0.9 * len(used):
        V = np.zeros((d, rank))
        V[used] = Vt[:rank].T
        return V
    return None if len(used) == d else np.eye(d)[:, used]


def _check(spec: TrainingSpec, n: int, y: np.ndarray, p: np.ndarray | None) -> None:
    if (spec.loss == "kl") != (spec.labels == "soft"):
        raise InputError(f"loss {spec.loss}: does not go with {spec.labels} labels; use kl for soft, else hard")
    if spec.loss == "kl" and p is None:
        raise InputError("p: the KL loss needs soft labels; give them, or use hard labels")
    if p is not None and (p.shape != (n,) or not np.all((p >= 2.0**-53) & (p < 1))):
        raise InputError(f"p: soft labels must be {n} numbers strictly between 0 and 1; clip or recompute them")
    if y.shape != (n,) or not np.all(np.abs(y) == 1):
        raise InputError(f"y: labels must be {n} numbers -1 or +1; map the classes first")
    if not (spec.radius > 0 and spec.step_size > 0 and math.isfinite(spec.step_size) and spec.temperature > 0):
        raise InputError("training: radius, step_size and temperature must be positive; correct them")
    if spec.steps < 1:
        raise InputError(f"steps {spec.steps}: at least one step is needed; raise it")


_Loaded = tuple[list[Run], Tile, State]


class _Trainer:
    """The problem on the device, and how a set of runs is driven through it."""

    def __init__(self, X: np.ndarray, problems: Sequence[_Problem], eps: float | None) -> None:
        precision.enable_x64()
        self.X, self.y, self.spec = np.asarray(X, float), np.asarray(problems[0][0], float), problems[0][2]
        n, scalar = len(self.X), jnp.dtype(self.spec.precision).type
        labels, soft = [], []
        for y, p, spec in problems:
            y = np.asarray(y, float)
            # below 2^-53 it is moved by that much at most, far below float32's rounding of the slope mu(f) - p
            p = None if p is None else np.where((p > 0) & (p < 2.0**-53), 2.0**-53, np.asarray(p, float))
            _check(spec, n, y, p)
            labels.append(y)
            soft.append(np.full(n, 0.5) if p is None else p)
        self.lessons = Lessons(
            make_targets(np.stack(labels), np.stack(soft), self.spec.precision),
            *(
                np.array([getattr(spec, name) for *_, spec in problems])
                for name in ("step_size", "radius", "temperature")
            ),
        )
        rotated, self.basis = to_rank(self.X)
        self.shared = Shared(
            X=jnp.asarray(rotated, scalar),
            XT=jnp.asarray(rotated.T.copy(), scalar),
            steps=jnp.asarray(self.spec.steps),
            limit=jnp.asarray(0 if eps is None else _most_errors(eps, n * self.spec.steps)),
            decide=jnp.asarray(eps is not None),
        )

    def fit(self, jobs: Sequence[tuple[int, int, int]], progress: Progress) -> list[Run]:
        """Train all jobs, in groups that fit in memory; return the runs in the order of jobs."""
        n, r = self.shared.X.shape
        runs = {}
        for lesson, width, seed in jobs:
            check_job(width, seed)
            _check_memory(width, n, self.shared.X.itemsize)
            U = np.zeros((2, width // 2, r), self.spec.precision)
            runs[lesson, width, seed] = Run(lesson, width, seed, U)
        groups: list[list[Run]] = [[]]
        for run in sorted(runs.values(), key=lambda run: run.width):
            held = sum(other.width for other in groups[-1]) * (n + 4 * r) * self.shared.X.itemsize
            groups.append([run]) if held > MEMORY else groups[-1].append(run)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for i, group in enumerate(groups):
                for share in self._fit_group(group, pool):
                    progress.update("training", i + share, len(groups))
        return [runs[job] for job in jobs]

    def _fit_group(self, runs: list[Run], pool: ThreadPoolExecutor) -> Iterator[float]:
        """Train `runs` side by side, a tile a thread, packing anew once half of the slots are idle.

        Yields the share of the steps made.
        """
        step, chunk, steps = 0, 16, self.spec.steps
        tiles = self._load(runs, step)
        while step < steps and tiles:
            until = min(steps, step + chunk)
            before = time.perf_counter()
            states = list(pool.map(lambda tile, until=until: self._advance(tile, until), tiles))
            step, elapsed = until, time.perf_counter() - before
            chunk = max(16, min(4 * chunk, int(chunk * PAUSE / elapsed)))
            tiles = [(some, tile, state) for (some, tile, _), state in zip(tiles, states, strict=True)]
            tiles = self._without_done(tiles, step)
            yield step / steps
        for some, _, state in tiles:
            unload(state, some)

    def _without_done(self, tiles: list[_Loaded], step: int) -> list[_Loaded]:
        """Return `tiles`, packed anew where at least half of the slots have come to an end."""
        for some, _, state in tiles:
            for run, done in zip(some, np.asarray(state.done), strict=False):  # the rest of `done` is padding
                run.done = bool(done)
        runs = [run for some, *_ in tiles for run in some]
        live = [run for run in runs if not run.done]
        if 2 * sum(run.slots for run in live) > sum(run.slots for run in runs):
            return tiles
        for some, _, state in tiles:
            unload(state, some)
        return self._load(live, step)

    def _load(self, runs: Sequence[Run], step: int) -> list[_Loaded]:
        """Pack and load `runs`, and compile what is not yet compiled, once a shape."""
        n = len(self.X)
        tiles = [(some, *load(self.shared, self.X, self.lessons, shape, some, step)) for shape, some in pack(runs, n)]
        for tile in {(t[1].owner.size, t[1].width.size): t for t in tiles}.values():
            self._advance(tile, step)
        return tiles

    def _advance(self, tile: _Loaded, until: int) -> State:
        state: State = advance(self.shared, tile[1], tile[2], jnp.asarray(until), self.spec.loss)
        state.step.block_until_ready()
        return state

    def network(self, run: Run) -> Network:
        """Return the trained network in the coordinates of X, float64."""
        W0, a = initial_weights(run.width, self.X.shape[1], run.seed)
        U = run.U.reshape(run.width, -1).astype(float) / math.sqrt(run.width)
        return Network(W0=W0, a=a, displacement=U if self.basis is None else U @ self.basis.T)

    def summary(self, run: Run) -> TrainingRun:
        """Return the record of a run."""
        n, steps = len(self.X), self.spec.steps
        logits, flips = self.network(run).evaluate(self.X)
        complete = run.made == steps
        return TrainingRun(
            width=run.width,
            seed=run.seed,
            average_error=run.wrong / (n * run.made),
            average_risk=run.risk / run.made,
            final_error=float(np.mean(self.y * logits <= 0)),
            best_error=run.fewest / n,
            flip_fraction=flips,
            movement=float(np.linalg.norm(run.U, axis=-1).max()),
            steps=run.made,
            decided_early=not complete,
            average_error_bounds=(run.wrong / (n * steps), (run.wrong + n * (steps - run.made)) / (n * steps)),
        )


def _check_memory(width: int, n: int, itemsize: int) -> None:
    """Refuse a network whose activations, masked slopes and thresholds do not fit in memory."""
    needed, available = 3 * n * width * itemsize, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > available:
        raise InputError(
            f"width {width}: training on {n} samples needs {needed / 2**30:.1f} GiB and this machine has "
            f"{available / 2**30:.1f} GiB; choose a smaller width or --subsample"
        )


def _most_errors(eps: float, total: int) -> int:
    """Return the largest k with k / total <= eps as floats compare."""
    k = math.floor(eps * total)
    while (k + 1) / total <= eps:
        k += 1
    while k / total > eps:
        k -= 1
    return k
