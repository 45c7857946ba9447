"""The sharp bounds: each integer against the theorem's own condition at 50 digits, and worked numbers."""

from itertools import product
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from bounds import reference
from flint import arb
from scipy import optimize

from boundcheck import bounds
from boundcheck.bounds import hard_sharp
from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import point
from boundcheck.bounds.exact import precision
from boundcheck.bounds.sharp import Schedule
from boundcheck.errors import InputError

AT = {"gamma": "0.05", "eps": "0.01", "n": 1000, "delta": "0.05"}
TOTAL = mp.mpf(3) / 20
SOFT, HARD = ("soft-sharp", "soft-sharp-nfree"), ("hard-sharp", "hard-tempered")
PLACES = [("0.5", "0.3", 2), ("0.05", "0.01", 1000), ("0.013", "0.0007", 10**6)]


def hoeffding(m, radius, log_odds):
    return (reference.b * radius + mp.sqrt(log_odds)) / mp.sqrt(m)


def training(row, kappa=1):
    return {
        "eta": mp.mpf(row.step_size or 0),
        "work": mp.mpf(0) if row.steps is None else 1 / (2 * mp.mpf(row.step_size) * row.steps),
    }


@pytest.mark.parametrize("name", SOFT)
@pytest.mark.parametrize(("gamma", "eps", "n"), PLACES)
@pytest.mark.parametrize("options", [{}, {"logit_scale": 3}, {"step_size": "0.5", "steps": 10**12}, {"step_size": 1}])
def test_soft_width_is_the_first_even_one_at_which_corollary_4_sharp_holds(
    name: str, gamma: str, eps: str, n: int, options: dict
) -> None:
    row = bounds.evaluate(name, gamma=gamma, eps=eps, n=n, **options)

    def condition(m: int) -> mp.mpf:
        where = (mp.mpf(gamma), mp.mpf(eps), n, TOTAL, mp.mpf(m))
        kappa = options.get("logit_scale", 1)
        return reference.soft_condition(*where, sup=name == "soft-sharp", kappa=kappa, **training(row))

    assert row.width % 2 == 0
    assert condition(row.width) >= 0
    assert condition(row.width - 2) < 0
    assert all(condition(row.width + 2 * k) >= 0 for k in (1, 10, row.width // 2, 10 * row.width))


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize(("gamma", "eps", "n"), PLACES)
@pytest.mark.parametrize("flips", ["kl", "hoeffding"])
@pytest.mark.parametrize("steps", [None, 10**12])
def test_hard_width_brings_the_bound_H2_down_to_eps(
    name: str, gamma: str, eps: str, n: int, flips: str, steps: int | None
) -> None:
    row = bounds.evaluate(name, gamma=gamma, eps=eps, n=n, flips=flips, steps=steps)
    tau = mp.mpf(gamma) if name == "hard-tempered" else mp.mpf(1)

    def error(m: int) -> mp.mpf:
        in_units = training(row)
        return reference.hard_error_bound(
            mp.mpf(gamma), n, TOTAL, mp.mpf(m),
            radius=mp.mpf(row.radius) / tau, tau=tau, eta=in_units["eta"] / tau, work=in_units["work"] * tau,
            quantile=reference.flip_quantile if flips == "kl" else hoeffding,
        )  # fmt: skip

    assert error(row.width) <= mp.mpf(eps) * (1 + mp.mpf(10) ** -15)  # step_size and radius are floats
    assert error(row.width - 4) > mp.mpf(eps)
    assert error(2 * row.width) < mp.mpf(eps)


@pytest.mark.parametrize("steps", [None, 10**9])
def test_no_other_radius_or_step_size_asks_for_much_less(steps: int | None) -> None:
    """The bound of (H2) at one percent below the width, minimised over radius and step size, stays above eps."""
    row = bounds.evaluate("hard-sharp", **AT, flips="kl", steps=steps)
    m = 0.99 * row.width

    def error(at: np.ndarray) -> float:
        radius, eta = np.exp(at[0]), 0.0 if steps is None else min(np.exp(at[1]), 4.0)
        work = 0.0 if steps is None else 1 / (2 * eta * steps)
        found = reference.hard_error_bound(0.05, 1000, 0.15, m, radius=radius, eta=eta, work=work, quantile=fast)
        return float(found) if found > 0 else 1.0

    def fast(m: float, radius: float, log_odds: float) -> float:
        p = float(mp.erf(radius / mp.sqrt(2 * m)))
        return optimize.brentq(lambda q: m / 2 * float(reference.kl(q, p)) - float(log_odds), p * (1 + 1e-9), 0.999)

    start = np.log([row.radius, row.step_size or 1.0])
    best = optimize.minimize(error, start, method="Nelder-Mead", options={"maxiter": 60})
    assert best.fun > 0.01


@pytest.mark.parametrize("name", SOFT)
def test_the_chosen_step_size_is_close_to_the_best(name: str) -> None:
    chosen = bounds.evaluate(name, **AT, steps=10**7)
    others = [bounds.evaluate(name, **AT, steps=10**7, step_size=chosen.step_size * f).width for f in (0.8, 1.25)]
    assert chosen.width < min(others)
    assert chosen.width == bounds.evaluate(name, **AT, steps=10**7, step_size=str(chosen.step_size)).width


def test_perceptron_keeps_half_of_the_margin() -> None:
    row = bounds.evaluate("hard-perceptron", **AT)
    half = mp.mpf("0.025")
    assert reference.perceptron_margin(mp.mpf("0.05"), 1000, TOTAL, mp.mpf(row.width)) >= half
    assert reference.perceptron_margin(mp.mpf("0.05"), 1000, TOTAL, mp.mpf(row.width - 2)) < half
    assert (row.steps, row.step_size, row.radius) == (160_000, 0.025, 1.0)
    assert row.width == bounds.evaluate("hard-perceptron", **(AT | {"eps": "0.0001"})).width


def test_perceptron_with_more_steps_needs_less_down_to_twice_the_logarithm() -> None:
    """Without steps to pay for, the floor at B = 1 is where the margin left is positive."""
    widths = [bounds.evaluate("hard-perceptron", **AT, steps=T).width for T in (60_000, 160_000, 10**7, 10**13)]
    assert widths == sorted(widths, reverse=True)
    assert reference.perceptron_margin(mp.mpf("0.05"), 1000, TOTAL, mp.mpf(widths[-1])) == pytest.approx(0, abs=1e-3)


WORKED = [  # (bound, options, width), computed apart from the package; 1.5 % where it counts flips exactly
    ("soft-sharp", {}, 3.72e5, 0.005),
    ("soft-sharp-nfree", {}, 2.16e5, 0.005),
    ("hard-sharp", {}, 1.84e7, 0.005),
    ("hard-tempered", {}, 2.0e5, 0.005),
    ("hard-perceptron", {}, 4.9e4, 0.01),
    ("soft-sharp", {"flips": "hoeffding"}, 8.53e5, 0.005),
    ("hard-sharp", {"flips": "kl"}, 1.77e7, 0.005),
    ("hard-tempered", {"flips": "kl"}, 1.41e5, 0.02),
    ("soft-sharp", {"steps": 15_000_000, "step_size": "0.25"}, 4.01e5, 0.015),
    ("soft-sharp-nfree", {"steps": 15_000_000, "step_size": "0.25"}, 2.36e5, 0.015),
    ("soft-sharp", {"steps": 1_300_000, "step_size": 1}, 5.19e5, 0.015),
    ("soft-sharp-nfree", {"steps": 1_300_000, "step_size": 1}, 3.05e5, 0.015),
    ("hard-sharp", {"steps": 5_000_000, "step_size": 1, "flips": "kl"}, 2.16e7, 0.015),
    ("soft-sharp", {"logit_scale": 3}, 6.30e5, 0.015),
    ("soft-sharp-nfree", {"logit_scale": 3}, 4.21e5, 0.005),
    ("soft-sharp", {"logit_scale": "0.1"}, 2.64e5, 0.015),
    ("soft-sharp-nfree", {"logit_scale": "0.1"}, 1.40e5, 0.005),
    ("soft-sharp", {"logit_scale": "0.01"}, 2.51e5, 0.015),
    ("soft-sharp-nfree", {"logit_scale": "0.01"}, 1.31e5, 0.005),
    ("soft-sharp", {"n": 10**7}, 6.4e5, 0.02),
    ("soft-sharp-nfree", {"n": 10**7}, 2.16e5, 0.005),
    ("soft-sharp", {"delta": "1/60"}, 4.02e5, 0.015),
    ("soft-sharp-nfree", {"delta": "1/60"}, 2.55e5, 0.005),
]


@pytest.mark.parametrize(("name", "options", "width", "within"), WORKED)
def test_numbers_of_theory(name: str, options: dict, width: float, within: float) -> None:
    assert bounds.evaluate(name, **(AT | options)).width == pytest.approx(width, rel=within)


@pytest.mark.parametrize("name", [*SOFT, *HARD, "hard-perceptron"])
@pytest.mark.parametrize(("gamma", "eps", "n"), [*PLACES, ("0.2", "0.9", 50)])
def test_the_closed_form_is_the_root_of_the_slack_with_hoeffding_flips(name: str, gamma: str, eps: str, n: int) -> None:
    at = point(gamma=gamma, eps=eps, n=n, delta="0.05", flips="hoeffding")
    bound = bounds.registry[name]
    with precision(300):
        from boundcheck.bounds.exact import at_precision, enclose

        balls = at_precision(at.values)
        m = enclose(bound.width, balls)
        schedule = bound.schedule(at)
        slack = bound.slack_function(at.values, schedule, "hoeffding")
        if name in HARD:  # the optimal radius, in units of the temperature
            radius = enclose(bound.radius, balls | {s.m: m}) / enclose(bound.temperature, balls)
            exact_radius = sp.Rational(str(radius.mid().str(80, radius=False)))
            slack = bound.slack_function(at.values, Schedule.of(sp.Integer(0), None, exact_radius), "hoeffding")
        if name == "hard-perceptron":
            half = Schedule(at.values[s.gamma] / 2, at.values[s.gamma] * at.values[s.eps] / 4, None)
            slack = bound.slack_function(at.values, half, "hoeffding")
        assert abs(float(slack(m))) < 1e-60


def test_required_margin_solves_H2() -> None:
    """With M from REQUIRED and c = W0(exp(-(M+1-eta/4))), (H2) equals eps."""
    for eps, eta, cost in product((0.3, 0.01, 1e-5), (0.0, 0.7, 4.0), (0.0, 0.4)):
        B, work = mp.mpf(2), mp.mpf(cost * eps) / 8  # w = 2 u B^2/eps
        values = {s.eps: eps, s.eta: eta, s.inverse_time: work, s.B: B}
        k = (2 - mp.mpf(eps)) / eps
        margin = mp.mpf(eta) / 4 + cost + 2 * (1 - mp.mpf(eps)) / (2 - mp.mpf(eps)) * mp.lambertw(k * mp.exp(-1 - cost))
        c = mp.lambertw(mp.exp(-(margin.real + 1 - mp.mpf(eta) / 4))).real
        assert (B**2 * work + c) / (margin.real / 2 - mp.mpf(eta) / 8 + c) == pytest.approx(eps, rel=1e-12)
        assert float(hard_sharp.REQUIRED.subs(values)) == pytest.approx(float(margin.real), rel=1e-12)


@pytest.mark.parametrize("name", [*SOFT, *HARD, "hard-perceptron"])
def test_too_few_steps_are_refused_at_any_width(name: str) -> None:
    with pytest.raises(InputError, match=r"steps"):
        bounds.evaluate(name, **AT, steps=100)


@pytest.mark.parametrize(("name", "step_size"), [("soft-sharp", 8), ("hard-sharp", 5), ("hard-tempered", 1)])
def test_a_step_size_beyond_the_theorem_is_refused(name: str, step_size: float) -> None:
    with pytest.raises(InputError, match="step size"):
        bounds.evaluate(name, **AT, steps=10**9, step_size=step_size)


def test_per_sample_inequality_behind_corollary_4_sharp() -> None:
    """theory: Risk and error, for margins far above 1/2 too: the logit scale may be large."""
    rng = np.random.default_rng(0)
    z, f = rng.exponential(2.0, 10**6), rng.normal(0, 4, 10**6)
    g = z * rng.uniform(0, 1, z.size)
    e, eta = rng.exponential(1.0, z.size), rng.uniform(0, 8, z.size)
    F = z + e * rng.choice([-1, 1], z.size)
    difference = 1 / (1 + np.exp(-f)) - 1 / (1 + np.exp(-z))
    rho = 1 - eta / 8
    left = difference * (f - F) - eta / 2 * difference**2
    slope = np.tanh(g / 2) / (2 * g)
    right = -(e**2) / (16 * rho) + (f <= 0) * slope * rho * np.maximum(g - e / (2 * rho), 0) ** 2
    assert (left >= right - 1e-12).all()
    assert not (left >= right + (f <= 0) * 0.02 * slope * rho * g**2).all()  # two percent more would be false


def test_per_sample_inequality_behind_H2() -> None:
    rng = np.random.default_rng(1)
    m, M, eta = rng.normal(0, 4, 10**6), rng.uniform(0, 8, 10**6), rng.uniform(0, 4, 10**6)
    slope = 1 / (1 + np.exp(m))
    left = slope * (M - m) - eta / 2 * slope**2
    from scipy.special import lambertw

    c = lambertw(np.exp(-(M + 1 - eta / 4))).real
    assert (left >= np.where(m <= 0, M / 2 - eta / 8, -c) - 1e-12).all()
    assert (left < np.where(m <= 0, M / 2 - eta / 8, -c) + 0.01).any()


def test_widths_grow_without_flips_removed_by_pairs() -> None:
    """theory: Flips: no flips at all would need 2.47e5 (sup version)."""
    without = reference.soft_condition(
        mp.mpf("0.05"), mp.mpf("0.01"), 1000, TOTAL, mp.mpf(2.5e5), sup=True, quantile=lambda *_: mp.mpf(0)
    )
    assert (
        without
        > 0
        > reference.soft_condition(
            mp.mpf("0.05"), mp.mpf("0.01"), 1000, TOTAL, mp.mpf(2.45e5), sup=True, quantile=lambda *_: mp.mpf(0)
        )
    )


def test_slack_is_evaluated_as_a_ball() -> None:
    at = point(gamma="0.05", eps="0.01", n=1000, delta="0.05")
    bound = bounds.registry["soft-sharp"]
    with precision(128):
        assert isinstance(bound.slack_function(at.values, bound.schedule(at), "kl")(arb(10**6)), arb)


@pytest.mark.parametrize(
    ("at", "width"),
    [
        ({"gamma": ".0002", "eps": ".01", "n": 1000, "delta": ".05"}, 62_434_002_144_620_046),
        ({"gamma": ".000291033", "eps": "3.44846e-5", "n": 40311, "delta": "3.80132e-6"}, 88_660_692_319_477_612),
    ],
)
def test_cancellation_in_the_binomial_kl_costs_no_width(at: dict[str, Any], width: int) -> None:
    """kl(s || p) is 1e-16 of its terms here: 64 bits had no width for the first, four times too many for the second."""
    row = bounds.evaluate("hard-sharp", **at, c=1, flips="kl")
    assert row.width == width
    gamma, eps, total = mp.mpf(at["gamma"]), mp.mpf(at["eps"]), 3 * mp.mpf(at["delta"])
    errors = [
        reference.hard_error_bound(gamma, at["n"], total, mp.mpf(m), radius=mp.mpf(row.radius))
        for m in (width - 2, width)
    ]
    assert errors[0] > eps >= errors[1]


@pytest.mark.parametrize("seed", range(8))
def test_chernoffs_flips_never_ask_for_more_than_hoeffdings(seed: int) -> None:
    """At extreme numbers; 1,000 such points were tried for every bound."""
    rng = np.random.default_rng(seed)
    at: dict[str, Any] = {
        "gamma": f"{10 ** rng.uniform(-6, -0.31):.6g}",
        "eps": f"{10 ** rng.uniform(-12, -0.4):.6g}",
        "n": int(10 ** rng.uniform(0, 9)),
        "delta": f"{10 ** rng.uniform(-15, -0.6):.6g}",
    }
    for name in ("hard-sharp", "hard-tempered", "hard-perceptron", "soft-sharp", "soft-sharp-nfree"):
        chernoff, hoeffding = (bounds.evaluate(name, **at, flips=flips).width for flips in ("kl", "hoeffding"))
        assert chernoff <= hoeffding, (name, at)
