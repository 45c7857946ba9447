"""One bound taken apart: hypotheses checked, numbers substituted, factors and costs, derivation re-checked."""

from typing import Any

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, Point
from boundcheck.bounds.data_dependent import DataBound
from boundcheck.bounds.exact import to_float
from boundcheck.bounds.sharp import SharpBound
from boundcheck.bounds.side_by_side import formula
from boundcheck.proofs import data, hard, lower, soft
from boundcheck.proofs.checks import Step
from boundcheck.records.comparison import Cost, Explanation, FactorValue, HypothesisCheck

DERIVATIONS: dict[str, tuple[Step, ...]] = {
    "soft-published": soft.COROLLARY_4,
    "soft-kl-published": soft.THEOREM_2,
    "hard-published": hard.PROPOSITION_5,
    "hard-gd-published": hard.JI_TELGARSKY,
    "soft-sharp": soft.SHARP,
    "soft-sharp-nfree": soft.SHARP_NFREE,
    "soft-agnostic": soft.AGNOSTIC,
    "hard-sharp": hard.H2,
    "hard-tempered": hard.TEMPERED,
    "hard-perceptron": hard.PERCEPTRON,
    "circle-lower": lower.CIRCLE,
    "hard-perceptron-nfree": hard.PERCEPTRON_NFREE,
    "soft-data": data.SOFT_DATA,
    "hard-data": data.HARD_DATA,
}


def explain_data(bound: DataBound) -> Explanation:
    """Everything about a bound that reads its width off data; every step of its derivation is checked anew."""
    return Explanation(
        **_statement(bound),
        hypotheses=tuple(HypothesisCheck(h.sentence, "assumed") for h in bound.hypotheses),
        formula="",
        latex="",
        condition=bound.condition,
        condition_latex=bound.latex,
        width_in_closed_form=None,
        numbers={},
        row=None,
        factors=(),
        costs=(),
        growth=(),
    )


def _statement(bound: Bound | DataBound) -> dict[str, Any]:
    """What is said of a theorem whatever the numbers, and its derivation."""
    names = ("title", "labels", "loss", "statement", "direction", "quantifiers", "source")
    steps = tuple(step.check() for step in DERIVATIONS.get(bound.id, ()))  # a bound of --plugin has none
    return {"bound": bound.id, "steps": steps, **{name: getattr(bound, name) for name in names}}


def explain(bound: Bound, point: Point, *, fixed_c: bool) -> Explanation:
    """Everything about `bound` at `point`; every step of its derivation is checked anew.

    fixed_c: c was given, rather than 2 gamma by default; the growth in gamma depends on it.
    Raises InputError where the bound does not apply at `point`.
    """
    row = bound.row(point)
    values = point.values
    closed = to_float(bound.width, values)
    used = sorted(bound.width.free_symbols, key=str)
    condition = bound.slack if isinstance(bound, SharpBound) else None
    shape = formula(bound, fixed_c=fixed_c)
    return Explanation(
        **_statement(bound),
        hypotheses=tuple(HypothesisCheck(h.sentence, h.status(values)) for h in bound.hypotheses),
        formula=shape.formula,
        latex=shape.latex,
        condition=None if condition is None else f"{condition} >= 0",
        condition_latex=None if condition is None else rf"{sp.latex(condition)} \ge 0",
        width_in_closed_form=closed,
        numbers={_name(symbol): float(values[symbol]) for symbol in used},
        row=row,
        factors=tuple(FactorValue(f.name, sp.latex(f.value), to_float(f.value, values), f.why) for f in bound.factors),
        costs=tuple(
            Cost(what, less, closed / less) for what, expr in bound.without for less in (to_float(expr, values),)
        ),
        growth=shape.growth,
    )


def _name(symbol: sp.Symbol) -> str:
    return "eps" if symbol == s.eps else str(symbol)
