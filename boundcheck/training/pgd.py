"""Projected gradient descent for many networks at once: one compiled program per data shape, not per width.

The neurons of all networks of a tile lie side by side in one matrix.  In the coordinates U = sqrt(m) (W - W(0))

    f_i = (1/m) sum_{j < N} [max(U_j . x_i, c_ij) - max(U_{j+N} . x_i, c_ij)],      c_ij = -sqrt(m) W_j(0) . x_i,
    U_j <- Proj_{||U_j|| <= B} ( U_j - eta a_j (1/n) sum_i loss'(f_i) 1[U_j . x_i > c_ij] x_i ),

equation (P) of `network` and the gradient of the frozen network (theory: Regret): neither radius nor step depends on m.
A slot is PAIRS independent neurons with their mirror images; a network owns consecutive slots, and its f is the sum
over them in order.  The result of a network therefore depends neither on its neighbours nor on its place.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from boundcheck.records import Loss
from boundcheck.training.losses import Targets, derivative, value

PAIRS = 2  # pairs of neurons a slot; 2 measured as fast as 4 and wastes less on narrow networks


class Shared(NamedTuple):
    """What all tiles share.  X: (n, r) and its transpose, training precision.

    limit: the largest count of errors, over all steps and samples, whose average is still <= eps.
    decide: whether a network stops once its average is known to be <= eps or > eps.
    """

    X: Float[Array, "n r"]
    XT: Float[Array, "r n"]
    steps: Int[Array, ""]
    limit: Int[Array, ""]
    decide: Bool[Array, ""]


class Tile(NamedTuple):
    """k networks in s slots.  threshold: c, 0 for padding.  owner: the network of each slot, sorted.  width: m.

    targets: one row for all networks, or a row for each.
    """

    threshold: Float[Array, "pairs s n"]
    owner: Int[Array, " s"]
    width: Float[Array, " k"]
    targets: Targets
    step_size: Float[Array, " k"]
    radius: Float[Array, " k"]
    temperature: Float[Array, " k"]


class State(NamedTuple):
    """U: (sign, pairs, s, r), sign 0 for a = +1.  Counts of errors and risks are summed over the steps made."""

    U: Float[Array, "2 pairs s r"]
    step: Int[Array, ""]
    made: Int[Array, " k"]
    wrong: Int[Array, " k"]
    fewest: Int[Array, " k"]
    risk: Float[Array, " k"]
    done: Bool[Array, " k"]


@partial(jax.jit, static_argnames="loss")
def advance(shared: Shared, tile: Tile, state: State, until: Int[Array, ""], loss: Loss) -> State:
    """Make steps until `until`, or until every network of the tile is done."""
    return jax.lax.while_loop(
        lambda s: (s.step < until) & ~jnp.all(s.done), lambda s: _step(shared, tile, s, loss), state
    )


def _step(shared: Shared, tile: Tile, state: State, loss: Loss) -> State:
    # Neurons are rows and samples columns: XLA's CPU backend vectorises every pass over (neurons, samples) that way.
    X, targets, c, temperature = shared.X, tile.targets, tile.threshold, tile.temperature[:, None]
    (n, r), dtype = X.shape, X.dtype
    u = jnp.dot(state.U.reshape(-1, r), shared.XT, precision="highest").reshape(2, *c.shape)
    # written out pair by pair: as a reduction over the pairs XLA takes thirty times as long
    slots = sum(jnp.maximum(u[0, k], c[k]) - jnp.maximum(u[1, k], c[k]) for k in range(PAIRS))
    f = jax.ops.segment_sum(slots, tile.owner, tile.width.size, indices_are_sorted=True) / tile.width[:, None]

    # a product with ones counts exactly below 2^24 samples and is faster than a sum of integers
    wrong = ((targets.y * f <= 0).astype(dtype) @ jnp.ones(n, dtype)).astype(state.wrong.dtype)
    risk = tile.temperature * jnp.mean(value(loss, f / temperature, targets), axis=1, dtype=state.risk.dtype)
    slope = derivative(loss, f / temperature, targets) * (tile.step_size / n)[:, None]

    move = slope.at[tile.owner].get(mode="promise_in_bounds") * jnp.asarray([1, -1], dtype)[:, None, None, None]
    active = jnp.where(u > c, move, jnp.zeros((), dtype))
    U = state.U - jnp.dot(active.reshape(-1, n), X, precision="highest").reshape(state.U.shape)
    norm = jnp.sqrt(jnp.sum(U * U, axis=-1, keepdims=True))
    radius = tile.radius[tile.owner][:, None]
    U = jnp.where(norm > radius, U * (radius / norm), U)

    live = ~state.done
    made, total = state.made + live, state.wrong + wrong * live
    decided = (total > shared.limit) | (total + n * (shared.steps - made) <= shared.limit)
    return State(
        U=jnp.where(live[tile.owner][:, None], U, state.U),
        step=state.step + 1,
        made=made,
        wrong=total,
        fewest=jnp.where(live, jnp.minimum(state.fewest, wrong), state.fewest),
        risk=state.risk + risk * live,
        done=state.done | (shared.decide & decided),
    )
