"""Exact numbers in, rigorous enclosures and exact integers out.

Numbers enter as SymPy rationals; expressions are evaluated in ball arithmetic (python-flint's arb), so that
the ceiling of a width is the ceiling of an enclosure, never of a float.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq

from boundcheck.errors import InputError

Number = int | float | str | Fraction
Balls = Mapping[sp.Symbol, arb]
_START_BITS, _MAX_BITS = 128, 4096
_FLOAT_BITS = 60  # relative accuracy of a ball that becomes a float; 53 would do


def exact(value: Number, name: str = "number") -> sp.Rational:
    """`value` as the rational it is: a string as the decimal it spells, a float as its exact binary value.

    Raises:
        InputError: not a number, infinite or NaN.
    """
    try:
        return sp.Rational(Fraction(value))
    except (ValueError, OverflowError, TypeError, ZeroDivisionError):
        raise InputError(f"{name}: {value!r} is not a finite number; give a number such as 0.05") from None


def as_typed(value: Number) -> Number:
    """What a user typed for a float: 0.05 means 5/100, not the binary float next to it."""
    return repr(value) if isinstance(value, float) else value


@contextlib.contextmanager
def precision(bits: int) -> Iterator[None]:
    """Run with arb computing at `bits` bits; restored on leaving."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def ball(value: sp.Rational | Fraction | int | fmpq) -> arb:
    """The rational as a ball at the current precision."""
    if isinstance(value, fmpq):
        return arb(value)
    return arb(fmpq(int(value.numerator), int(value.denominator)))


def enclose(expr: sp.Expr, values: Balls) -> arb:
    """A ball that contains `expr` for all symbol values inside the given balls, at the current precision."""
    return _compiled(expr)(values)


_FUNCTIONS: dict[Any, Callable[[arb], arb]] = {
    sp.log: lambda x: x.log(),
    sp.exp: lambda x: x.exp(),
    sp.erf: lambda x: x.erf(),
    sp.tanh: lambda x: x.tanh(),
    sp.cos: lambda x: x.cos(),
    sp.sin: lambda x: x.sin(),
}


@functools.lru_cache(maxsize=1024)
def _compiled(expr: sp.Expr) -> Callable[[Balls], arb]:
    """`expr` as a function of balls. Constants are made anew at each call: the precision may have changed."""
    if isinstance(expr, sp.Symbol):
        return lambda values: values[expr]
    if isinstance(expr, sp.Rational):
        rational = fmpq(int(expr.p), int(expr.q))
        return lambda values: arb(rational)
    if expr is sp.pi:
        return lambda values: arb.pi()
    if expr is sp.E:
        return lambda values: arb.const_e()
    parts = [_compiled(arg) for arg in expr.args]
    if isinstance(expr, sp.Add):
        return lambda values: sum((part(values) for part in parts[1:]), parts[0](values))
    if isinstance(expr, sp.Mul):
        return lambda values: math.prod((part(values) for part in parts[1:]), start=parts[0](values))
    if isinstance(expr, sp.Pow):
        return _power(expr, parts)
    if isinstance(expr, sp.LambertW):
        branch = int(expr.args[1]) if len(expr.args) == 2 else 0
        return lambda values: parts[0](values).lambertw(branch)
    if expr.func in _FUNCTIONS:
        function = _FUNCTIONS[expr.func]
        return lambda values: function(parts[0](values))
    raise TypeError(f"no enclosure of {expr.func}: give it one in _FUNCTIONS")


def _power(expr: sp.Pow, parts: list[Callable[[Balls], arb]]) -> Callable[[Balls], arb]:
    base, exponent = expr.args
    of_base = parts[0]
    if base is sp.E:
        return lambda values: parts[1](values).exp()
    if isinstance(exponent, sp.Integer):
        whole = int(exponent)
        return lambda values: of_base(values) ** whole
    if isinstance(exponent, sp.Rational) and exponent.q == 2:
        twice = int(exponent.p)
        return lambda values: of_base(values).sqrt() ** twice
    return lambda values: of_base(values) ** parts[1](values)


def at_precision(values: Mapping[sp.Symbol, sp.Rational]) -> dict[sp.Symbol, arb]:
    """Rational values as balls at the current precision."""
    return {symbol: ball(value) for symbol, value in values.items()}


def ceiling(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Rational]) -> int:
    """The smallest integer at or above `expr` at rational symbol values, exactly.

    Rational expressions are evaluated exactly; for others the precision is raised until every number of the
    enclosure has the same ceiling.
    """
    if not expr.has(sp.Function, sp.pi, sp.E) and (number := expr.xreplace(dict(values))).is_Rational:
        return int(sp.ceiling(number))
    bits = _START_BITS
    while bits <= _MAX_BITS:
        with precision(bits):
            integer = enclose(expr, at_precision(values)).ceil().unique_fmpz()
        if integer is not None:
            return int(integer)
        bits *= 2
    raise InputError("the numbers are too extreme: a width of a thousand digits; take a larger gamma or eps")


def refined(value: Callable[[], arb]) -> arb:
    """`value()` at a precision at which its ball has the accuracy of a float, raised from 128 bits as needed.

    Where the true value is 0, or the ball is wide for another reason than rounding, it comes back as it is once twice
    the bits no longer narrow it.
    """
    bits, before = _START_BITS, None
    while True:
        with precision(bits):
            found = value()
            narrow = found.rel_accuracy_bits() >= _FLOAT_BITS
        if narrow or bits == _MAX_BITS or (before is not None and found.rad() > before / 2):
            return found
        bits, before = 2 * bits, found.rad()


def to_float(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Rational]) -> float:
    """The float nearest to `expr` at rational symbol values (for display and for step sizes)."""
    return float(refined(lambda: enclose(expr, at_precision(values))).mid())
