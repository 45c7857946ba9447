"""Training one deep classifier: Adam, weight decay in the loss, early stopping on validation accuracy."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PyTree

from boundcheck.experiments.vgg import Vgg
from boundcheck.records.reproduce import DeepSpec

BLOCK = 512  # images whose logits are computed at once


@dataclass(frozen=True, eq=False)
class Fitted:
    """The network of the epoch with the best validation accuracy (the first of equals)."""

    network: Vgg
    validation_accuracy: float
    epochs: int

    def logits(self, X: Float[np.ndarray, "n h w c"]) -> Float[np.ndarray, " n"]:
        """Logits (n,) of images."""
        return _all_logits(self.network, X)

    def accuracy(self, X: Float[np.ndarray, "n h w c"], y: Int[np.ndarray, " n"]) -> float:
        """Share of images whose logit has the sign of the class (0 counts as class 0)."""
        return _accuracy(self.network, X, y)


def fit(
    spec: DeepSpec,
    X: Float[np.ndarray, "n h w c"],
    targets: Float[np.ndarray, " n"],
    validation: tuple[Float[np.ndarray, "v h w c"], Int[np.ndarray, " v"]],
    seed: int,
) -> Fitted:
    """Train a network on targets (n,) in [0, 1], hard or soft; the same seed starts at the same weights."""
    start, order = jax.random.split(jax.random.key(seed))
    network = Vgg(X.shape[1:], spec.convolutions, spec.channels, key=start)
    state = optax.scale_by_adam().init(eqx.filter(network, eqx.is_inexact_array))
    images, labels = jnp.asarray(X, jnp.float32), jnp.asarray(targets, jnp.float32)
    rates = jnp.asarray([spec.step_size, spec.l2], jnp.float32)
    best = Fitted(network, -1.0, 0)
    for epoch in range(1, spec.epochs + 1):
        batches = _batches(len(X), spec.batch, jax.random.fold_in(order, epoch))
        network, state = _epoch(network, state, images, labels, batches, rates)
        reached = _accuracy(network, *validation)
        if reached > best.validation_accuracy:
            best = Fitted(network, reached, epoch)
        elif epoch - best.epochs >= spec.patience:
            break
    return best


def _batches(n: int, size: int, key: Array) -> Int[Array, "batches size"]:
    """A random order cut into batches of equal size; the rest of an epoch is left out."""
    size = min(size, n)
    return jax.random.permutation(key, n)[: n // size * size].reshape(-1, size)


def _all_logits(network: Vgg, X: Float[np.ndarray, "n h w c"]) -> Float[np.ndarray, " n"]:
    blocks = [X[i : i + BLOCK] for i in range(0, len(X), BLOCK)]
    return np.concatenate([np.asarray(_logits(network, jnp.asarray(block, jnp.float32))) for block in blocks])


def _accuracy(network: Vgg, X: Float[np.ndarray, "n h w c"], y: Int[np.ndarray, " n"]) -> float:
    return float(np.mean((_all_logits(network, X) > 0) == (y == 1)))


@eqx.filter_jit
def _logits(network: Vgg, X: Float[Array, "n h w c"]) -> Float[Array, " n"]:
    return network(X)


@eqx.filter_jit
def _epoch(
    network: Vgg,
    state: optax.OptState,
    X: Float[Array, "n h w c"],
    p: Float[Array, " n"],
    batches: Int[Array, "batches size"],
    rates: Float[Array, "2"],
) -> tuple[Vgg, optax.OptState]:
    """One pass over `batches`; rates: step size and L2 coefficient."""
    weights, rest = eqx.partition(network, eqx.is_inexact_array)
    step_size, l2 = rates

    def loss(weights: PyTree, batch: Int[Array, " size"]) -> Float[Array, ""]:
        f = eqx.combine(weights, rest)(X[batch])
        # KL(p || sigmoid f) up to the entropy of p, which has no gradient
        misfit = jnp.mean(jax.nn.softplus(f) - p[batch] * f)
        total: Array = misfit + l2 / 2 * sum(jnp.sum(w**2) for w in jax.tree.leaves(weights))
        return total

    def step(
        carry: tuple[PyTree, optax.OptState], batch: Int[Array, " size"]
    ) -> tuple[tuple[PyTree, optax.OptState], None]:
        weights, state = carry
        direction, state = optax.scale_by_adam().update(jax.grad(loss)(weights, batch), state)
        return (jax.tree.map(lambda w, g: w - step_size * g, weights, direction), state), None

    (weights, state), _ = jax.lax.scan(step, (weights, state), batches)
    return eqx.combine(weights, rest), state
