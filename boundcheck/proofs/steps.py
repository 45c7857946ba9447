"""The bricks of a check: exact identities, interval proofs, exact examples, simulations, exact sampling bounds."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy as sp
from flint import arb, fmpq

from boundcheck.records import Record

Method = Literal["exact identity", "interval proof", "exact example", "simulation", "sampling"]
Box = Sequence[tuple[Fraction | int, Fraction | int]]

RIGOROUS: frozenset[Method] = frozenset({"exact identity", "interval proof", "exact example"})


@dataclass(frozen=True)
class Step(Record):
    """One thing that was checked.

    residual: for an identity the size of what is left after cancellation (0 when it holds); for everything
    else the proved or measured slack of the decisive inequality (negative when it fails).
    """

    statement: str
    method: Method
    holds: bool
    residual: float


def identity(statement: str, left: sp.Expr, right: sp.Expr) -> Step:
    """left = right as functions of their symbols, by exact cancellation in exponentials."""
    difference = sp.simplify(sp.expand((left - right).rewrite(sp.exp)))
    if difference != 0:
        difference = sp.simplify(left - right)
    symbols = sorted(difference.free_symbols, key=str)
    size = abs(difference.subs({symbol: sp.Rational(k + 3, 7) for k, symbol in enumerate(symbols)}).evalf())
    return Step(statement, "exact identity", difference == 0, float(size) if size.is_number else float("nan"))


def example(statement: str, holds: bool, residual: float = 0.0) -> Step:
    """An instance computed in integers or rationals."""
    return Step(statement, "exact example", bool(holds), float(residual))


def positive(statement: str, value: arb) -> Step:
    """value > 0 for one ball."""
    return Step(statement, "interval proof", bool(value > 0), float(value.lower()))


def simulated(statement: str, slack: float) -> Step:
    """slack > 0 in a float64 run of projected gradient descent."""
    return Step(statement, "simulation", slack > 0, slack)


def positive_on(statement: str, f: Callable[..., arb], box: Box, *, pieces: int = 4000) -> Step:
    """f > 0 on the whole box: adaptive bisection, always of the piece with the smallest enclosed value.

    A box that touches a removable singularity needs an f whose enclosure is finite there.  The residual is the
    proved lower bound of f on the box.
    """
    first = tuple((Fraction(low), Fraction(high)) for low, high in box)
    queue = [(_lower(f, first), first)]
    for _ in range(pieces):
        bound, piece = queue[0]
        if bound > 0:
            break
        widths = [(high - low) / (high0 - low0) for (low, high), (low0, high0) in zip(piece, first, strict=True)]
        axis = max(range(len(piece)), key=lambda k: widths[k])
        heapq.heappop(queue)
        for half in _halves(piece[axis]):
            part = (*piece[:axis], half, *piece[axis + 1 :])
            heapq.heappush(queue, (_lower(f, part), part))
    return Step(statement, "interval proof", queue[0][0] > 0, queue[0][0])


def ball(low: Fraction | int, high: Fraction | int | None = None) -> arb:
    """The interval [low, high] (or the point low) as a ball."""
    start = arb(fmpq(Fraction(low).numerator, Fraction(low).denominator))
    return start if high is None else start.union(ball(high))


def _halves(side: tuple[Fraction, Fraction]) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
    middle = (side[0] + side[1]) / 2
    return (side[0], middle), (middle, side[1])


def _lower(f: Callable[..., arb], piece: tuple[tuple[Fraction, Fraction], ...]) -> float:
    value = f(*(ball(low, high) for low, high in piece))
    return float(value.lower()) if value.is_finite() else float("-inf")
