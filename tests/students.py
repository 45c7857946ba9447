"""Small students that learn from biased soft labels, with the two losses of theory: Wrong teachers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from boundcheck import precision

Loss = Literal["soft", "superset"]


@dataclass(frozen=True)
class Schedule:
    """How an MLP d - `hidden` - L is trained by Adam.

    validation: share of the rows held out. The parameters of the epoch with the lowest loss there are kept, and
    training stops `patience` epochs later or after `epochs`.
    """

    hidden: int = 128
    step_size: float = 1e-3
    batch: int = 64
    epochs: int = 200
    patience: int = 10
    validation: float = 0.2


class Parameters(NamedTuple):
    """Weights and biases of an MLP with one hidden ReLU layer."""

    W1: Float[Array, "d h"]
    b1: Float[Array, " h"]
    W2: Float[Array, "h L"]
    b2: Float[Array, " L"]


@dataclass(frozen=True, eq=False)
class Student:
    """A trained MLP d - hidden - L.  epochs: passes made before early stopping."""

    parameters: Parameters
    epochs: int

    def logits(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n L"]:
        """Outputs before the softmax."""
        return np.asarray(_forward(self.parameters, jnp.asarray(X)))

    def accuracy(self, X: Float[np.ndarray, "n d"], y: Int[np.ndarray, " n"]) -> float:
        """Share of rows whose largest output is the true class."""
        return float((self.logits(X).argmax(axis=1) == y).mean())


def student_loss(kind: Loss) -> Callable[[Float[Array, "n L"], Float[Array, "n L"]], Float[Array, " n"]]:
    """`soft`: cross-entropy -sum_l d_l ln p_l with weights d.  `superset`: -ln sum_{l in S} p_l with indicators of S,
    the differentiable surrogate of the superset loss 1[h(x) not in S].  See theory: Wrong teachers.
    """
    if kind == "soft":
        return lambda logits, d: -(d * jax.nn.log_softmax(logits)).sum(axis=1)
    return lambda logits, s: (
        jax.nn.logsumexp(logits, axis=1) - jax.nn.logsumexp(jnp.where(s > 0, logits, -jnp.inf), axis=1)
    )


def train_student(
    X: Float[np.ndarray, "n d"], targets: Float[np.ndarray, "n L"], *, loss: Loss, seed: int, **schedule: Any
) -> Student:
    """Train an MLP on soft weights (n, L) or on indicators of label sets (n, L); no true label is seen.

    schedule: fields of `Schedule`.
    """
    return _minimise(X, targets, student_loss(loss), targets.shape[1], seed, Schedule(**schedule))


def _minimise(
    X: Float[np.ndarray, "n d"],
    targets: Float[np.ndarray, "n L ..."],
    per_row: Callable[[Array, Array], Array],
    classes: int,
    seed: int,
    schedule: Schedule,
) -> Student:
    """Adam on mean `per_row`, stopped early on held-out rows with targets of the same kind."""
    precision.enable_x64()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    cut = max(1, int(schedule.validation * len(X)))
    held, used = order[:cut], order[cut:]

    def mean_loss(parameters: Parameters, rows: Any, target: Any) -> Array:
        return per_row(_forward(parameters, rows), target).mean()

    @jax.jit
    def update(state: Any, rows: Any, target: Any) -> Any:
        return _adam(state, jax.grad(mean_loss)(state[0], rows, target), schedule.step_size)

    evaluate = jax.jit(mean_loss)
    parameters = _initial(rng, X.shape[1], schedule.hidden, classes)
    zero = jax.tree.map(jnp.zeros_like, parameters)
    state: Any = (parameters, zero, zero, jnp.asarray(0))
    best, best_loss, best_epoch, epoch = parameters, float("inf"), 0, 0
    for epoch in range(1, schedule.epochs + 1):
        used = rng.permutation(used)
        for start in range(0, len(used), schedule.batch):
            rows = used[start : start + schedule.batch]
            state = update(state, X[rows], targets[rows])
        now = float(evaluate(state[0], X[held], targets[held]))
        if now < best_loss:
            best, best_loss, best_epoch = state[0], now, epoch
        elif epoch - best_epoch >= schedule.patience:
            break
    return Student(best, epoch)


def _initial(rng: np.random.Generator, d: int, hidden: int, classes: int) -> Parameters:
    """He initialisation."""
    W1 = rng.standard_normal((d, hidden)) * np.sqrt(2 / d)
    W2 = rng.standard_normal((hidden, classes)) * np.sqrt(2 / hidden)
    return Parameters(jnp.asarray(W1), jnp.zeros(hidden), jnp.asarray(W2), jnp.zeros(classes))


def _forward(parameters: Parameters, X: Float[Array, "n d"]) -> Float[Array, "n L"]:
    out: Array = jax.nn.relu(X @ parameters.W1 + parameters.b1) @ parameters.W2 + parameters.b2
    return out


def _adam(state: Any, gradient: Parameters, step_size: float) -> Any:
    """One step of Adam (Kingma & Ba, ICLR 2015, algorithm 1) with beta1 = .9, beta2 = .999, epsilon = 1e-8."""
    parameters, first, second, t = state
    t = t + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, gradient)

    def step(w: Array, m: Array, v: Array) -> Array:
        stepped: Array = w - step_size * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return stepped

    return jax.tree.map(step, parameters, first, second), first, second, t
