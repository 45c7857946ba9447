"""Exponents of the smallest width: recovered from simulated searches whose power is known, with their coverage."""

import json
import math
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from boundcheck import bounds
from boundcheck.cli import app
from boundcheck.errors import InputError
from boundcheck.experiments import exponents
from boundcheck.experiments.exponents import crossing, exponent, monotone
from boundcheck.experiments.scaling import enough_steps, family
from boundcheck.records import Place, Trial

X = np.array([0.4, 0.2, 0.1, 0.05])


def trial(width: int, seeds: int, successes: int) -> Trial:
    return Trial(width, seeds, successes, (0, 1), "undecided", (0, 1), 0.0, (0.0, 0.0), 0.0, 0.0, 0.0)


def simulate(middle: float, rng: np.random.Generator, *, widest: int = 10**6, seeds: int = 40) -> Any:
    """A search whose runs succeed with probability 1/2 at `middle`, rising over a factor of about four."""
    widths = [w for w in (2 * round(middle * 2.0**k / 2) for k in range(-3, 4)) if w <= widest]
    rates = [1 / (1 + (w / middle) ** -3) for w in widths]
    return SimpleNamespace(
        trials=[trial(w, seeds, int(rng.binomial(seeds, r))) for w, r in zip(widths, rates, strict=True)],
        success_target=0.5,
    )


def oracle_monotone(values: np.ndarray, weights: np.ndarray) -> list[float]:
    """The max-min formula of isotonic regression."""
    k = len(values)

    def mean(a: int, b: int) -> float:
        return float(np.average(values[a : b + 1], weights=weights[a : b + 1]))

    return [max(min(mean(a, b) for b in range(i, k)) for a in range(i + 1)) for i in range(k)]


def test_crossing_is_read_off_the_monotone_rate() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        seeds = rng.integers(1, 30, 6)
        trials = [trial(2 ** (k + 1), int(n), int(rng.integers(0, n + 1))) for k, n in enumerate(seeds)]
        rate = oracle_monotone(np.array([t.successes / t.seeds for t in trials]), seeds.astype(float))
        assert monotone(np.array([t.successes / t.seeds for t in trials]), seeds.astype(float)) == pytest.approx(rate)
        found = crossing(list(reversed(trials)), 0.5)
        if rate[-1] < 0.5:
            assert found is None
        elif rate[0] >= 0.5:
            assert found == 2
        else:
            assert found is not None
            assert np.interp(math.log2(found), range(1, 7), rate) == pytest.approx(0.5)


@pytest.mark.parametrize("power", [-2.0, -0.5])
def test_a_known_power_lies_in_the_interval_as_often_as_promised(power: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exponents, "RESAMPLES", 199)
    rng = np.random.default_rng(2)
    found = [exponent(X, [simulate(40 * (x / 0.4) ** power, rng) for x in X], rng) for _ in range(80)]
    ends = np.array([(one.lower, one.value, one.upper) for one in found if one is not None])
    assert len(ends) == 80
    covered = np.mean((ends[:, 0] <= power) & (power <= ends[:, 2]))
    assert covered >= 0.9, "95 % promised; 80 draws of 95 % lie below 90 % once in thirty"
    assert np.mean(ends[:, 1]) == pytest.approx(power, abs=0.03)
    assert np.mean(ends[:, 2] - ends[:, 0]) < 6 * np.std(ends[:, 1]), "no wider than its scatter asks for"


def test_places_beyond_the_widest_network_leave_the_interval_open() -> None:
    rng = np.random.default_rng(3)
    hard = [simulate(40 * (x / 0.4) ** -2, rng, widest=600) for x in X]  # 40, 160, 640, 2560
    assert [crossing(s.trials, 0.5) is None for s in hard] == [False, False, True, True]
    assert exponent(X, hard, rng) is None, "two places are no line"

    hard = [simulate(40 * (x / 0.4) ** -2, rng, widest=1300) for x in X]
    found = exponent(X, hard, rng)
    assert found is not None
    assert found.lower is None
    assert found.upper is not None
    assert -2 < found.value <= found.upper, "the slope is flatter than the truth, and said to be a bound"

    cut = exponent(X, [*hard[:3], SimpleNamespace(trials=(), success_target=0.5)], rng)
    assert cut is not None
    assert cut.lower is None, "a search cut short before its first run says nothing"

    rising = exponent(1 / X, hard, rng)
    assert rising is not None
    assert rising.upper is None
    assert rising.lower is not None
    both = exponent(np.array([0.05, 0.4, 0.2, 0.1, 0.4]), [hard[3], *hard[:3], hard[3]], rng)
    assert both is not None
    assert both.lower is both.upper is None, "pulled both ways, nothing is known"


def test_places_whose_narrowest_network_succeeds_leave_the_interval_open() -> None:
    """Slope 1, and no network below width 40 is tried: the two narrowest places look flat, and are said to be."""
    x = np.array([0.025, 0.05, 0.1, 0.2, 0.4])
    rng = np.random.default_rng(4)
    for _ in range(30):
        searches = [simulate(10 * value / 0.025, rng) for value in x]  # 10, 20, 40, 80, 160
        for search in searches:
            search.trials = [one for one in search.trials if one.width >= 40] or [trial(40, 40, 40)]
        found = exponent(x, searches, rng)
        if found is None:
            continue
        assert found.upper is None, "the narrow places lie at or below 40: the true slope may be larger"
        assert found.lower is None or found.lower <= 1
        mirrored = exponent(1 / x, searches, rng)
        assert mirrored is not None
        assert mirrored.lower is None
    assert exponent(x[:4], searches[:4], rng) is None, "two crossings are no line"


def test_families_vary_one_thing() -> None:
    circles = [member.place for member in family("gamma", 0.05)]
    assert circles[0].gamma == pytest.approx(0.1352990250, abs=1e-9)
    assert all(a.gamma > b.gamma for a, b in pairwise(circles))
    assert {place.eps for place in circles} == {0.05}
    targets = [member.place for member in family("eps", 0.05)]
    assert len({(place.gamma, place.n) for place in targets}) == 1
    assert all(place.n * place.eps > 5 for place in targets)
    samples = family("n", 0.05)
    assert np.ptp([member.place.gamma for member in samples]) < 1e-9
    assert [len(member.data.y) for member in samples] == [member.place.n for member in samples]
    for member in samples:
        assert min(member.gains) == pytest.approx(member.place.gamma)
    with pytest.raises(InputError, match="gamma, eps or n"):
        family("d", 0.05)  # type: ignore[arg-type]


def test_steps_keep_the_optimisation_error_the_same_share_of_eps() -> None:
    easy, hard = (Place("", gamma, eps, 8) for gamma, eps in ((0.1, 0.1), (0.05, 0.01)))
    assert enough_steps(easy, 2.0) == 2000
    assert enough_steps(hard, 2.0) == 40 * enough_steps(easy, 2.0)


@pytest.mark.slow
def test_the_command_prints_every_contender_beside_its_bound(tmp_path: Path) -> None:
    small = ["--steps", "300", "--max-seeds", "12", "--max-width", "64", "--time-limit", "inf", "--json"]
    store, figure = str(tmp_path / "runs.sqlite"), tmp_path / "figure.png"
    found = CliRunner().invoke(app, ["reproduce", "scaling", "eps", *small, "--store", store, "--plot", str(figure)])
    assert found.exit_code == 0, found.stderr
    body = json.loads(found.stdout)["result"]
    assert [row["place"]["eps"] for row in body["rows"]] == [0.2, 0.1, 0.05, 0.02]
    soft, hard, own, perceptron = body["fits"]
    assert hard["bound"] is None
    assert own["bound"] == "hard-sharp"
    assert perceptron["bound_exponent"] == pytest.approx(0, abs=1e-3)  # not 0: T is rounded up to an integer
    gamma, n, eps = body["rows"][0]["place"]["gamma"], body["rows"][0]["place"]["n"], [0.2, 0.1, 0.05, 0.02]
    widths = [bounds.evaluate("soft-sharp", gamma=gamma, eps=e, n=n, delta=0.05).width for e in eps]
    assert soft["bound_exponent"] == pytest.approx(np.polyfit(np.log(eps), np.log(widths), 1)[0], abs=1e-4)
    assert soft["places"] + soft["beyond"] == 4
    assert figure.stat().st_size > 5000
