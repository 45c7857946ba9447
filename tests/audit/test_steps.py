"""The bricks: identities that are false are seen, intervals enclose, descent is the paper's algorithm."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb

from boundcheck.audit.check import identity, positive, positive_on
from boundcheck.audit.descent import descend, paired_network
from boundcheck.bounds.exact import ball
from boundcheck.proofs.checks import interval
from boundcheck.proofs.functions import at, divergence_ratio, kl, softplus, tanh_ratio

x, z = sp.symbols("x z", real=True)


def test_identity_sees_a_difference_of_one_part_in_a_million():
    assert identity("", sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.Integer(1)).holds
    off = identity("", sp.cosh(x), (1 + sp.Rational(1, 10**6)) * sp.cosh(x))
    assert not off.holds
    assert off.residual > 1e-7


def test_positive_on_proves_what_is_true_and_nothing_else():
    parabola = lambda t: (t - ball(Fraction(1, 3))) ** 2 + ball(Fraction(1, 1000))  # noqa: E731
    proof = positive_on("", parabola, [(0, 1)])
    assert proof.holds
    assert 0 < proof.residual <= 1e-3
    touching = lambda t: (t - ball(Fraction(1, 3))) ** 2  # noqa: E731
    assert not positive_on("", touching, [(0, 1)], pieces=500).holds
    dipping = lambda t: (t - ball(Fraction(1, 3))) ** 2 - ball(Fraction(1, 10**6))  # noqa: E731
    assert not positive_on("", dipping, [(0, 1)], pieces=500).holds


def test_positive_on_refuses_an_enclosure_that_is_not_finite():
    assert not positive_on("", lambda t: 1 / t, [(0, 1)], pieces=50).holds


def test_positive_on_covers_every_corner_of_a_box():
    """Negative only near (1, 1, 0)."""
    spike = lambda a, b, c: ball(Fraction(199, 100)) - a - b + 10 * c  # noqa: E731
    assert not positive_on("", spike, [(0, 1)] * 3).holds
    assert positive_on("", lambda a, b, c: spike(a, b, c) + ball(Fraction(2, 100)), [(0, 1)] * 3).holds


def test_positive_needs_the_whole_ball():
    assert not positive("", interval(0, 1)).holds
    assert positive("", interval(Fraction(1, 10**6), 1)).holds


@pytest.mark.parametrize("g", ["0.001", "0.05", "0.25", "0.5"])
def test_enclosures_contain_fifty_digits(g):
    with mpmath.workdps(50):
        u = mpmath.mpf(g)
        h = u / 2
        D = h * mpmath.tanh(h) - mpmath.log(mpmath.cosh(h))
        exact = {
            divergence_ratio: D / u**2,
            tanh_ratio: mpmath.tanh(u) / u,
        }
        for f, value in exact.items():
            assert f(ball(Fraction(g))).overlaps(arb(mpmath.nstr(value, 45)))
    piece = divergence_ratio(interval(0, Fraction(g)))
    assert piece.contains(ball(Fraction(1, 8)))
    assert piece.overlaps(divergence_ratio(ball(Fraction(g))))


def test_the_divergence_is_that_of_two_bernoulli_laws():
    """Against mpmath at 50 digits, from the definition."""
    found = at(kl(z, x), z=Fraction(1, 2), x=Fraction(-1, 3))
    with mpmath.workdps(50):
        p, q = (1 / (1 + mpmath.exp(-mpmath.mpf(a) / b)) for a, b in ((1, 2), (-1, 3)))
        exact = p * mpmath.log(p / q) + (1 - p) * mpmath.log((1 - p) / (1 - q))
    assert found.overlaps(arb(mpmath.nstr(exact, 14) + " +/- 1e-14"))
    assert float(softplus(x).subs(x, 0)) == pytest.approx(math.log(2))


@pytest.mark.parametrize("loss", ["kl", "perceptron"])
def test_descent_is_the_algorithm_of_the_paper(loss):
    """Neuron by neuron, sample by sample, in plain Python; the radius is reached."""
    rng = np.random.default_rng(4)
    X, y, z0 = rng.standard_normal((3, 2)), np.array([1.0, -1.0, 1.0]), np.array([0.4, -0.3, 0.2])
    m, eta, T, B = 6, 0.7, 9, 0.2
    W0, a = paired_network(m, 2, 11)
    W, errors, risks = [list(w) for w in W0], [], []
    for t in range(T):
        f = [
            sum(a[j] * max(0.0, sum(W[j][k] * X[i][k] for k in range(2))) for j in range(m)) / math.sqrt(m)
            for i in range(3)
        ]
        if t == 0:
            f = [0.0] * 3
        errors.append(sum(y[i] * f[i] <= 0 for i in range(3)) / 3)
        p = [1 / (1 + math.exp(-v)) for v in z0]
        mu = [1 / (1 + math.exp(-v)) for v in f]
        risks.append(
            sum(p[i] * math.log(p[i] / mu[i]) + (1 - p[i]) * math.log((1 - p[i]) / (1 - mu[i])) for i in range(3)) / 3
        )
        slope = [mu[i] - p[i] if loss == "kl" else -y[i] * (y[i] * f[i] <= 0) for i in range(3)]
        new = []
        for j in range(m):
            active = [sum(W[j][k] * X[i][k] for k in range(2)) > 0 for i in range(3)]
            step = [
                W[j][k]
                - eta / 3 * sum(slope[i] * a[j] * X[i][k] * active[i] for i in range(3)) / math.sqrt(m)
                - W0[j][k]
                for k in range(2)
            ]
            scale = min(1.0, B / math.sqrt(m) / max(math.hypot(*step), 1e-300))
            new.append([W0[j][k] + scale * step[k] for k in range(2)])
        W = new
    run = descend(X, y, z0, loss=loss, width=m, step_size=eta, steps=T, radius=B, seed=11)
    assert run.average_error == pytest.approx(np.mean(errors), abs=1e-12)
    assert run.average_risk == pytest.approx(np.mean(risks), rel=1e-9)
    moved = max(math.dist(W[j], W0[j]) for j in range(m)) * math.sqrt(m)
    assert run.movement == pytest.approx(moved, rel=1e-9)
    assert moved == pytest.approx(B)
