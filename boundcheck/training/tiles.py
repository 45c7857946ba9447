"""Packing networks of any widths into tiles of one fixed shape, so that nothing is compiled again for a new width."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from boundcheck.training.losses import Targets
from boundcheck.training.network import base_weights
from boundcheck.training.pgd import PAIRS, Shared, State, Tile

NEURONS_A_SLOT = 2 * PAIRS


class Lessons(NamedTuple):
    """On what and how networks are trained: the rows of targets, step_size, radius and temperature belong together."""

    targets: Targets
    step_size: Float[np.ndarray, " l"]
    radius: Float[np.ndarray, " l"]
    temperature: Float[np.ndarray, " l"]


@dataclass
class Run:
    """One network in training, on the host.  U: (sign, N, r) sqrt(m) (W - W(0)), in rotated coordinates.

    lesson: the row of `Lessons` that it is trained by.
    """

    lesson: int
    width: int
    seed: int
    U: Float[np.ndarray, "2 N r"]
    made: int = 0
    wrong: int = 0
    fewest: int = np.iinfo(np.int64).max
    risk: float = 0.0
    done: bool = False

    @property
    def slots(self) -> int:
        """Slots that the network occupies."""
        return -(-self.width // NEURONS_A_SLOT)


class Shape(NamedTuple):
    """Neurons of a tile and the most networks it holds."""

    neurons: int
    networks: int


def tile_neurons(n: int) -> int:
    """Return how many neurons train together on n samples, unless one network is wider: about 2^17 activations.

    They are enough to reach full speed and leave little idle when few networks train.
    """
    return 1024 if n <= 128 else 512 if n <= 512 else 256 if n <= 1024 else 128


def tile_shape(width: int, n: int) -> Shape:
    """Return the shape of the tile that a network of `width` trains in: a function of (width, n) alone.

    Sums round by the shape they are taken in, so a shape chosen from what else is trained would let the other
    networks of a call into the last bits.  A network wider than `tile_neurons` has a tile of its own, at most a
    quarter of it padding.
    """
    usual = tile_neurons(n)
    if width > usual:
        unit: int = 1 << (width.bit_length() - 3)
        return Shape(-(-width // unit) * unit, 1)
    most = usual // max(width, NEURONS_A_SLOT)
    return Shape(usual, min(next(k for k in (4, 16, 64, 256) if k >= most), usual // NEURONS_A_SLOT))


def pack(runs: Sequence[Run], n: int) -> list[tuple[Shape, list[Run]]]:
    """Return the tiles, each with its shape, which is the `tile_shape` of each of its runs."""
    tiles: list[tuple[Shape, list[Run]]] = []
    free = 0
    for run in sorted(runs, key=lambda run: run.width):
        shape = tile_shape(run.width, n)
        if not tiles or tiles[-1][0] != shape or free < run.slots or len(tiles[-1][1]) == shape.networks:
            tiles.append((shape, []))
            free = shape.neurons // NEURONS_A_SLOT
        tiles[-1][1].append(run)
        free -= run.slots
    return tiles


def load(
    shared: Shared, X: Float[np.ndarray, "n d"], lessons: Lessons, shape: Shape, runs: Sequence[Run], step: int
) -> tuple[Tile, State]:
    """Return the tile of `runs`, all of which stand at `step`; X is unrotated, float64."""
    dtype, (n, r) = shared.X.dtype, shared.X.shape
    slots = shape.neurons // NEURONS_A_SLOT
    threshold = np.zeros((slots, PAIRS, n), dtype)
    U = np.zeros((2, slots, PAIRS, r), dtype)
    owner = np.full(slots, len(runs) - 1)
    for i, (run, place) in enumerate(_places(runs)):
        N = run.width // 2
        W = base_weights(run.width, X.shape[1], run.seed)
        # einsum and not @: BLAS rounds by its number of threads, which differs between a worker and this process
        threshold[place].reshape(-1, n)[:N] = -np.sqrt(run.width) * np.einsum("jd,nd->jn", W, X)
        for sign in range(2):
            U[sign, place].reshape(-1, r)[:N] = run.U[sign]
        owner[place] = i

    def column(name: str, rest: float, kind: str) -> np.ndarray:
        return np.asarray([getattr(run, name) for run in runs] + [rest] * (shape.networks - len(runs)), kind)

    lesson, one = column("lesson", 0, "int64"), len(lessons.radius) == 1
    tile = Tile(
        threshold=jnp.asarray(threshold.swapaxes(0, 1)),
        owner=jnp.asarray(owner, jnp.int32),
        width=jnp.asarray(column("width", 1, str(dtype))),
        targets=lessons.targets if one else Targets(*(rows[lesson] for rows in lessons.targets)),
        step_size=jnp.asarray(lessons.step_size[lesson], dtype),
        radius=jnp.asarray(lessons.radius[lesson], dtype),
        temperature=jnp.asarray(lessons.temperature[lesson], dtype),
    )
    state = State(
        U=jnp.asarray(U.swapaxes(1, 2)),
        step=jnp.asarray(step),
        made=jnp.asarray(column("made", 0, "int64")),
        wrong=jnp.asarray(column("wrong", 0, "int64")),
        fewest=jnp.asarray(column("fewest", 0, "int64")),
        risk=jnp.asarray(column("risk", 0, "float64")),
        done=jnp.asarray(column("done", True, "bool")),
    )
    return tile, state


def unload(state: State, runs: Sequence[Run]) -> None:
    """Write the state of a tile back to its runs."""
    U = np.asarray(state.U).swapaxes(1, 2)
    made, wrong, fewest, risk, done = (
        np.asarray(v) for v in (state.made, state.wrong, state.fewest, state.risk, state.done)
    )
    for i, (run, place) in enumerate(_places(runs)):
        run.U = U[:, place].reshape(2, -1, U.shape[-1])[:, : run.width // 2]
        run.made, run.wrong, run.fewest = int(made[i]), int(wrong[i]), int(fewest[i])
        run.risk, run.done = float(risk[i]), bool(done[i])


def _places(runs: Sequence[Run]) -> Iterator[tuple[Run, slice]]:
    """Yield each run of a tile with its slots."""
    first = 0
    for run in runs:
        yield run, slice(first, first + run.slots)
        first += run.slots
