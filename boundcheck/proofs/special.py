"""Functions of the theorems, as SymPy expressions and as enclosures valid up to their removable singularities."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from flint import arb

from boundcheck.proofs.steps import ball

HALF = Fraction(1, 2)


def sigmoid(f: sp.Expr) -> sp.Expr:
    """mu(f) = e^f/(1 + e^f)."""
    return sp.exp(f) / (1 + sp.exp(f))


def softplus(f: sp.Expr) -> sp.Expr:
    """A(f) = ln(1 + e^f)."""
    return sp.log(1 + sp.exp(f))


def kl(z: sp.Expr, f: sp.Expr) -> sp.Expr:
    """KL(mu(z) || mu(f)) from its definition p ln(p/q) + (1-p) ln((1-p)/(1-q)), logarithms expanded."""
    log_p, log_1p = z - softplus(z), -softplus(z)
    log_q, log_1q = f - softplus(f), -softplus(f)
    return sigmoid(z) * (log_p - log_q) + (1 - sigmoid(z)) * (log_1p - log_1q)


def kl_ball(z: arb, f: arb) -> arb:
    """Enclosure of KL(mu(z) || mu(f))."""
    return f.exp().log1p() - z.exp().log1p() - sigmoid_ball(z) * (f - z)


def sigmoid_ball(f: arb) -> arb:
    """Enclosure of mu(f)."""
    return 1 / (1 + (-f).exp())


def divergence(g: arb) -> arb:
    """D(g) = (g/2) tanh(g/2) - ln cosh(g/2) = KL(mu(g) || 1/2), g away from 0 (theory: Risk and error)."""
    return g / 2 * (g / 2).tanh() - (g / 2).cosh().log()


def divergence_ratio(g: arb) -> arb:
    """D(g)/g^2 on a ball in [0, oo): decreasing from its limit 1/8, since it is int_0^1 (u/4) sech^2(g u/2) du."""
    return _decreasing(g, lambda x: divergence(x) / x**2, ball(Fraction(1, 8)))


def tanh_ratio(x: arb) -> arb:
    """tanh(x)/x on a ball in [0, oo): decreasing from its limit 1, since it is int_0^1 sech^2(u x) du."""
    return _decreasing(x, lambda t: t.tanh() / t, ball(1))


def _decreasing(x: arb, f: Callable[[arb], arb], at_zero: arb) -> arb:
    low, high = x.lower(), x.upper()
    return (f(low) if low > 0 else at_zero).union(f(high))
