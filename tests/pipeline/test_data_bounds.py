"""The data bounds and the eps-margin in `compare`, `verify` and `explain`: the rows, and what they rest on."""

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import boundcheck as bc
from boundcheck import bounds
from boundcheck.bounds import soft_sharp, symbols
from boundcheck.bounds.data_dependent import DATA_BOUNDS, SLOPE, deviation, worst_deviation
from boundcheck.datasets import Dataset, from_arrays, load_dataset
from boundcheck.errors import InputError
from boundcheck.margins.planar import planar_margin
from boundcheck.pipeline.data_bounds import RADII, data_width, eps_field
from boundcheck.pipeline.teacher import find_eps_margin, find_teacher
from boundcheck.proofs.checks import Positive
from boundcheck.proofs.explanation import DERIVATIONS
from boundcheck.records import BoundRow
from boundcheck.records.moments import FieldMoments
from boundcheck.search import Context, Store

DRAWS = 1 << 15


@pytest.fixture(scope="module")
def octagon() -> Dataset:
    return load_dataset("synthetic:circle:points=8")


@pytest.fixture(scope="module")
def doubted() -> Dataset:
    """The octagon and a row beside its first one with the other label: a small margin, a larger one for 9 rows / 5."""
    data = load_dataset("synthetic:circle:points=8")
    near = data.X[0] @ np.array([[np.cos(0.02), np.sin(0.02)], [-np.sin(0.02), np.cos(0.02)]])
    return from_arrays(np.vstack([data.X, near]), np.append(data.y, -data.y[0]), normalize="none")


def test_data_bounds_are_rows_of_compare_with_what_they_rest_on(octagon: Dataset) -> None:
    found = bc.compare(eps=0.05, data=octagon, moment_draws=DRAWS)
    rows = {row.bound: row for row in found.rows}
    for name, theorem in DATA_BOUNDS.items():
        row = rows[name]
        assert (row.family, row.margin, row.confidence, row.radius) == ("data", "eps", 0.99, 1.0)
        assert (row.labels, row.loss, row.failure_probability) == (theorem.labels, theorem.loss, 0.15)
        assert row.at_floor
        others = [r.width for r in found.rows if r.labels == row.labels and r.family != "data"]
        assert row.width < min(others)
        assert name in found.leading
    assert found.leading[:2] == ("soft-published", "hard-published")
    assert any(r.soft == "soft-data" and r.hard == "hard-data" for r in found.ratios)
    assert BoundRow.from_json(rows["soft-data"].to_json()) == rows["soft-data"]


def test_a_data_bound_needs_data() -> None:
    with pytest.raises(InputError, match="give data"):
        bc.compare(eps=0.05, bound=["soft-data"])


def test_sharp_bounds_are_evaluated_at_the_eps_margin_and_published_ones_at_the_margin(doubted: Dataset) -> None:
    eps, cap, y = 0.4, 1 / (0.4 * 9), doubted.y.astype(float)
    gamma, larger = planar_margin(doubted.X, y).margin.lower, planar_margin(doubted.X, y, cap).margin.lower
    assert larger > 3 * gamma
    rows = {row.bound: row for row in bc.compare(eps=eps, data=doubted, moment_draws=DRAWS).rows}
    assert {name for name, row in rows.items() if row.margin == "min"} == {
        *("soft-published", "soft-kl-published", "hard-published", "hard-gd-published"),
        *("soft-agnostic", "hard-sharp", "hard-tempered", "circle-lower"),
    }
    for name in ("hard-perceptron", "hard-perceptron-nfree"):
        assert (rows[name].margin_value, rows[name].gamma) == pytest.approx((larger, gamma))
        assert rows[name].width == bounds.evaluate(name, gamma=Fraction(rows[name].margin_value), eps="0.4", n=9).width
    soft = bounds.evaluate("soft-sharp-nfree", gamma=Fraction(larger), eps="0.4", n=9).width
    assert soft < rows["soft-sharp-nfree"].width < 1.03 * soft, "the least slope costs up to 2 %"


def test_above_the_plane_the_eps_margin_of_the_ladder_is_sampled_and_kept(doubted: Dataset, tmp_path: Path) -> None:
    """Between the margin and the eps-margin in the RKHS norm; found again without sampling."""
    data = from_arrays(np.column_stack([doubted.X, np.full(9, 0.3)]), doubted.y)
    with Store(tmp_path / "runs.sqlite") as store:
        teacher = find_teacher(data, DRAWS, Context(store=store))
        assert teacher is not None
        found = find_eps_margin(teacher, data, 0.4, DRAWS, Context(store=store))
        again = find_eps_margin(teacher, data, 0.4, DRAWS, Context(store=store, progress=None))  # type: ignore[arg-type]
    above = bc.margin(data, norm="rkhs", nu=[0.4]).profile[0].gamma_rkhs.upper
    assert teacher.margin.upper < found < above
    assert again == found


def test_the_slope_at_the_eps_margin_is_the_least_of_all_logits() -> None:
    assert float(soft_sharp.LEAST_SLOPE.subs(symbols.kappa, 1)) == pytest.approx(np.tanh(0.25), rel=1e-12)
    assert SLOPE <= np.tanh(0.25) < SLOPE + 1e-4


@pytest.mark.parametrize("bound", DATA_BOUNDS)
def test_radius_and_steps(bound: str, octagon: Dataset) -> None:
    field = eps_field(octagon, 0.05)

    def width(**more: object) -> BoundRow:
        return data_width(octagon, bound, eps=0.05, field=field, draws=DRAWS, **more)  # type: ignore[arg-type]

    floor, best, finite = width(), width(radius="best"), width(steps=10**6)
    assert best.width < floor.width
    assert best.radius in RADII[1:]
    assert floor.width < finite.width < 2 * floor.width
    assert (finite.steps, floor.steps, floor.step_size) == (10**6, None, None)
    assert finite.step_size
    again = width(steps=10**6, step_size=finite.step_size)
    assert again.width == finite.width, "the step size that is found can be typed again"
    with pytest.raises(InputError, match="too few"):
        width(steps=3)
    with pytest.raises(InputError, match="radius"):
        width(radius=-1.0)


def test_the_signed_inequality_per_sample_on_random_points() -> None:
    """Wrong samples, the teacher right or wrong, undershoot of either sign; and it fails with a larger slope."""
    rng = np.random.default_rng(0)
    size = 200_000
    u, r, eta = rng.uniform(-0.5, 0.5, size), rng.exponential(0.4, size), rng.uniform(0, 8, size)
    U = rng.normal(0, 1, size) * rng.choice([0.05, 0.5, 2], size)
    rho = 1 - eta / 8
    D = (1 / (1 + np.exp(r)) - 1 / (1 + np.exp(-u))) * -1
    bracket = D * (u + r - U) - eta / 2 * D**2

    def slack(slope: float) -> float:
        gain = slope * rho * np.maximum(u - U / (2 * rho), 0) ** 2
        return float((bracket + U**2 / (16 * rho) - gain).min())

    assert slack(SLOPE) > -1e-12
    assert slack(0.3) < -1e-4


def test_deviations_fall_with_the_width_by_interval_arithmetic() -> None:
    """D, and C at every fixed lambda, so that its least value does too."""
    x, N, mean, weak, reach, t, lam, var = sp.symbols("x N mean weak reach t lambda var", positive=True)
    D = mean * x + x * sp.sqrt(2 * t * (weak + 2 * reach * mean * x)) + reach * t * x**2 / 3  # x = 1/sqrt(N)
    tiny = sp.Rational(1, 10)
    box = {x: (tiny, 2 * tiny), mean: (tiny, 1), weak: (tiny, 1), reach: (1, 2), t: (2, 4)}
    assert Positive("D grows with x", sp.factor(sp.diff(D, x)), box).check().holds
    exponent = lam**2 / N * var / (2 * (1 - lam * reach / (3 * N)))
    inside = {N: (100, 200), lam: (tiny, 1), var: (tiny, 1), reach: (tiny, 2)}
    assert Positive("C falls", sp.factor(-sp.diff(exponent, N)), inside).check().holds
    at = FieldMoments(100, 1.0, 0.1, 5, 1, 0.99, 0.2, 0.1, 0.1, 0.05, 1.0, 0.0, 0.0, 0.0, np.full(5, 0.2), 1.0)
    for f in (deviation, worst_deviation):
        values = [f(dataclasses.replace(at, width=width), 0.1) for width in (100, 200, 1000, 10_000)]
        assert values == sorted(values, reverse=True)


def test_a_data_bound_is_explained_without_numbers() -> None:
    told = bc.explain("soft-data")
    assert told.row is None
    assert all(step.holds is not False for step in told.steps)
    assert len(told.steps) == len(DERIVATIONS["soft-data"])
    assert {"soft-data", "hard-data"} <= set(bc.explain().bounds)
