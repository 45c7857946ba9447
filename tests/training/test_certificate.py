"""The certificate against projected gradient descent written here, and against brute force over patterns."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from boundcheck.errors import InputError
from boundcheck.records import TrainingSpec
from boundcheck.training import certificate as module
from boundcheck.training.certificate import LOGISTIC_SELF_BOUND, certify
from boundcheck.training.intervals import default_comparator, kernel_teacher, logit_intervals

KINDS = [("soft", "kl"), ("hard", "logistic"), ("hard", "perceptron")]


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def loss_and_slope(kind, f, y, z, tau):
    """tau l(f/tau) and its derivative in f, for each sample."""
    u = f / tau
    if kind == "kl":
        p = sigmoid(z)
        entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
        return tau * (np.logaddexp(0, u) - p * u - entropy), sigmoid(u) - p
    if kind == "logistic":
        return tau * np.logaddexp(0, -y * u), -y * sigmoid(-y * u)
    return np.maximum(-y * f, 0), np.where(y * f <= 0, -y, 0.0)


def descend(X, y, z, W0, a, spec):
    """Projected gradient descent in float64: average error and risk over t < T, and the last weights."""
    m, W, error, risk = len(W0), W0.copy(), 0.0, 0.0
    for _ in range(spec.steps):
        active = X @ W.T > 0
        f = (np.where(active, X @ W.T, 0) @ a) / math.sqrt(m)
        f = np.where(np.abs(f) < 1e-12, 0.0, f)  # f(W(0)) = 0 in exact arithmetic
        value, slope = loss_and_slope(spec.loss, f, y, z, spec.temperature)
        error += np.mean(y * f <= 0)
        risk += np.mean(value)
        gradient = a[:, None] / math.sqrt(m) * ((active * slope[:, None]).T @ X) / len(X)
        step = W - spec.step_size * gradient - W0
        norms = np.linalg.norm(step, axis=1, keepdims=True)
        W = W0 + step * np.minimum(1, spec.radius / math.sqrt(m) / np.maximum(norms, 1e-300))
    return error / spec.steps, risk / spec.steps, W


def paired(rng, m, d):
    W = rng.standard_normal((m // 2, d))
    a = np.where(rng.random(m // 2) < 0.5, 1.0, -1.0)
    return np.vstack([W, W]), np.concatenate([a, -a])


def instance(rng, labels, loss):
    """A random small problem; half of the comparators are arbitrary, some teachers are wrong on some samples."""
    n, d, m = int(rng.integers(1, 7)), int(rng.integers(1, 5)), 2 * int(rng.choice([1, 2, 4, 10, 40, 150, 600]))
    X = rng.standard_normal((n, d))
    X /= np.max(np.linalg.norm(X, axis=1)) * (1.0 if rng.random() < 0.8 else 0.4)
    y = np.where(rng.random(n) < 0.5, 1.0, -1.0)
    if rng.random() < 0.7:  # separable labels, so that errors do vanish
        y = np.where(X @ rng.standard_normal(d) > 0, 1.0, -1.0)
    W0, a = paired(rng, m, d)
    radius = float(np.exp(rng.uniform(-2.5, 2)))
    V = kernel_teacher(W0, rng.random(n), X, y)
    z = radius * np.mean((W0 @ X.T > 0) * (V @ X.T), axis=0)
    if rng.random() < 0.3:
        z = rng.uniform(-2, 2, n)
    D = radius / math.sqrt(m) * a[:, None] * V
    if rng.random() < 0.3:
        D = rng.standard_normal((m, d))
        D *= rng.random((m, 1)) * radius / math.sqrt(m) / np.linalg.norm(D, axis=1, keepdims=True)
    tau = float(np.exp(rng.uniform(-2, 1))) if rng.random() < 0.4 else 1.0
    spec = TrainingSpec(
        labels=labels,
        loss=loss,
        radius=radius,
        step_size=float(np.exp(rng.uniform(-3, 1.2))),
        steps=int(rng.integers(1, 60)),
        temperature=tau,
    )
    return X, y, z, W0, a, D, spec


def violations(labels, loss, *, seed, count):
    """(instances where a bound is broken, share of informative error bounds, smallest bound/average ratio)."""
    rng = np.random.default_rng(seed)
    broken, informative, tightest = [], 0, math.inf
    for k in range(count):
        X, y, z, W0, a, D, spec = instance(rng, labels, loss)
        bound = certify(X, y, z, W0, a, D, spec)
        error, risk, W = descend(X, y, z, W0, a, spec)
        active = X @ W.T > 0
        F = (active * (X @ (W0 + D).T)) @ a / math.sqrt(len(W0))
        box = logit_intervals(X, W0, a, D, spec.radius)
        ok = bound.average_error >= error - 1e-12 and bound.average_risk >= risk * (1 - 1e-12) - 1e-14
        ok = ok and bool(np.all(box.lower <= F + 1e-13) and np.all(box.upper + 1e-13 >= F))
        ok = ok and bool(np.max(active.mean(axis=1) * np.sum(X**2, axis=1)) <= bound.kappa + 1e-15)
        if not ok:
            broken.append(k)
        informative += bound.average_error < 1
        tightest = min(tightest, bound.average_error / error) if error > 0 else tightest
    return broken, informative / count, tightest


@pytest.mark.parametrize(("labels", "loss"), KINDS)
def test_no_run_breaks_its_certificate(labels, loss):
    """Thousands of small instances; the test is not idle: a fair share of the bounds is below 1."""
    broken, informative, _ = violations(labels, loss, seed=1, count=1200)
    assert broken == []
    assert informative > 0.03


@pytest.mark.parametrize(("labels", "loss"), KINDS)
def test_random_search_would_catch_a_certificate_with_too_small_a_budget(labels, loss, monkeypatch):
    """Dropping ||D||^2/(2 eta T) from the regret must produce violations: the search can fail."""
    real = module.logit_intervals
    monkeypatch.setattr(module, "logit_intervals", lambda *args: dataclasses.replace(real(*args), energy=0.0))
    broken, *_ = violations(labels, loss, seed=1, count=400)
    assert broken


@pytest.mark.parametrize("m", [2, 4, 6])
def test_enclosure_is_the_exact_extremum_over_reachable_patterns(m):
    """Brute force: every combination of {W_j, W_j - r x/||x||, W_j + r x/||x||}, each a point of the ball."""
    rng = np.random.default_rng(m)
    for _ in range(25):
        n, d = 2, int(rng.integers(1, 4))
        X, (W0, a) = rng.standard_normal((n, d)), paired(rng, m, d)
        radius = float(rng.uniform(0.05, 3))
        r = radius / math.sqrt(m)
        D = rng.standard_normal((m, d))
        D *= r * rng.random((m, 1)) / np.linalg.norm(D, axis=1, keepdims=True)
        box = logit_intervals(X, W0, a, D, radius)
        for i, x in enumerate(X):
            shift = r * (1 - 1e-12) * x / np.linalg.norm(x)
            values = [
                sum(
                    a[j] * ((W0[j] + s * shift) @ x > 0) * ((W0[j] + D[j]) @ x) / math.sqrt(m)
                    for j, s in enumerate(signs)
                )
                for signs in itertools.product((-1, 0, 1), repeat=m)
            ]
            assert box.lower[i] == pytest.approx(min(values), abs=1e-12)
            assert box.upper[i] == pytest.approx(max(values), abs=1e-12)
            assert box.lower[i] <= min(values) + 1e-15
            assert max(values) - 1e-15 <= box.upper[i]


@pytest.mark.parametrize("pull", [1e-3, 0.5, 2.0, 3.9])
def test_logistic_floors_hold_on_a_grid_and_are_attained_at_zero(pull):
    """s(M - m) - (pull/2) s^2, minimised numerically over m > 0 and over m <= 0."""
    grid = np.concatenate([np.linspace(-60, 60, 240001), np.linspace(-3, 3, 60001)])
    s = sigmoid(-grid)
    for M in (-40.0, -5.0, -2.1, -2.0, -1.9, -0.3, 0.0, 0.2, 1.0, 4.0, 15.0):
        value = s * (M - grid) - pull / 2 * s**2
        minus = np.array([M])
        right = module._smallest_pull(minus - pull / 4, on_errors=False)[0]
        wrong = M / 2 - pull / 8 if M >= 0 else module._smallest_pull(minus - pull / 2, on_errors=True)[0]
        assert right <= value[grid > 0].min() + 1e-9
        assert wrong <= value[grid <= 0].min() + 1e-9
        if M >= 0:
            assert wrong == pytest.approx(value[grid <= 0].min(), abs=1e-3)
    free = s * (1.0 - grid)
    assert module._smallest_pull(np.array([1.0]), on_errors=False)[0] == pytest.approx(free.min(), rel=1e-6)
    free = s * (-7.0 - grid)
    assert module._smallest_pull(np.array([-7.0]), on_errors=True)[0] == pytest.approx(free.min(), rel=1e-6)


def test_soft_error_bound_dominates_a_numerical_linear_programme():
    """One sample: the certified error is at least the best w with w wrong* + (1-w) right* <= budget, on a grid."""
    rng = np.random.default_rng(5)
    f = np.concatenate([np.linspace(-30, 30, 60001), np.linspace(-2, 2, 20001)])
    for _ in range(300):
        z = float(rng.uniform(0.02, 3))
        lower, upper = z - rng.uniform(0, z), z + rng.uniform(0, 0.5 * z)
        pull, budget = float(rng.uniform(0, 3.9)), float(10 ** rng.uniform(-5, -0.5))
        delta = sigmoid(f) - sigmoid(z)
        bracket = np.minimum(delta * (f - lower), delta * (f - upper)) - pull / 2 * delta**2
        wrong, right = bracket[f <= 0].min(), bracket[f > 0].min()
        best = 1.0 if wrong <= budget else (budget - right) / (wrong - right)
        arrays = [np.array([v]) for v in (1.0, z, lower, upper, 50.0)]
        assert module._soft(*arrays, pull, budget)[0] >= min(best, 1) - 1e-9


def test_knapsack_is_the_linear_programme():
    """Against scipy's HiGHS, negative costs included."""
    linprog = pytest.importorskip("scipy.optimize").linprog
    rng = np.random.default_rng(3)
    for _ in range(200):
        n = int(rng.integers(1, 9))
        right = -rng.random(n) * rng.choice([0, 0.1])
        wrong = right + rng.uniform(-0.2, 1, n)
        budget = float(rng.random() * 0.3)
        lp = linprog(
            -np.ones(n), A_ub=[wrong - right], b_ub=[n * budget - right.sum()], bounds=[(0, 1)] * n, method="highs"
        )
        assert module._knapsack(wrong, right, budget) == pytest.approx(-lp.fun / n, abs=1e-9)


def test_self_bound_constant_is_the_maximum_rounded_up():
    """(1 - e^-l)^2/l at its stationary point, 50 digits."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(50):
        peak = mpmath.findroot(lambda x: 2 * mpmath.exp(-x) * x - 1 + mpmath.exp(-x), 1.25)
        best = (1 - mpmath.exp(-peak)) ** 2 / peak
        assert best < LOGISTIC_SELF_BOUND < best + mpmath.mpf(10) ** -6


def octagon(points=8):
    angles = 2 * np.pi * np.arange(points) / points
    return np.stack([np.cos(angles), np.sin(angles)], axis=1), np.where(np.arange(points) % 2, -1.0, 1.0)


@pytest.mark.parametrize(
    ("labels", "loss", "step_size", "steps", "known"),
    [("soft", "kl", 0.5, 100_000, 0.0079), ("hard", "perceptron", 0.12, 7300, 0.0095)],
)
def test_octagon_at_width_2000_is_certified_as_in_the_theory(labels, loss, step_size, steps, known):
    """theory: Certificate: soft .0079 and perceptron .0095 at B = 1, m = 2000 (median of three W(0)).

    These numbers come without T; the large-width limit .0075 of the perceptron is 1/(T gamma^2) at T = 7300.
    """
    X, y = octagon()
    q = np.full(8, 1 / 8)
    big = np.random.default_rng(0).standard_normal((200_000, 2))
    z = np.mean((big @ X.T > 0) * (kernel_teacher(big, q, X, y) @ X.T), axis=0)
    assert z * y == pytest.approx(0.1353, abs=0.003)
    found = []
    for seed in range(3):
        W0, a = paired(np.random.default_rng(seed), 2000, 2)
        D = default_comparator(W0, a, 1.0, q, X, y)
        spec = TrainingSpec(labels, loss, radius=1.0, step_size=step_size, steps=steps)
        found.append(certify(X, y, z, W0, a, D, spec).average_error)
    assert np.median(found) == pytest.approx(known, rel=0.35)


def test_temperature_is_a_change_of_units():
    """tau l(f/tau) at (B, eta) is the plain loss on logits scaled by 1/tau."""
    X, y, z, W0, a, D, spec = instance(np.random.default_rng(8), "hard", "logistic")
    X = X / 2
    one = dataclasses.replace(spec, temperature=1.0, step_size=0.5, radius=1.0)
    D = D / np.linalg.norm(D, axis=1, keepdims=True) * 1.0 / math.sqrt(len(W0))
    hot = dataclasses.replace(one, temperature=0.25)
    # Scaling inputs by 1/tau scales f and the gradient: eta' = tau eta
    scaled = dataclasses.replace(one, step_size=0.5 * 0.25)
    left, right = certify(X, y, z, W0, a, D, hot), certify(X / 0.25, y, z, W0, a, D, scaled)
    assert left.average_error == pytest.approx(right.average_error, rel=1e-9)
    assert left.average_risk == pytest.approx(0.25 * right.average_risk, rel=1e-9)


def test_kernel_teacher_is_zero_where_no_sample_is_active():
    X = np.array([[1.0, 0.0]])
    V = kernel_teacher(np.array([[-1.0, 0.3], [2.0, 5.0]]), np.array([1.0]), X, np.array([-1.0]))
    assert V.tolist() == [[0.0, 0.0], [-1.0, 0.0]]


def test_blocks_of_neurons_change_nothing_but_rounding(monkeypatch):
    X, _, _, W0, a, D, spec = instance(np.random.default_rng(21), "hard", "logistic")
    whole = logit_intervals(X, W0, a, D, spec.radius)
    monkeypatch.setattr("boundcheck.training.intervals._BLOCK", 5)
    pieces = logit_intervals(X, W0, a, D, spec.radius)
    assert pieces.lower == pytest.approx(whole.lower, abs=1e-12)
    assert pieces.flip_fraction == whole.flip_fraction


def test_too_large_a_step_gives_the_trivial_bound():
    """eta kappa >= 4: the regret argument says nothing, the range of f still does."""
    X, y = octagon()
    W0, a = paired(np.random.default_rng(0), 20, 2)
    D = default_comparator(W0, a, 1.0, np.ones(8), X, y)
    for labels, loss in KINDS[:2]:
        spec = TrainingSpec(labels, loss, radius=1.0, step_size=50.0, steps=5)
        bound = certify(X, y, 0.1 * y, W0, a, D, spec)
        assert bound.vacuous
        assert 0 < bound.average_risk < 2


def change(name, value):
    X, y = octagon()
    W0, a = paired(np.random.default_rng(0), 4, 2)
    spec = TrainingSpec("soft", "kl", radius=1.0, step_size=0.1, steps=5)
    case = {"X": X, "y": y, "z": 0.1 * y, "W0": W0, "a": a, "D": 0 * W0, "spec": spec}
    return case | {name: value(case[name])}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("W0", lambda W: W + np.arange(8).reshape(4, 2) * 1e-9, "paired"),
        ("a", np.abs, "paired"),
        ("D", lambda D: D + 1, "shorten"),
        ("y", lambda y: y * 0.5, r"\+1 or -1"),
        ("z", lambda z: None, "teacher logit"),
        ("z", lambda z: z * np.inf, "teacher logit"),
        ("W0", lambda W: W[:3], "even width"),
        ("X", lambda X: X[:, :1], "shapes"),
        ("X", lambda X: X * np.nan, "finite"),
        ("spec", lambda s: dataclasses.replace(s, radius=math.inf), "radius"),
        ("spec", lambda s: dataclasses.replace(s, loss="logistic"), "does not go with"),
    ],
)
def test_hypotheses_are_checked(name, value, says):
    with pytest.raises(InputError, match=says):
        certify(**change(name, value))
