"""What settles a claim: checked lemmas, examples in rationals, and simulations."""

from collections.abc import Callable, Iterable, Sequence

import sympy as sp
from flint import arb

from boundcheck.proofs.checks import Identity, Range, Step, lower_bound
from boundcheck.records.audit import Check
from boundcheck.records.comparison import Method

RIGOROUS: frozenset[Method] = frozenset({"exact identity", "interval proof", "exact example"})


def checked(lemma: Iterable[Step]) -> tuple[Check, ...]:
    """The steps of a lemma, without those that are argued in words."""
    done = (step.check() for step in lemma)
    return tuple(
        Check(step.claim, step.method, step.holds, step.residual)
        for step in done
        if step.holds is not None and step.residual is not None
    )


def identity(statement: str, left: sp.Expr, right: sp.Expr) -> Check:
    """left = right as functions of their symbols."""
    return checked([Identity(statement, left, right)])[0]


def example(statement: str, holds: bool, residual: float = 0.0) -> Check:
    """An instance computed in integers or rationals."""
    return Check(statement, "exact example", bool(holds), float(residual))


def positive(statement: str, value: arb) -> Check:
    """value > 0 for one ball."""
    return Check(statement, "interval proof", bool(value > 0), float(value.lower()))


def positive_on(statement: str, f: Callable[..., arb], box: Sequence[Range], *, pieces: int = 4000) -> Check:
    """f > 0 on the whole box; see `lower_bound`."""
    least = lower_bound(f, box, pieces=pieces)
    return Check(statement, "interval proof", least > 0, least)


def simulated(statement: str, slack: float) -> Check:
    """slack > 0 in a float64 run of projected gradient descent."""
    return Check(statement, "simulation", slack > 0, slack)
