"""What a machine can check of a proof: identities by SymPy, and inequalities on whole ranges in ball arithmetic."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

import sympy as sp
from flint import arb

from boundcheck.bounds.exact import at_precision, ball, enclose, precision
from boundcheck.records.comparison import DerivationStep

Range = tuple[Fraction | int | sp.Rational, Fraction | int | sp.Rational]
BITS = 128
_PIECES = 4000


@runtime_checkable
class Step(Protocol):
    """One step of a proof, before it is checked."""

    def check(self) -> DerivationStep:
        """Run the check."""


@dataclass(frozen=True)
class Identity:
    """left = right, as an identity of functions of positive symbols; UnevaluatedExpr keeps a side as it is written."""

    claim: str
    left: sp.Expr
    right: sp.Expr

    def check(self) -> DerivationStep:
        """SymPy reduces the difference to 0, and enclosures at two test points contain 0.

        The residual is 0 then, and |left - right| at a test point otherwise.
        """
        difference = (self.left - self.right).doit()
        hyperbolic = difference.atoms(sp.sinh, sp.cosh, sp.tanh, sp.sech)
        difference = difference.xreplace({function: function.rewrite(sp.exp) for function in hyperbolic})
        size = max(float(abs(self._at(difference, shift)).upper()) for shift in (0, 1))
        holds = size < 1e-30 and any(
            sp.simplify(form(difference)) == 0 for form in (lambda e: sp.expand_log(e, force=True), sp.expand)
        )
        shown, latex = f"{self.left} = {self.right}", f"{sp.latex(self.left)} = {sp.latex(self.right)}"
        return DerivationStep(self.claim, shown, latex, "exact identity", holds, 0.0 if holds else size)

    def _at(self, difference: sp.Expr, shift: int) -> arb:
        symbols = sorted(difference.free_symbols, key=str)
        values = {symbol: sp.Rational(i + 2 + shift, 7 * i + 11) for i, symbol in enumerate(symbols)}
        with precision(BITS):
            return enclose(difference, at_precision(values))


@dataclass(frozen=True)
class Positive:
    """expr > 0 for all values of its symbols in a box; the residual is the proved lower bound of expr there."""

    claim: str
    expr: sp.Expr
    box: Mapping[sp.Symbol, Range]

    def check(self) -> DerivationStep:
        """Bisect until the enclosures are positive."""
        symbols = list(self.box)
        with precision(BITS):
            least = lower_bound(
                lambda *balls: enclose(self.expr, dict(zip(symbols, balls, strict=True))), list(self.box.values())
            )
        where = [f"{symbol} in [{low}, {high}]" for symbol, (low, high) in self.box.items()]
        inside = [rf"{sp.latex(symbol)} \in [{low}, {high}]" for symbol, (low, high) in self.box.items()]
        shown, latex = (
            ", ".join([f"{self.expr} > 0", *where]),
            r", \quad ".join([rf"{sp.latex(self.expr)} > 0", *inside]),
        )
        return DerivationStep(self.claim, shown, latex, "interval proof", least > 0, least)


@dataclass(frozen=True)
class Argument:
    """A step that is argued in words or taken from a source; nothing is checked."""

    claim: str
    source: str

    def check(self) -> DerivationStep:
        """Nothing to run."""
        return DerivationStep(self.claim, self.source, "", "argument", None, None)


def interval(low: Fraction | int | sp.Rational, high: Fraction | int | sp.Rational) -> arb:
    """[low, high] as a ball."""
    return ball(low).union(ball(high))


def lower_bound(f: Callable[..., arb], box: Sequence[Range], *, pieces: int = _PIECES) -> float:
    """A proved lower bound of f on the box: bisection, always of the piece with the smallest enclosed value.

    It stops as soon as the bound is positive, or after so many pieces.  -infinity where an enclosure is not finite,
    so that a box with a removable singularity needs an f that is finite there.
    """
    first = tuple((Fraction(low), Fraction(high)) for low, high in box)
    queue = [(_least(f, first), first)]
    for _ in range(pieces if first else 0):
        bound, piece = queue[0]
        if bound > 0:
            break
        widths = [(high - low) / (high0 - low0) for (low, high), (low0, high0) in zip(piece, first, strict=True)]
        axis = max(range(len(piece)), key=lambda k: widths[k])
        heapq.heappop(queue)
        low, high = piece[axis]
        for half in ((low, (low + high) / 2), ((low + high) / 2, high)):
            part = (*piece[:axis], half, *piece[axis + 1 :])
            heapq.heappush(queue, (_least(f, part), part))
    return queue[0][0]


def _least(f: Callable[..., arb], piece: Sequence[tuple[Fraction, Fraction]]) -> float:
    value = f(*(interval(low, high) for low, high in piece))
    return float(value.lower()) if value.is_finite() else float("-inf")
