"""Growth exponents: exact rules against SymPy's limit where it succeeds, and against the widths themselves."""

import math

import pytest
import sympy as sp

from boundcheck import bounds
from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import point
from boundcheck.bounds.exact import to_float
from boundcheck.bounds.growth import leading
from boundcheck.bounds.side_by_side import growth

x = s.eps
EXPECTED = {  # bound: (power in gamma, power in eps, power of ln(1/eps)) at fixed c
    "soft-published": (2, 1, 0),
    "hard-published": (4, 0, 2),
    "hard-gd-published": (8, 0, 2),
    "soft-sharp": (2, 1, 0),
    "soft-sharp-nfree": (2, 1, 0),
    "hard-sharp": (4, 0, 2),
    "hard-perceptron": (2, 0, 0),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_exponents_of_every_bound(name: str) -> None:
    width = bounds.registry[name].width
    in_gamma, in_eps = leading(width, s.gamma), leading(width, s.eps)
    assert (in_gamma.power, in_eps.power, in_eps.log_power) == EXPECTED[name]
    assert in_gamma.log_power == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("soft-sharp", ("gamma^-2", "eps^-1", "ln(n)")),
        ("soft-sharp-nfree", ("gamma^-2", "eps^-1", "constant")),
        ("hard-sharp", ("gamma^-4", "ln(1/eps)^2", "ln(n)")),
        ("hard-tempered", ("gamma^-2", "ln(1/eps)^2", "ln(n)")),
        ("hard-perceptron", ("gamma^-2", "constant", "ln(n)")),
    ],
)
def test_growth_in_words(name: str, said: tuple[str, ...]) -> None:
    variables = ("gamma", "eps", "n")
    assert tuple(growth(bounds.registry[name], one, fixed_c=True).text for one in variables) == said  # type: ignore[arg-type]


def test_tempering_at_tau_equal_to_gamma_halves_the_exponent() -> None:
    tempered = bounds.registry["hard-tempered"].width
    assert leading(tempered.subs(s.tau, s.gamma), s.gamma).power == 2
    assert leading(tempered, s.gamma).power == 4


def test_the_always_valid_c_costs_two_powers_of_gamma() -> None:
    for name, power in (("soft-published", 4), ("hard-published", 6)):
        assert leading(bounds.registry[name].width.subs(s.c, 2 * s.gamma), s.gamma).power == power


def test_the_leading_constant_of_hard_sharp() -> None:
    """(32/pi) M^2 / gamma^4 (theory: Logistic loss); M_eps / ln(1/eps) -> 1."""
    assert sp.simplify(leading(bounds.registry["hard-sharp"].width, s.eps).coefficient - 32 / (sp.pi * s.gamma**4)) == 0


@pytest.mark.parametrize("name", bounds.ids())
@pytest.mark.parametrize("symbol", [s.gamma, s.eps])
def test_the_leading_term_is_approached(name: str, symbol: sp.Symbol) -> None:
    """width / leading term differs from 1 by O(1/ln(1/x)) at worst: it comes closer as x falls."""
    term = leading(bounds.registry[name].width, symbol)
    gaps = []
    for exponent in (20, 200):
        small = sp.Rational(1, 10**exponent)
        values = point(gamma="0.1", eps="0.01", n=1000, delta="0.05", c="0.9", temperature="0.1").values | {
            symbol: small
        }
        values[s.beta] = sp.Rational(1, 1000)
        if symbol is s.eps and name == "soft-sharp-nfree":
            values[s.eps] = small
        main = to_float(sp.log(term.coefficient), values) + math.log(10) * exponent * term.power
        main += float(term.log_power) * math.log(math.log(10) * exponent)
        gaps.append(abs(to_float(sp.log(bounds.registry[name].width), values) - main))
    assert gaps[1] <= gaps[0] + 1e-12
    assert gaps[1] < 0.1


@pytest.mark.parametrize(
    "expr",
    [
        (1 + x) ** 2 / x**3,
        sp.log(3 / x) ** 2 * (1 - x),
        sp.tanh(2 * x) / (x**2 + x**3),
        (sp.sqrt(x) + sp.log(1 / x)) / sp.sqrt(x),
        sp.erf(x) * sp.exp(-1 - x) / x**2,
    ],
    ids=str,
)
def test_rules_agree_with_the_limit_of_sympy(expr: sp.Expr) -> None:
    term = leading(expr, x)
    ratio = expr / (term.coefficient * x ** (-term.power) * sp.log(1 / x) ** term.log_power)
    assert sp.limit(ratio, x, 0, "+") == 1


@pytest.mark.parametrize("expr", [(1 + x) - 1 - x / 2, sp.log(sp.log(1 / x)), sp.exp(1 / x)], ids=str)
def test_what_the_rules_cannot_settle_is_an_error_or_right(expr: sp.Expr) -> None:
    if expr.has(sp.exp) or expr.has(sp.log):
        with pytest.raises(ArithmeticError):
            leading(expr, x)
    else:
        assert leading(expr, x).power == -1


def test_cancelling_leading_terms_are_an_error() -> None:
    with pytest.raises(ArithmeticError, match="cancel"):
        leading(sp.Add(sp.sqrt(1 + x), -1, evaluate=False), x)
