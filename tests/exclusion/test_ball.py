"""What a ball around W(0) contains, against linear programmes over all activation patterns, and against training."""

import subprocess
import sys
from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import linprog

import boundcheck as bc
from boundcheck.bounds.lower import errors_allowed
from boundcheck.exclusion import excluded_widths
from boundcheck.exclusion.ball import Ball, certain_errors, decide
from boundcheck.records import TrainingSpec
from boundcheck.search import run_seed
from boundcheck.training import train
from boundcheck.training.network import base_weights

OCTAGON = bc.load_dataset("synthetic:circle:points=8")


def brute(X, y, W, radius, errors, polygon):
    """Whether some D in the polygon around the ball errs on at most so many rows: one programme a pattern and choice.

    polygon: (p, d) tangents.  Only patterns of the flippable neurons are enumerated; t is the least y f of the others.
    """
    n, d = X.shape
    m, a = 2 * len(W), np.repeat([1, -1], len(W))
    g = np.tile(X @ W.T, (1, 2)) * np.sqrt(m) / radius
    reach = np.linalg.norm(X, axis=1)
    free = np.argwhere(np.abs(g) <= reach[:, None])
    ball = np.kron(np.eye(m), polygon)
    for chosen in product([False, True], repeat=len(free)):
        on = g > 0
        on[tuple(free.T)] = chosen
        sides, limits = [ball], [np.ones(len(ball))]
        for (i, j), up in zip(free, chosen, strict=True):
            row = np.zeros(m * d)
            row[j * d : j * d + d] = X[i] if not up else -X[i]
            sides.append(row[None])
            limits.append([g[i, j] if up else -g[i, j]])
        weight = y[:, None] * on * a
        outputs = (weight[:, :, None] * X[:, None, :]).reshape(n, m * d)
        for wrong in combinations(range(n), errors):
            right = [i for i in range(n) if i not in wrong]
            A = np.vstack([*sides, -outputs[right]])
            b = np.concatenate([*limits, (weight * g).sum(axis=1)[right]])
            gain = np.concatenate([np.zeros(len(A) - len(right)), np.ones(len(right))])
            found = linprog(
                np.append(np.zeros(m * d), -1),
                np.column_stack([A, gain]),
                b,
                bounds=[(None, None)] * (m * d) + [(None, 1)],
            )
            if found.status == 0 and -found.fun > 1e-6:
                return True
    return False


@pytest.mark.parametrize("errors", [0, 1])
def test_decisions_are_those_of_all_activation_patterns(errors):
    """In the plane, where the polygon of the oracle has 64 sides."""
    rng, seen = np.random.default_rng(errors), {"excluded": 0, "possible": 0}
    angles = 2 * np.pi * np.arange(64) / 64
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for trial in range(40):
        d, m = 2, 2 if trial % 4 else 4
        n = 5 if m == 2 else 4
        X = rng.standard_normal((n, d))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        y, W = rng.choice([-1, 1], n), 3 * rng.standard_normal((m // 2, d))
        ball = Ball(X, y, W, 1.0)
        if np.sum(ball.flips) > 3:
            continue
        answer, _ = decide(ball, errors, nodes=500)
        truth = brute(X, y, W, 1.0, errors, circle)
        assert answer == ("possible" if truth else "excluded")
        assert truth is False or certain_errors(ball) <= errors
        seen[answer] += 1
    assert min(seen.values()) >= 3


def test_the_closed_criterion_on_the_octagon():
    """Its share of W(0) by width: about .7, .5, .23, .14; none at radius 5."""
    shares = {m: np.mean([certain_errors(octagon(m, i)) > 0 for i in range(100)]) for m in (2, 4, 6, 8)}
    assert [shares[m] for m in (2, 4, 6, 8)] == pytest.approx([0.71, 0.5, 0.25, 0.15], abs=0.08)
    assert not any(certain_errors(octagon(4, i, radius=30.0)) for i in range(40))


def octagon(width, index, radius=1.0):
    return Ball(OCTAGON.X, OCTAGON.y, base_weights(width, 2, run_seed(0, index)), radius)


def test_dead_rows_and_disjoint_conflicts_add_up():
    """W = e_1: rows with x_1 < 0 are dead; two pairs of rows of opposite labels on one ray."""
    X = np.array([[-1.0, 0.1], [-0.9, -0.2], [1.0, 0.0], [0.5, 0.0], [0.9, 0.3], [0.45, 0.15], [0.8, -0.3]])
    y = np.array([1, -1, 1, -1, 1, -1, 1])
    ball = Ball(X, y, np.array([[100.0, 0.0]]), 1.0)
    assert not ball.flips.any()
    assert certain_errors(ball) == 4
    assert decide(ball, 4, nodes=100)[0] == "possible"
    assert decide(ball, 3, nodes=100)[0] == "excluded"


@pytest.mark.parametrize("labels", ["soft", "hard"])
def test_a_start_from_which_training_succeeds_is_never_excluded(labels):
    loss = "kl" if labels == "soft" else "perceptron"
    spec = TrainingSpec(labels, loss, radius=1.0, step_size=0.5, steps=400)
    p = bc.margin(OCTAGON).teacher.p if labels == "soft" else None
    jobs = [(width, run_seed(0, i)) for width in (6, 10) for i in range(30)]
    runs = train(OCTAGON.X, OCTAGON.y, p, spec, jobs)
    good = [run for run in runs if run.best_error == 0]
    assert len(good) >= 5
    for run in good:
        ball = Ball(OCTAGON.X, OCTAGON.y, base_weights(run.width, 2, run.seed), 1.0)
        assert decide(ball, 0, nodes=500)[0] != "excluded"
        assert certain_errors(ball) == 0


def test_the_octagon_from_below(capfd):
    """Closed criterion and programme together exclude up to 8 neurons at B = 1; nothing is printed by the solver."""
    found = excluded_widths(
        OCTAGON.X, OCTAGON.y, radius=1.0, errors=errors_allowed(0.05, 8), success_target=0.9, confidence=0.95,
        max_width=64, from_width=6,
    )  # fmt: skip
    assert found.least_width == 10
    assert [(share.width, share.excluded) for share in found.shares] == [(6, True), (8, True), (10, False)]
    assert all(share.lower > 0.1 for share in found.shares[:-1])
    assert capfd.readouterr().out == ""


def test_a_wide_ball_excludes_nothing_that_the_circle_does_not():
    found = excluded_widths(
        OCTAGON.X, OCTAGON.y, radius=50.0, errors=8, success_target=0.9, confidence=0.95, max_width=64
    )
    assert found.least_width == 2
    assert found.shares[0].impossible == 0


def test_what_c_code_prints_reaches_no_stdout() -> None:
    """HiGHS put two lines before the JSON of `verify` on the octagon, B = 31, two errors allowed."""
    script = (
        "import ctypes; from boundcheck.exclusion.ball import _silent; puts = ctypes.CDLL(None).puts\n"
        "print('before', flush=True)\nwith _silent(): puts(b'noise')\nputs(b'heard'); ctypes.CDLL(None).fflush(None)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "before\nheard\n"
