"""What holds for every bound alike."""

from collections.abc import Sequence

import pytest
import sympy as sp

from boundcheck import bounds
from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, point
from boundcheck.bounds.exact import to_float
from boundcheck.errors import InputError

IDS = (
    "soft-published", "soft-kl-published", "hard-published", "hard-gd-published", "soft-sharp", "soft-sharp-nfree",
    "soft-agnostic", "hard-sharp", "hard-tempered", "hard-perceptron",
    "hard-perceptron-nfree", "circle-lower",
)  # fmt: skip
FLAT = {("hard-perceptron", "eps"), ("circle-lower", "delta")}
AT = {"gamma": "0.1", "eps": "0.02", "n": 500, "delta": "0.05"}
every_bound = pytest.mark.parametrize("bound", bounds.registry.values(), ids=lambda bound: bound.id)


def test_the_ids_are_those_of_theory() -> None:
    assert bounds.ids() == IDS
    assert all(name in bounds.registry and bounds.registry[name].id == name for name in IDS)
    assert "soft" not in bounds.registry


@every_bound
def test_every_record_names_source_direction_quantifiers_and_hypotheses(bound: Bound) -> None:
    lower = bound.family == "lower"
    assert lower or any(char.isdigit() for char in bound.source)
    assert bound.direction.startswith("lower bound" if lower else "upper bound")
    assert ("every W" if lower else "probability") in bound.quantifiers
    assert len(bound.hypotheses) >= 2 + (not lower)
    assert bound.statement.endswith(".")


def test_facts_about_the_bounds() -> None:
    theorems = bounds.registry.values()
    assert {b.id for b in theorems if b.family == "published"} == set(IDS[:4])
    assert [b.id for b in theorems if b.criterion == "risk"] == ["soft-kl-published", "soft-agnostic"]
    assert [b.id for b in theorems if not b.fixed_scale] == [
        *("hard-tempered", "hard-perceptron", "hard-perceptron-nfree")
    ]
    assert [b.id for b in theorems if b.family == "lower"] == [b.id for b in theorems if b.labels == "any"] == [IDS[-1]]
    assert {b.id: b.temperature for b in theorems if b.temperature != 1} == {"hard-tempered": s.tau}


def test_a_row_says_what_is_promised_and_at_which_temperature() -> None:
    tempered = bounds.evaluate("hard-tempered", **AT, temperature="0.3")
    assert (tempered.temperature, tempered.criterion, tempered.target) == (0.3, "error", 0.02)
    assert bounds.evaluate("hard-tempered", **AT).temperature == 0.1
    risk = bounds.evaluate("soft-kl-published", **AT)
    assert (risk.temperature, risk.criterion) == (1.0, "risk")
    assert risk.target == pytest.approx(0.1**2 * 0.02 / 32, rel=1e-15)
    assert bounds.evaluate("soft-kl-published", **AT, beta="1e-4").target == 1e-4


@every_bound
def test_the_product_of_the_factors_is_the_width(bound: Bound) -> None:
    values = point(**AT, c="0.7", logit_scale="0.9").values
    product = sp.Mul(*(factor.value for factor in bound.factors))
    assert to_float(product / bound.width, values) == pytest.approx(1, rel=1e-14)


def widths(bound: Bound, name: str, values: Sequence[object]) -> list[int]:
    return [bound.row(point(**(AT | {name: value}))).width for value in values]  # type: ignore[arg-type]


@every_bound
def test_widths_fall_as_margin_or_target_or_allowed_failure_grows(bound: Bound) -> None:
    for name, values in (
        ("gamma", ["0.001", "0.03", "0.2", "0.5"]),
        ("eps", ["0.0001", "0.01", "0.1", "0.7"]),
        ("delta", ["0.0001", "0.01", "0.1", "0.3"]),
    ):
        found = widths(bound, name, values)
        assert found == sorted(found, reverse=True)
        assert found[0] > found[-1] or (bound.id, name) in FLAT


@every_bound
def test_widths_grow_with_the_samples_unless_the_bound_says_otherwise(bound: Bound) -> None:
    found = widths(bound, "n", [2, 1000, 10**9])
    assert found == sorted(found)
    assert (found[0] == found[-1]) == (bound.id.endswith("-nfree") or bound.id == "soft-agnostic")


@every_bound
def test_all_rows_fail_with_the_same_probability(bound: Bound) -> None:
    assert bound.row(point(**AT)).failure_probability == (0 if bound.family == "lower" else 0.15)


@every_bound
def test_a_margin_above_one_half_is_refused(bound: Bound) -> None:
    with pytest.raises(InputError, match="gamma"):
        bound.row(point(**(AT | {"gamma": "0.6"})))


@every_bound
def test_real_width_and_integer_agree(bound: Bound) -> None:
    at = point(**AT)
    assert 0 <= bound.row(at).width - bound.real_width(at) <= 2 + 1e-6 * bound.real_width(at)


def test_hypotheses_with_a_condition_can_fail() -> None:
    """A condition that every point satisfies would be no check."""
    conditions = {h.condition for b in bounds.registry.values() for h in b.hypotheses if h.condition is not None}
    assert conditions == {
        sp.Le(s.gamma, sp.Rational(1, 2)),
        sp.Le(s.c, 1),
        sp.Le(s.kappa, 1),
        sp.Lt(s.field_risk, s.beta),
    }
    bad = {
        s.field_risk: sp.Integer(2),
        s.beta: sp.Integer(1),
        s.gamma: sp.Rational(51, 100),
        s.c: sp.Integer(2),
        s.kappa: sp.Integer(2),
    }
    assert not any(bool(condition.xreplace(bad)) for condition in conditions)


@pytest.mark.parametrize("name", ["soft-sharp", "soft-sharp-nfree"])
def test_softer_labels_need_fewer_neurons(name: str) -> None:
    """theory: Logit scale: everything but the flips is free of the scale."""
    found = widths(bounds.registry[name], "logit_scale", ["0.01", "0.3", "1", "3"])
    assert found == sorted(found)


@pytest.mark.parametrize("name", ["hard-sharp", "hard-tempered", "hard-perceptron"])
def test_hard_labels_do_not_know_the_scale_of_soft_ones(name: str) -> None:
    found = widths(bounds.registry[name], "logit_scale", ["0.01", "3"])
    assert found[0] == found[1]
