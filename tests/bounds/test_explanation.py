"""Derivations re-checked: every step holds, and a step with a wrong constant is caught."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from boundcheck import bounds
from boundcheck.bounds import symbols as s
from boundcheck.bounds.data_dependent import DATA_BOUNDS
from boundcheck.numerics import LOGISTIC_SELF_BOUND
from boundcheck.pipeline.compare import compare
from boundcheck.pipeline.explain import explain_bound
from boundcheck.proofs import lemmas, soft
from boundcheck.proofs.checks import Argument, Identity, Positive
from boundcheck.proofs.explanation import DERIVATIONS

STEPS = list({id(step): step for steps in DERIVATIONS.values() for step in steps}.values())
IDENTITIES = [step for step in STEPS if isinstance(step, Identity)]
INEQUALITIES = [step for step in STEPS if isinstance(step, Positive)]
x = sp.Symbol("x", positive=True)


def name(step: Identity | Positive | Argument) -> str:
    return step.claim[:50]


def test_every_bound_has_a_derivation() -> None:
    assert DERIVATIONS.keys() == {*bounds.registry, *DATA_BOUNDS}
    assert all(len(steps) >= 4 for steps in DERIVATIONS.values())


@pytest.mark.parametrize("step", [*IDENTITIES, *INEQUALITIES], ids=name)
def test_every_step_that_can_be_checked_holds(step: Identity | Positive) -> None:
    result = step.check()
    assert result.holds is True
    assert result.residual is not None


@pytest.mark.parametrize("step", IDENTITIES, ids=name)
def test_an_identity_with_one_percent_added_fails(step: Identity) -> None:
    wrong = dataclasses.replace(step, left=step.left + sp.Rational(1, 100))
    assert wrong.check().holds is False


@pytest.mark.parametrize("step", INEQUALITIES, ids=name)
def test_an_inequality_reversed_fails(step: Positive) -> None:
    assert dataclasses.replace(step, expr=-step.expr).check().holds is False


def test_the_self_bounding_constant_is_the_largest_slope_to_seven_digits() -> None:
    """Against a fine grid of (1 - e^-l)^2/l, and refused when it is a ten-millionth smaller."""
    loss = np.linspace(0.01, 20, 200_001)
    largest = float(((1 - np.exp(-loss)) ** 2 / loss).max())
    assert 0 < LOGISTIC_SELF_BOUND - largest < 1e-7
    step = lemmas.SELF_BOUNDING[-1]
    assert isinstance(step, Positive)
    assert dataclasses.replace(step, expr=step.expr - sp.Rational(1, 10**7)).check().holds is False


def test_lemma_3_would_fail_with_half_its_constant() -> None:
    """tanh(1) >= 1/2 but not >= 0.77."""
    assert Positive("", sp.tanh(1) - sp.Rational(77, 100), {}).check().holds is False


@pytest.mark.parametrize(("c", "powers"), [(None, (4, 6, 2)), (0.1, (2, 4, 2))])
def test_growth_is_that_of_compare_whatever_c_is(c: float | None, powers: tuple[int, ...]) -> None:
    """(b/c)^2 in the published widths is 2 more powers of 1/gamma where c = 2 gamma; soft-sharp has no c."""
    names = ("soft-published", "hard-published", "soft-sharp")
    beside = {shape.bound: shape.growth for shape in compare(eps=0.01, gamma=[0.05], c=c).formulas}
    for name, power in zip(names, powers, strict=True):
        growth = explain_bound(name, gamma=0.05, eps=0.01, c=None if name == "soft-sharp" else c).growth
        assert growth == beside[name]
        assert growth[0].power == power


def test_quoted_steps_are_never_marked_as_checked() -> None:
    assert Argument("claim", "source").check().holds is None
    assert Argument("claim", "source").check().residual is None


def test_an_identity_of_undefined_numbers_is_not_accepted() -> None:
    """A ball that is not a number contains 0; it must not count as a check."""
    assert Identity("", 2 * sp.log(x - 7), sp.log((x - 7) ** 2)).check().holds is False


@pytest.mark.parametrize(
    ("expr", "low", "high", "holds"),
    [
        (x**2 - x + sp.Rational(1, 4) + sp.Rational(1, 10**5), 0, 1, True),
        (x**2 - x + sp.Rational(1, 4) - sp.Rational(1, 10**5), 0, 1, False),
        (sp.exp(x) - 1 - x, 0, 1, False),  # true, but touching 0 is not proved by subdivision
        (sp.exp(x) - 1 - x + sp.Rational(1, 10**3), 0, 1, True),
    ],
)
def test_subdivision_proves_what_has_slack_and_nothing_false(expr: sp.Expr, low: int, high: int, holds: bool) -> None:
    box = {x: (sp.Integer(low), sp.Integer(high))}
    assert Positive("", expr, box).check().holds is holds


@pytest.mark.parametrize("bound", bounds.ids())
def test_explanation_substitutes_the_numbers_of_the_row(bound: str) -> None:
    has_c = s.c in bounds.registry[bound].width.free_symbols
    norm = {"c": 0.8} if has_c else {}
    typed = {"c": "0.8"} if has_c else {}
    found = explain_bound(bound, gamma=0.1, eps=0.02, n=500, **norm)
    assert found.row == bounds.evaluate(bound, gamma="0.1", eps="0.02", n=500, delta="0.05", **typed)
    product = 1.0
    for factor in found.factors:
        product *= factor.value
    assert product == pytest.approx(found.width_in_closed_form, rel=1e-12)
    assert found.numbers.get("gamma", 0.1) == 0.1
    assert found.numbers.get("eps", 0.02) == 0.02
    assert len(found.costs) >= 2 or found.labels == "any"
    assert all(cost.saves > 1 for cost in found.costs)
    assert all(step.holds is not False for step in found.steps)
    assert found.steps
    assert sum(step.holds is True for step in found.steps) >= 3


def test_costs_of_the_flips_are_those_of_theory() -> None:
    """theory: Flips: 2.47e5 neurons without any flips, 8.53e5 with Hoeffding's."""
    found = explain_bound("soft-sharp", gamma=0.05, eps=0.01, n=1000)
    assert found.width_in_closed_form == pytest.approx(8.53e5, rel=5e-3)
    assert found.costs[0].width == pytest.approx(2.47e5, rel=5e-3)


def test_closed_form_substitution_is_symbolic() -> None:
    """The floor of Corollary 4# holds for any two errors, not only for the two versions."""
    step = soft.BUDGET[1]
    assert isinstance(step, Identity)
    assert {s.gamma, s.eps, s.kappa} <= step.left.free_symbols
