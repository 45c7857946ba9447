"""Ends that are called exact contain the closed form in fifty digits, and rounding is never left out."""

import mpmath as mp
import numpy as np
import pytest

from boundcheck.datasets import from_arrays
from boundcheck.kernels import limiting_kernel
from boundcheck.margins.outward import kernel_rounding, outer_interval, root_interval
from boundcheck.margins.planar import planar_margin
from boundcheck.margins.problem import margin_problem
from boundcheck.margins.rkhs import evaluate
from boundcheck.pipeline.margin import margin
from boundcheck.records import Interval


def closed_forms(t: float, same: bool = False) -> tuple[mp.mpf, mp.mpf]:
    """gamma and gamma_rkhs of two unit rows at angle t (theory: Margins in closed form)."""
    with mp.workdps(50):
        angle, sign = mp.mpf(t), 1 if same else -1
        sup = (mp.pi - angle) / (2 * mp.pi) * (mp.cos if same else mp.sin)(angle / 2) + angle / (2 * mp.pi)
        return sup, mp.sqrt((1 + sign * mp.cos(angle) * (1 - angle / mp.pi)) / 4)


def contains(interval: Interval, value: mp.mpf) -> bool:
    with mp.workdps(50):
        return bool(mp.mpf(interval.lower) <= value <= mp.mpf(interval.upper))


@pytest.mark.parametrize("normalize", ["unit", "max", "none"])
@pytest.mark.parametrize("turned", [0.0, 0.3])
@pytest.mark.parametrize("t", [3.0, 1.0, *(10.0**-k for k in range(1, 13)), 3e-9])
def test_both_margins_of_two_opposite_labels_contain_their_closed_form(t: float, turned: float, normalize: str) -> None:
    """Coordinates and lengths are rounded, and the closed form is of the angle meant."""
    X = np.array([[np.cos(turned + a), np.sin(turned + a)] for a in (0, t)])
    with mp.workdps(50):
        X[1] = [float(f(mp.mpf(turned) + mp.mpf(t))) for f in (mp.cos, mp.sin)]
    X *= {"unit": [[0.7], [3.0]], "max": 0.7, "none": 1.0}[normalize]
    report = margin(from_arrays(X, np.array([1, -1]), normalize=normalize))
    sup, rkhs = closed_forms(t)
    for interval, exact in ((report.gamma_sup, sup), (report.gamma_rkhs, rkhs), (report.outer, sup)):
        assert contains(interval, exact)
        assert interval.exact
    assert report.gamma_rkhs.relative_width <= 1e-12 + 3e-13 / t
    if t > 1e-8:  # the cone programme itself stays within rounding's reach
        assert report.gamma_sup.relative_width <= 1e-12 + 1e-14 / t


@pytest.mark.parametrize("t", [1e-6, 0.3, 2.0])
def test_equal_labels_too(t: float) -> None:
    X = np.array([[1.0, 0.0], [np.cos(t), np.sin(t)]])
    sup, _ = closed_forms(t, same=True)
    assert contains(planar_margin(X, np.ones(2)).margin, sup)


def test_sums_of_any_length_stay_within_their_bound() -> None:
    """q'Hq and Hq against fifty digits, summed as they come and in reverse."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.choice([-1.0, 1.0], 40)
    H = limiting_kernel(X) * np.outer(y, y)
    q = rng.dirichlet(np.ones(40)) * 1.7
    lengths = np.linalg.norm(X, axis=1)
    with mp.workdps(50):
        rows = [[mp.mpf(v) for v in row] for row in H.tolist()]
        weights = [mp.mpf(v) for v in q.tolist()]
        product = [mp.fdot(row, weights) for row in rows]
        square = mp.fdot(weights, product)
        upper, lower = mp.sqrt(square) / mp.fsum(weights), min(product) / mp.sqrt(square)
    gradient = H @ q
    for off in (-1.0, 1.0):  # as wrong as the bound for a sum of 40 terms and an inexact kernel allow
        wrong = gradient + off * lengths * (lengths @ q) * (1e-12 + 20 * 2.0**-53)
        found, vanishes = root_interval(q, wrong, lengths, 1e-12)
        assert not vanishes
        assert found.lower <= max(lower, 0)
        assert upper <= found.upper <= upper * (1 + 1e-9)


def test_a_square_that_rounding_hides_is_said_to_vanish_and_the_interval_begins_at_zero() -> None:
    """Three antipodal pairs around the circle, whose coordinates are rounded: gamma = 0 before rounding."""
    turns = np.arange(6) * np.pi / 3
    X, y = np.stack([np.cos(turns), np.sin(turns)], axis=1), np.resize([1.0, -1.0], 6)
    H = limiting_kernel(X) * np.outer(y, y)
    found, vanishes = root_interval(np.full(6, 1 / 6), H.mean(axis=1), np.ones(6), kernel_rounding(2))
    assert vanishes
    assert found.lower == 0
    assert found.upper < 2e-7
    assert not evaluate(margin_problem(X, y), np.arange(6), np.arange(1.0, 7)).vanishes


def test_outer_bounds_are_rounded_outward_and_never_trust_a_norm_of_one() -> None:
    third = 1 / 3
    found = outer_interval(Interval(third, 0.4), 0.6, 1 + 1e-9, 2)
    with mp.workdps(50):
        assert found.lower < mp.mpf(third) ** 2 / (1 + mp.mpf(1e-9))
    assert found.upper > 0.3
    assert outer_interval(Interval(0.1, 0.2), 1.0, 1.0, 2).upper == 0.2
