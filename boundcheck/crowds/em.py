"""EM for every crowd model of the package: tasks are mixtures over states s, answers independent given the state.

State s of task j is a label y in {+1, -1}, or a pair (type, label); P(X_ij = +1 | s) = theta[s, i], P(s) = weights[s].
States come in the order (type 0, +), (type 0, -), (type 1, +), ... so even states carry the label +1.
The models (`coins`) differ in their M-step only. Every step costs O(answers x states).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, logsumexp

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.votes import vote_share

PerTask = Float[np.ndarray, " d"]
States = Float[np.ndarray, "s d"]
Theta = Float[np.ndarray, "s n"]


class Coin(Protocol):
    """How the answers of a worker depend on the state of the task, with Beta(a + 1, b + 1) priors."""

    def maximise(self, plus: Theta, minus: Theta, previous: Theta | None) -> Theta:
        """The M-step. plus, minus: (s, n) expected numbers of +1 and -1 answers given in each state."""

    def log_prior(self, theta: Theta) -> float:
        """Log density of the priors up to a constant, in what `maximise` increases."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A fitted model. weights: (s,) sum to 1.  theta: (s, n).  objective: of every step, never decreasing."""

    weights: Float[np.ndarray, " s"]
    theta: Theta
    joint: States
    objective: tuple[float, ...]
    converged: bool

    @property
    def types(self) -> int:
        """Number of task types in the model."""
        return len(self.weights) // 2

    @property
    def logits(self) -> PerTask:
        """ln P(y = +1 | X) - ln P(y = -1 | X) of each task."""
        return np.asarray(logsumexp(self.joint[0::2], axis=0) - logsumexp(self.joint[1::2], axis=0))

    @property
    def type_posterior(self) -> Float[np.ndarray, "k d"]:
        """P(type | X) of each task, columns sum to 1."""
        by_type = np.logaddexp(self.joint[0::2], self.joint[1::2])
        return np.asarray(np.exp(by_type - logsumexp(by_type, axis=0)))

    @property
    def reliability(self) -> Float[np.ndarray, "k n"]:
        """r_ki = P(right | type k) - P(wrong | type k), the two labels counted equally, in [-1, 1]."""
        return np.asarray(self.theta[0::2] - self.theta[1::2])


def log_joint(answers: Answers, weights: Float[np.ndarray, " s"], theta: Theta) -> States:
    """ln P(state s, answers to task j): ln w_s + sum_i [X_ij = 1] ln theta_si + [X_ij = -1] ln(1 - theta_si)."""
    # ln P(x) = |x| (ln theta + ln(1 - theta))/2 + x (ln theta - ln(1 - theta))/2
    heads, tails = np.log(theta), np.log1p(-theta)
    even, odd = answers.answered.T @ ((heads + tails) / 2).T, answers.X.T @ ((heads - tails) / 2).T
    # Rows contiguous: sums over the few states are then an order of magnitude faster than over short rows.
    return np.ascontiguousarray((np.log(weights) + even + odd).T)


def fit(
    answers: Answers,
    posterior: States,
    coin: Coin,
    *,
    weight_count: float = 1.0,
    max_steps: int = 500,
    tolerance: float = 1e-8,
) -> Mixture:
    """EM from P(state | task) = `posterior` until the MAP objective gains less than `tolerance` relatively.

    weight_count: pseudo-count of every state.  Source: Dawid & Skene (1979); theory: Expectation maximisation.
    """
    theta: Theta | None = None
    history: list[float] = []
    converged = False
    while len(history) < max_steps and not converged:
        known = (answers.answered @ posterior.T).T
        signed = (answers.X @ posterior.T).T
        theta = coin.maximise((known + signed) / 2, (known - signed) / 2, theta)
        weights = posterior.sum(axis=1) + weight_count
        weights = weights / weights.sum()
        joint = log_joint(answers, weights, theta)
        top = joint.max(axis=0)
        posterior = np.exp(joint - top)
        total = posterior.sum(axis=0)
        posterior /= total
        value = float((top + np.log(total)).sum()) + coin.log_prior(theta)
        if weight_count > 0:
            value += weight_count * float(np.log(weights).sum())
        converged = bool(history) and value - history[-1] < tolerance * abs(value)
        history.append(value)
    assert theta is not None
    return Mixture(weights, theta, joint, tuple(history), converged)


@dataclass(frozen=True)
class OneCoin:
    """P(X_ij = y) = A_ki whatever the label, one number per worker and type."""

    types: int = 1
    a: float = 1.0
    b: float = 1.0

    def maximise(self, plus: Theta, minus: Theta, previous: Theta | None) -> Theta:
        """See `Coin`."""
        right = plus[0::2] + minus[1::2]
        total = right + plus[1::2] + minus[0::2]
        A = (right + self.a) / (total + self.a + self.b)
        return np.stack([A, 1 - A], axis=1).reshape(plus.shape)

    def log_prior(self, theta: Theta) -> float:
        """See `Coin`."""
        return float((self.a * np.log(theta[0::2]) + self.b * np.log(theta[1::2])).sum())


@dataclass(frozen=True)
class TwoCoin:
    """P(X_ij = 1 | +) = alpha_i, P(X_ij = -1 | -) = beta_i: the Dawid-Skene confusion matrix of two classes."""

    a: float = 1.0
    b: float = 1.0

    def maximise(self, plus: Theta, minus: Theta, previous: Theta | None) -> Theta:
        """See `Coin`."""
        right = np.stack([plus[0], minus[1]])
        A = (right + self.a) / (plus + minus + self.a + self.b)
        return np.stack([A[0], 1 - A[1]])

    def log_prior(self, theta: Theta) -> float:
        """See `Coin`."""
        alpha, wrong = theta
        return float((self.a * (np.log(alpha) + np.log1p(-wrong)) + self.b * (np.log1p(-alpha) + np.log(wrong))).sum())


@dataclass(frozen=True)
class Scaled:
    """Two types with reliabilities r_i and c r_i, one c in [0, 1] for all workers (`parallel` types).

    The M-step maximises over r (n concave problems), then over c (one): it increases the objective without
    maximising it (Meng & Rubin 1993).
    """

    a: float = 1.0
    b: float = 1.0

    def maximise(self, plus: Theta, minus: Theta, previous: Theta | None) -> Theta:
        """See `Coin`."""
        right, wrong = plus[0::2] + minus[1::2], plus[1::2] + minus[0::2]
        if previous is None:
            r, c = (right[0] - wrong[0]) / (right[0] + wrong[0] + 2), 0.5
        else:
            r, scaled = previous[0] - previous[1], previous[2] - previous[3]
            c = float(r @ scaled) / max(float(r @ r), 1e-300)
        r = self._reliabilities(right, wrong, c)
        c = _scale(right[1], wrong[1], r)
        s = c * r
        return np.stack([1 + r, 1 - r, 1 + s, 1 - s]) / 2

    def _reliabilities(self, right: Theta, wrong: Theta, c: float) -> Float[np.ndarray, " n"]:
        """Roots in (-1, 1) of the derivative of (right + a) ln(1 + r) + (wrong + b) ln(1 - r) + ... ln(1 +- cr)."""
        up, down = right[0] + self.a, wrong[0] + self.b

        def slope(r: Float[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray]:
            p, q, u, v = 1 / (1 + r), 1 / (1 - r), c / (1 + c * r), c / (1 - c * r)
            value = up * p - down * q + right[1] * u - wrong[1] * v
            return value, -(up * p**2 + down * q**2 + right[1] * u**2 + wrong[1] * v**2)

        return _root(slope, np.full(len(up), -1.0), np.full(len(up), 1.0))

    def log_prior(self, theta: Theta) -> float:
        """See `Coin`."""
        return float((self.a * np.log(theta[0]) + self.b * np.log(theta[1])).sum())


def _scale(right: Float[np.ndarray, " n"], wrong: Float[np.ndarray, " n"], r: Float[np.ndarray, " n"]) -> float:
    """The c in [0, 1] maximising sum_i right_i ln(1 + c r_i) + wrong_i ln(1 - c r_i), concave in c."""

    def slope(c: Float[np.ndarray, " 1"]) -> tuple[np.ndarray, np.ndarray]:
        up, down = r / (1 + c * r), r / (1 - c * r)
        return (right * up - wrong * down).sum(keepdims=True), -(right * up**2 + wrong * down**2).sum(keepdims=True)

    low, high = np.zeros(1), np.ones(1)
    if slope(low)[0] <= 0:
        return 0.0
    return 1.0 if slope(high)[0] >= 0 else float(_root(slope, low, high)[0])


def _root(
    slope: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Where n decreasing functions cross 0 in (low, high), to about 1e-14.

    slope: values and derivatives.  Newton's steps; a step out of the bracket halves it instead.
    """
    x: np.ndarray = (low + high) / 2
    for _ in range(60):
        value, derivative = slope(x)
        low, high = np.where(value > 0, x, low), np.where(value > 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = x - value / derivative
        found = (np.abs(step - x) < 1e-14) | (high - low < 1e-15)
        if found.all():
            break
        x = np.where(found, x, np.where((step > low) & (step < high), step, (low + high) / 2))
    return x


def from_votes(answers: Answers) -> States:
    """The usual start: P(+) = share of +1."""
    share = vote_share(answers)
    return np.stack([share, 1 - share])


def from_types(types: Int[np.ndarray, " d"], logits: PerTask, count: int) -> States:
    """P(state): .9 on the given type, the rest spread over the others; P(+) from `logits`."""
    membership = np.full((count, len(types)), 0.1 / max(count - 1, 1))
    membership[types, np.arange(len(types))] = 0.9 if count > 1 else 1.0
    label = np.stack([expit(logits), expit(-logits)])
    return np.asarray(membership[:, None, :] * label[None, :, :]).reshape(2 * count, -1)


def identified(mixture: Mixture, answers: Answers) -> Mixture:
    """The same law with the labels of each type swapped where needed for sum_i m_ik r_ik >= 0 (theory: Crowd model).

    m_ik: expected answers of worker i to tasks of type k. Types are then ordered by that sum per answer, largest
    (easiest) first.
    """
    k, d = mixture.types, mixture.joint.shape[1]
    counts = (answers.answered @ mixture.type_posterior.T).T
    mean = (counts * mixture.reliability).sum(axis=1) / np.maximum(counts.sum(axis=1), 1e-300)
    order = np.argsort(-np.abs(mean), kind="stable")
    flip = mean < 0

    def swap(array: Float[np.ndarray, "s m"]) -> Float[np.ndarray, "s m"]:
        pairs = array.reshape(k, 2, -1)
        return np.where(flip[:, None, None], pairs[:, ::-1], pairs)[order].reshape(2 * k, -1)

    return Mixture(
        swap(mixture.weights[:, None])[:, 0],
        swap(mixture.theta),
        swap(mixture.joint).reshape(2 * k, d),
        mixture.objective,
        mixture.converged,
    )
