"""The published bounds against 50-digit arithmetic, worked numbers, and the theorems that imply them."""

from itertools import product

import mpmath as mp
import pytest
import sympy as sp
from bounds import reference

from boundcheck import bounds
from boundcheck.bounds import mandal2025
from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import point
from boundcheck.bounds.inversion import holds_at
from boundcheck.bounds.sharp import Schedule
from boundcheck.errors import InputError

AT = {"gamma": "0.05", "eps": "0.01", "n": 1000, "delta": "0.05", "c": 1}
CLOSED = {
    "soft-published": reference.soft_published,
    "hard-published": reference.hard_published,
    "hard-gd-published": reference.hard_gd,
}


def even_ceiling(value: mp.mpf) -> int:
    return 2 * int(mp.ceil(value / 2))


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("gamma", ["0.5", "0.1", "0.0123", "0.001"])
@pytest.mark.parametrize("eps", ["0.2", "0.01", "0.0003"])
def test_width_is_the_even_ceiling_of_a_50_digit_value(name: str, gamma: str, eps: str) -> None:
    n, delta, c = 12_345, "0.07", "0.9"
    row = bounds.evaluate(name, gamma=gamma, eps=eps, n=n, delta=delta, c=c)
    value = CLOSED[name](mp.mpf(gamma), mp.mpf(eps), n, mp.mpf(delta), mp.mpf(c))
    assert row.width == even_ceiling(value)
    assert isinstance(row.width, int)


def test_worked_example_of_theory() -> None:
    soft, hard, gd = (bounds.evaluate(name, **AT) for name in CLOSED)
    assert soft.width == 1_634_534_782
    assert hard.width == 962_525_612
    assert gd.width == pytest.approx(2.071e17, rel=1e-3)
    assert soft.steps == 14_745_600_000_000
    assert hard.steps == pytest.approx(2.4e7, rel=0.02)
    assert gd.steps == pytest.approx(2.3e8, rel=0.02)
    assert (soft.radius, gd.radius) == (1.0, None)
    assert hard.radius == pytest.approx(40 * float(mp.log(2 / (mp.log(2) ** 2 * mp.mpf("0.01")))))
    assert {row.failure_probability for row in (soft, hard, gd)} == {0.15}


def test_corollary_4_carries_the_missing_factors() -> None:
    """beta = gamma^2 eps/32 in Theorem 2 gives 32 and 1024 times the printed step size and steps."""
    beta = s.gamma**2 * s.eps / 32
    at_scale_one = {s.kappa: 1}
    assert sp.simplify(mandal2025.soft.steps.subs(at_scale_one) - mandal2025.soft_kl.steps.subs(s.beta, beta)) == 0
    assert sp.simplify(mandal2025.soft.steps.subs(at_scale_one) / (9 / (s.gamma**4 * s.eps**2))) == 1024
    assert sp.simplify((s.gamma**2 * s.eps / 3) / mandal2025.soft.step_size.subs(at_scale_one)) == 32


def test_theorem_2_at_the_beta_of_lemma_3_is_corollary_4() -> None:
    soft, kl = (bounds.evaluate(name, **AT) for name in ("soft-published", "soft-kl-published"))
    assert (soft.width, soft.steps, soft.step_size) == (kl.width, kl.steps, kl.step_size)


@pytest.mark.parametrize(("beta", "vacuous"), [("0.0302", False), ("0.0304", True)])
def test_theorem_2_is_vacuous_from_the_risk_of_the_untrained_network_on(beta: str, vacuous: bool) -> None:
    """KL(sigmoid(1/2) || 1/2) = 0.0303."""
    assert bounds.evaluate("soft-kl-published", **AT, beta=beta).vacuous is vacuous


@pytest.mark.parametrize(
    ("gamma", "eps", "n"), product(("0.5", "0.05", "0.004"), ("0.3", "0.01", "0.0001"), (2, 10**6))
)
def test_the_printed_widths_with_these_schedules_follow_from_the_sharp_theorems(gamma: str, eps: str, n: int) -> None:
    """So the published rows are proved for the steps and step sizes that they carry."""
    at = point(gamma=gamma, eps=eps, n=n, delta="0.05", c=1)
    for published, sharp in (("soft-published", "soft-sharp"), ("hard-published", "hard-sharp")):
        row = bounds.registry[published].row(at)
        radius = sp.Rational(row.radius) if row.labels == "hard" else None
        schedule = Schedule.of(sp.Rational(row.step_size), row.steps, radius)
        slack = bounds.registry[sharp].slack_function(at.values, schedule, "hoeffding")
        assert holds_at(slack, row.width)


def test_the_printed_schedule_of_corollary_4_is_not_implied_through_the_kl_risk() -> None:
    """(1/D)/(2 eta T) = 1.33 eps > eps at the printed eta and T (theory: Published soft bound)."""
    gamma, eps = mp.mpf("0.05"), mp.mpf("0.01")
    divergence = gamma / 2 * mp.tanh(gamma / 2) - mp.log(mp.cosh(gamma / 2))
    assert 1 / divergence / (2 * (gamma**2 * eps / 3) * 9 / (gamma**4 * eps**2)) > eps


def test_c_defaults_to_twice_the_margin_and_a_smaller_c_is_noted() -> None:
    options = {key: value for key, value in AT.items() if key != "c"}
    assert bounds.evaluate("soft-published", **options) == bounds.evaluate("soft-published", **options, c="0.1")
    assert "2 gamma" in bounds.evaluate("hard-published", **options, c="0.09").note
    assert "2 gamma" not in bounds.evaluate("hard-published", **options, c="0.1").note


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"gamma": "0.51"}, "gamma"),
        ({"gamma": 0}, "gamma"),
        ({"eps": 1}, "eps"),
        ({"eps": "0"}, "eps"),
        ({"delta": "1/3"}, "delta"),
        ({"n": 0}, "n"),
        ({"c": "1.01"}, "c"),
        ({"c": 0}, "c"),
        ({"beta": -1}, "beta"),
        ({"logit_scale": 0}, "logit scale"),
        ({"logit_scale": 2}, "kappa <= 1"),
        ({"steps": 0}, "steps"),
        ({"step_size": 0}, "step-size"),
        ({"flips": "none"}, "flips"),
    ],
)
def test_a_hypothesis_that_fails_is_named(change: dict[str, object], names: str) -> None:
    with pytest.raises(InputError, match=names):
        bounds.evaluate("soft-published", **(AT | change))  # type: ignore[arg-type]


def test_rounding_above_a_range_is_clipped_in_the_safe_direction() -> None:
    assert bounds.evaluate("soft-published", **(AT | {"c": 1 + 1e-12})) == bounds.evaluate("soft-published", **AT)


def test_a_teacher_scaled_down_is_covered_with_its_smaller_margin() -> None:
    scaled = bounds.evaluate("soft-published", **AT, logit_scale="0.5")
    assert scaled.width == bounds.evaluate("soft-published", **(AT | {"gamma": "0.025"})).width


def test_an_unknown_bound_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="soft-sharp-nfree"):
        bounds.evaluate("soft", **AT)
