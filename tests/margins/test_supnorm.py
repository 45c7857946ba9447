"""The rounds towards the sup-norm margin: what is drawn, what a step gains, how the next round is planned."""

from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcheck.datasets import load_dataset
from boundcheck.errors import BoundcheckWarning
from boundcheck.kernels import limiting_kernel
from boundcheck.margins import descent, envelope, fields, supnorm
from boundcheck.margins.certificate import CertifiedMargin, Certifier, Drawn
from boundcheck.margins.descent import Descent
from boundcheck.margins.planar import planar_margin
from boundcheck.margins.problem import margin_problem
from boundcheck.margins.rkhs import rkhs_margin
from boundcheck.progress import SILENT
from boundcheck.records import Interval


@pytest.fixture(name="rows")
def random_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """11 unit rows in four dimensions (not a multiple of the strips), their labels, a point with zeros."""
    rng = np.random.default_rng(0)
    U = rng.standard_normal((11, 4))
    a = np.where(np.arange(11) % 3 == 1, 0.0, rng.random(11))
    return U / np.linalg.norm(U, axis=1, keepdims=True), np.where(rng.random(11) < 0.5, 1.0, -1.0), a / a.sum()


def test_moments_of_the_field_agree_with_numpy(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    U, y, a = rows
    found = fields.Draws(U, y, seed=1).moments(a, 0.01, 1 << 17)
    active = np.random.default_rng(2).standard_normal((1 << 17, 4)) @ U.T > 0
    s = (active * (a * y)) @ U
    v = s / np.maximum(np.linalg.norm(s, axis=1, keepdims=True), 0.01)
    along = active * (v @ U.T) * y
    products = along[:, :, None] * along[:, None, :]
    both = np.sqrt(1 / found.draws + 1 / len(active))
    M = products.mean(axis=0)
    assert found.draws >= 1 << 17
    assert np.array_equal(found.outer, found.outer.T)
    assert np.all(np.abs(found.mean - along.mean(axis=0)) <= 5 * along.std(axis=0) * both + 3e-4)
    assert np.all(np.abs(found.outer - M) <= 5 * products.std(axis=0) * both + 2e-3 * np.abs(M) + 1e-4)


def test_glance_sees_the_draws_of_the_moments(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    U, y, a = rows
    draws, some = fields.Draws(U, y, seed=1), np.flatnonzero(a > 0)
    mean = draws.moments(a, 0.01, 4096).mean[some]
    np.testing.assert_allclose(draws.glance(a, 0.01, 4096, some), mean, atol=1e-5)
    other = fields.Draws(U, y, seed=2).glance(a, 0.01, 4096, some)
    assert np.abs(other - mean).max() > 1e-3


def test_fields_are_no_longer_than_one_and_multiples_of_the_quantum() -> None:
    s = np.random.default_rng(0).standard_normal((4096, 30)).astype(np.float32) ** 5
    v = np.asarray(fields._field(jnp.asarray(s), jnp.float32(0.0)), dtype=np.float64)
    lengths = np.linalg.norm(v, axis=1)
    assert lengths.max() <= 1 + fields._inexact(30)
    assert lengths.min() > 0.999
    assert np.array_equal(v / fields._QUANTUM, np.round(v / fields._QUANTUM))


def test_rounding_is_added_and_never_taken_away(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    U, y, a = rows
    found = fields.Draws(U, y, seed=1).moments(a, 0.01, 4096)
    monkeypatch.setattr(fields, "_rounding", lambda dimension: (0.0, 0.0, 0.0))
    plain = fields.Draws(U, y, seed=1).moments(a, 0.01, 4096)
    points = np.random.default_rng(3).dirichlet(np.full(11, 0.3), size=200)
    bound, sampled = (np.einsum("ki,ij,kj->k", points, one.outer, points) for one in (found, plain))
    e, g = ((terms + 8) * 2.0**-24 for terms in (4, 1024))
    # (b + e)^2 for the computed b = v.S_a, and g times the largest mean of (sum_i a_i |b_i|)^2.
    assert np.all(bound + points @ found.excess >= (np.sqrt(sampled) + e) ** 2 + g * points @ plain.outer.diagonal())
    assert not plain.excess.any()


def test_envelope_is_below_the_bound_it_minimises_and_close_to_its_least_value(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """L / costs at random points, with B the fixed point of B = mean of Y - sqrt(kappa (Q - B^2)) - t/(6N)."""
    U, y, _ = rows
    problem = margin_problem(U, y)
    H, costs, t = problem.H, 1 + np.arange(11) / 10, 5.0
    a = rkhs_margin(problem).q
    sample = fields.Draws(U, y, seed=1).moments(a, 0.01, 1 << 10)
    points = np.random.default_rng(4).dirichlet(np.full(11, 0.3), size=20_000)
    points = np.concatenate([points, 0.8 * a + 0.2 * points])
    Q, M = (np.einsum("ki,ij,kj->k", points, matrix, points) for matrix in (H, sample.outer))
    seen = points @ (sample.mean - sample.excess / 2) - M / 2 - t / (6 * sample.draws)
    B = seen
    for _ in range(100):
        B = (B + seen - np.sqrt(2 * t / sample.draws * np.maximum(Q - B**2, 0.0))) / 2
    least = float(((B + Q / 2) / (points @ costs)).min())
    found = envelope.lower_envelope(H, sample, t, costs, a, least)
    assert least * 0.97 < found <= least


def test_envelope_promises_nothing_of_few_draws(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    U, y, a = rows
    sample = fields.Draws(U, y, seed=1).moments(a, 0.01, 1024)
    few = fields.Moments(sample.mean, sample.outer, sample.excess, 10)
    H = limiting_kernel(U) * np.outer(y, y)
    assert envelope.lower_envelope(H, few, 5.0, np.ones(11), a, 0.1) == -np.inf


@pytest.mark.parametrize("most_sampled", [0, 3000])
def test_steps_with_either_metric_come_near_the_exact_minimum(
    most_sampled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "_MOST_SAMPLED", most_sampled)
    data = load_dataset("synthetic:pair:angle=60")
    X, y = data.X, data.y.astype(float)
    exact = planar_margin(X, y)
    steps = Descent(margin_problem(X, y), np.array([0.9, 0.1]), seed=0)
    for _ in range(4):
        steps.improve(1 << 14)
    assert np.abs(steps.q - exact.q).max() < 0.05


def test_steps_on_the_draws_of_a_round_go_on_until_the_gains_there_are_even() -> None:
    data = load_dataset("synthetic:sphere:n=60,d=4")
    X, y = data.X, data.y.astype(float)
    problem = margin_problem(X, y)
    certifier = Certifier(problem, draws=1 << 16, pairs=1 << 12, seed=0)
    steps = Descent(problem, rkhs_margin(problem).q, seed=0)

    def shortfall() -> float:
        g = certifier.glance(steps.q, np.arange(len(y)))
        return 1 - float(g.min() / (g @ steps.q))

    assert shortfall() > 0.1
    steps.refine(certifier.glance, 1, 1 << 13)
    after_one = shortfall()
    steps.refine(certifier.glance, 8, 1 << 13)
    assert shortfall() < 0.005 < after_one


def planned(budget: int | None, asked: list[float], rooms: list[float], last: int) -> tuple[list[Any], int]:
    """(draws, share of the risk) of all rounds and the budget that repeats them; the tolerance ends round `last`."""
    plan, found = supnorm._Plan.first(100, 3, budget), []
    for turn, (enough, room) in enumerate(zip(asked, rooms, strict=True)):
        found.append((plan.draws, plan.risk))
        plan.end(turn == last)
        if plan.last or turn == last:
            return found, plan.repeat
        if not plan.extend(enough, room):
            found[-1] = (plan.draws, 1 - supnorm._EARLY_RISK)
            return found, plan.spent
    raise AssertionError("more rounds than asked for")


@settings(max_examples=300, deadline=None)
@given(
    st.none() | st.integers(1, 10**9),
    st.lists(st.floats(1, 1e4), min_size=40, max_size=40),
    st.lists(st.floats(0.1, 1e4) | st.just(float("inf")), min_size=40, max_size=40),
    st.integers(0, 5),
)
def test_the_budget_that_is_named_plans_the_same_rounds_without_a_clock(
    budget: int | None, asked: list[float], rooms: list[float], last: int
) -> None:
    first, repeat = planned(budget, asked, rooms, last)
    again, once_more = planned(repeat, asked, [float("inf")] * 40, last)
    assert again == first
    assert once_more == repeat
    assert sum(draws for draws, _ in first) <= repeat
    assert budget is None or sum(draws for draws, _ in first) <= budget
    assert sum(risk for _, risk in first) <= 1 + 1e-12
    assert all(later[0] >= supnorm._LAST * earlier[0] for earlier, later in pairwise(first))


def test_a_clock_without_room_ends_the_rounds() -> None:
    plan = supnorm._Plan.first(100, 3, None)
    plan.end(False)
    assert not plan.extend(enough=np.inf, room=1.9)
    assert plan.extend(enough=np.inf, room=30.0)
    assert plan.last
    assert 0.9 * 30 * (1 << 16) < plan.draws <= 30 * (1 << 16)


def sphere(**options: Any) -> supnorm.SupMargin:
    data = load_dataset("synthetic:sphere:n=40,d=5")
    problem = margin_problem(data.X, data.y.astype(float))
    q = np.full(problem.n, 1 / problem.n)
    return supnorm.sup_margin(problem, q, Interval(0.0, 0.5), confidence=0.99, seed=0, **options)


def test_same_draws_same_numbers_whatever_ended_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended by the tolerance, by the draws, by a clock without room after one round or in the second."""
    monkeypatch.setattr(supnorm, "_MOST", 1 << 13)
    extend = supnorm._Plan.extend
    ends = [
        sphere(tolerance=0.2),
        sphere(tolerance=0.0, draws=50_000),
        sphere(tolerance=0.0, draws=5000),
    ]
    # Stored numbers: what is drawn for --draws must not change in silence (NUMERICS).
    assert ends[1].margin.lower == pytest.approx(0.0394320192852, rel=1e-6)
    assert ends[1].margin.upper == pytest.approx(0.0403510091581, rel=1e-6)
    for rooms in ([1.0], [5.0, 1.0]):
        left = iter(rooms)
        monkeypatch.setattr(
            supnorm._Plan, "extend", lambda self, enough, room, left=left: extend(self, enough, next(left))
        )
        ends.append(sphere(tolerance=0.0, draws=10**9))
        monkeypatch.setattr(supnorm._Plan, "extend", extend)
    for found, tolerance in zip(ends, (0.2, 0.0, 0.0, 0.0, 0.0), strict=True):
        again = sphere(tolerance=tolerance, draws=found.draws)
        assert again.margin == found.margin
        assert np.array_equal(again.z, found.z)
        assert (again.draws, again.samples) == (found.draws, found.samples)
    assert len({found.margin.upper for found in ends}) == len(ends)


def test_no_round_is_begun_that_the_clock_forbids() -> None:
    found = sphere(tolerance=0.0, deadline=0.0)
    assert (found.samples, found.draws, found.history) == (0, 0, ())
    assert found.margin == Interval(0.0, 0.5)


def test_tolerance_ends_the_rounds_before_the_draws_are_spent() -> None:
    found = sphere(tolerance=0.2)
    assert found.margin.relative_width <= 0.2
    assert not found.interrupted
    assert found.draws < supnorm._Plan.first(40, 5, None).budget


def certificate_of(lower: float, upper: float) -> CertifiedMargin:
    zeros = np.zeros(2)
    return CertifiedMargin(Interval(lower, upper, 0.9, exact=False), zeros, zeros, 10)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(0.10, 0.13), (0.12, 0.14)], (0.12, 0.13)),
        ([(0.10, 0.12), (0.13, 0.14)], (0.10, 0.14)),  # disjoint: one of them failed, so both are covered
        ([(0.10, 0.12), (0.13, 0.14), (0.125, 0.126)], (0.10, 0.14)),
        ([(0.02, 0.12), (0.13, 0.9)], (0.05, 0.5)),  # never beyond what is proved
        ([(0.6, 0.9)], (0.05, 0.5)),  # disjoint from what is proved
    ],
)
def test_disjoint_rounds_are_both_covered(found: list[tuple[float, float]], expected: tuple[float, float]) -> None:
    rounds = supnorm._Rounds(Interval(0.05, 0.5), 0.9, 0.0, SILENT)
    for ends in found:
        rounds.add(np.full(2, 0.5), certificate_of(*ends))
    assert (rounds.interval.lower, rounds.interval.upper) == expected
    assert rounds.disagree == (max(low for low, _ in found) > min(0.5, *(high for _, high in found)))


def test_rounds_that_disagree_end_with_a_warning_and_not_as_if_the_tolerance_were_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([certificate_of(0.10, 0.12), certificate_of(0.13, 0.14)])
    monkeypatch.setattr(Drawn, "certificate", lambda self, confidence: next(answers))
    data = load_dataset("synthetic:sphere:n=10,d=3")
    problem = margin_problem(data.X, data.y.astype(float))
    with pytest.warns(BoundcheckWarning, match="disjoint"):
        found = supnorm.sup_margin(
            problem, np.full(10, 0.1), Interval(0.0, 0.5),
            confidence=0.9, tolerance=0.01, seed=0,
        )  # fmt: skip
    assert (found.margin.lower, found.margin.upper) == (0.10, 0.14)


@pytest.mark.parametrize("ends", [(0.13, 0.12), (float("nan"), 1.0), (0.0, float("nan"))])
def test_no_interval_is_inverted(ends: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="no interval"):
        Interval(*ends)
