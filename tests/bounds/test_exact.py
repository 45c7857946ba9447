"""Exact numbers in, proved integers out."""

from fractions import Fraction

import pytest
import sympy as sp

from boundcheck.bounds.exact import as_typed, at_precision, ceiling, enclose, exact, precision, to_float
from boundcheck.errors import InputError

x = sp.Symbol("x", positive=True)


def test_a_string_is_the_decimal_it_spells_and_a_float_its_binary_value() -> None:
    assert exact("0.1") == sp.Rational(1, 10)
    assert exact(0.1) == sp.Rational(Fraction(0.1)) != sp.Rational(1, 10)
    assert exact(as_typed(0.1)) == sp.Rational(1, 10)
    assert as_typed(Fraction(0.1)) == Fraction(0.1)


@pytest.mark.parametrize("bad", ["", "one", float("nan"), float("inf"), "1/0", None])
def test_what_is_no_finite_number_is_refused(bad: object) -> None:
    with pytest.raises(InputError, match="eps"):
        exact(bad, "eps")  # type: ignore[arg-type]


def test_ceiling_of_an_integer_is_that_integer() -> None:
    assert ceiling(9216 / x**4, {x: sp.Rational(1, 10)}) == 92_160_000
    assert ceiling(sp.sqrt(x) * sp.sqrt(x), {x: sp.Integer(7)}) == 7


def test_ceiling_is_right_where_a_float_is_off_by_more_than_one() -> None:
    """10^17 pi = 314159265358979323.8..., and the floats there are 64 apart."""
    assert ceiling(10**17 * sp.pi, {}) == 314_159_265_358_979_324


def test_ceiling_tells_an_integer_from_its_neighbours_at_any_distance() -> None:
    tiny = sp.exp(-x)
    assert ceiling(5 + tiny, {x: sp.Integer(300)}) == 6
    assert ceiling(5 - tiny, {x: sp.Integer(300)}) == 5


def test_a_ceiling_that_no_precision_decides_is_an_error() -> None:
    integer = sp.log(sp.exp(x, evaluate=False), evaluate=False)
    with pytest.raises(InputError, match="too extreme"):
        ceiling(integer, {x: sp.Integer(3)})


@pytest.mark.parametrize(
    "expr",
    [
        sp.tanh(x) * sp.erf(x) ** 3 / sp.sqrt(x + sp.pi),
        sp.log(1 + sp.E * x) ** sp.Rational(5, 2) - x ** sp.Rational(-1, 4),
        sp.LambertW(x) * sp.LambertW(-x / 9, -1),
        x**x + sp.exp(-x),
    ],
    ids=str,
)
def test_an_enclosure_contains_the_value_that_sympy_computes(expr: sp.Expr) -> None:
    where = sp.Rational(37, 53)
    with precision(200):
        value = enclose(expr, at_precision({x: where}))
    assert float(value.rad()) < 1e-50
    assert float(value.mid()) == pytest.approx(float(expr.xreplace({x: where}).evalf(40)), rel=1e-15)
    assert to_float(expr, {x: where}) == pytest.approx(float(value.mid()), rel=1e-15)


def test_an_unknown_function_is_not_guessed() -> None:
    with pytest.raises(TypeError):
        enclose(sp.besselj(0, x), at_precision({x: sp.Integer(1)}))
