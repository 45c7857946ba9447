"""Functions of the theorems: as SymPy expressions, and as enclosures valid up to their removable singularities."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from flint import arb

from boundcheck.bounds import symbols as s
from boundcheck.bounds.exact import ball, enclose

HALF = Fraction(1, 2)


def sigmoid(f: sp.Expr) -> sp.Expr:
    """mu(f) = 1/(1 + e^-f)."""
    return 1 / (1 + sp.exp(-f))


def softplus(f: sp.Expr) -> sp.Expr:
    """A(f) = ln(1 + e^f)."""
    return sp.log(1 + sp.exp(f))


def kl(z: sp.Expr, f: sp.Expr) -> sp.Expr:
    """KL(mu(z) || mu(f)) from its definition p ln(p/q) + (1-p) ln((1-p)/(1-q)), logarithms expanded."""
    log_p, log_1p = z - softplus(z), -softplus(z)
    log_q, log_1q = f - softplus(f), -softplus(f)
    return sigmoid(z) * (log_p - log_q) + (1 - sigmoid(z)) * (log_1p - log_1q)


def at(expr: sp.Expr, **values: arb | Fraction | int) -> arb:
    """The value of an expression of symbols with these names."""
    balls = {name: value if isinstance(value, arb) else ball(value) for name, value in values.items()}
    return enclose(expr, {symbol: balls[str(symbol)] for symbol in expr.free_symbols})


def divergence_ratio(g: arb) -> arb:
    """D(g)/g^2 on a ball in [0, oo): decreasing from its limit 1/8, since it is int_0^1 (u/4) sech^2(g u/2) du."""
    return _decreasing(g, lambda x: enclose(_D, {_g: x}) / x**2, ball(Fraction(1, 8)))


def tanh_ratio(x: arb) -> arb:
    """tanh(x)/x on a ball in [0, oo): decreasing from its limit 1, since it is int_0^1 sech^2(u x) du."""
    return _decreasing(x, lambda t: t.tanh() / t, ball(1))


_g = sp.Symbol("g")
_D = s.binary_divergence(_g)


def _decreasing(x: arb, f: Callable[[arb], arb], at_zero: arb) -> arb:
    low, high = x.lower(), x.upper()
    return (f(low) if low > 0 else at_zero).union(f(high))
