"""Steps of a derivation that a machine can check: exact identities, and inequalities in ball arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import sympy as sp
from flint import arb

from boundcheck.bounds.exact import at_precision, ball, enclose, precision
from boundcheck.records.comparison import DerivationStep

_BITS = 128
_MOST_BOXES = 20_000


class Step(Protocol):
    """Anything that can be checked."""

    def check(self) -> DerivationStep:
        """Run the check."""


@dataclass(frozen=True)
class Identity:
    """left = right, as an identity of functions of positive symbols; UnevaluatedExpr keeps a side as it is written."""

    claim: str
    left: sp.Expr
    right: sp.Expr

    def check(self) -> DerivationStep:
        """SymPy reduces the difference to 0, and enclosures at two test points contain 0."""
        difference = (self.left - self.right).doit()
        hyperbolic = difference.atoms(sp.cosh, sp.tanh)
        difference = difference.xreplace({function: function.rewrite(sp.exp) for function in hyperbolic})
        reduced = sp.simplify(sp.expand_log(difference, force=True))
        balls = [self._at(difference, shift) for shift in (0, 1)]
        residual = max(float(abs(value).upper()) for value in balls)
        holds = bool(reduced == 0) and residual < 1e-30
        shown, latex = f"{self.left} = {self.right}", f"{sp.latex(self.left)} = {sp.latex(self.right)}"
        return DerivationStep(self.claim, shown, latex, "exact identity (SymPy)", holds, residual)

    def _at(self, difference: sp.Expr, shift: int) -> arb:
        symbols = sorted(difference.free_symbols, key=str)
        values = {symbol: sp.Rational(i + 2 + shift, 7 * i + 11) for i, symbol in enumerate(symbols)}
        with precision(_BITS):
            return enclose(difference, at_precision(values))


@dataclass(frozen=True)
class Nonnegative:
    """expr >= 0 for all values of its symbols in a box."""

    claim: str
    expr: sp.Expr
    box: Mapping[sp.Symbol, tuple[sp.Rational, sp.Rational]]

    def check(self) -> DerivationStep:
        """The box is split until every enclosure is nonnegative."""
        with precision(_BITS):
            least = self._least()
        where = [f"{symbol} in [{low}, {high}]" for symbol, (low, high) in self.box.items()]
        shown = ", ".join([f"{self.expr} >= 0", *where])
        inside = [rf"{sp.latex(symbol)} \in [{low}, {high}]" for symbol, (low, high) in self.box.items()]
        latex = r", \quad ".join([rf"{sp.latex(self.expr)} \ge 0", *inside])
        return DerivationStep(self.claim, shown, latex, "ball arithmetic on the whole range", least is not None, least)

    def _least(self) -> float | None:
        """A proved lower bound of expr over the box, None where none was found."""
        todo, least, boxes = [dict(self.box)], float("inf"), 0
        while todo:
            box = todo.pop()
            value = enclose(self.expr, {symbol: ball(low).union(ball(high)) for symbol, (low, high) in box.items()})
            boxes += 1
            if value >= 0:
                least = min(least, float(value.lower()))
            elif value < 0 or boxes > _MOST_BOXES or not box:
                return None
            else:
                widest = max(box, key=lambda symbol: box[symbol][1] - box[symbol][0])
                low, high = box[widest]
                middle = (low + high) / 2
                todo += [box | {widest: (low, middle)}, box | {widest: (middle, high)}]
        return least


@dataclass(frozen=True)
class Quoted:
    """A step that is argued in words or taken from a source; nothing is checked."""

    claim: str
    source: str

    def check(self) -> DerivationStep:
        """Nothing to run."""
        return DerivationStep(self.claim, self.source, "", "argument", None, None)
