"""What a theorem says, as one record, and its evaluation at a point.

A statement has the direction "this many neurons suffice", an upper bound on the width needed, for every data set that
satisfies the hypotheses, with probability over W(0); those of `bounds.lower` say how many some data need.
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.exact import Number, at_precision, ceiling, enclose, exact, refined, to_float
from boundcheck.errors import InputError
from boundcheck.records import AnyLabels, AnyLoss, BoundRow
from boundcheck.records.bounds import Criterion, Family
from boundcheck.records.comparison import HypothesisStatus

Values = dict[sp.Symbol, sp.Rational]
ROUNDING = sp.Rational(1, 10**9)  # a computed gamma or c above its range by this much is clipped, the safe direction
SMALL_C = "c is below 2 gamma, which bounds the norms of every data set with this margin: leave c out for less"
UPPER = "upper bound: this width suffices; smaller ones are not excluded"


@dataclass(frozen=True)
class Hypothesis:
    """One assumption: a sentence, and a condition on the numbers that it implies.

    condition None: about the data or the training only.  decides: the condition is all that the sentence says; without
    it the numbers can refute the assumption and never show it.
    """

    sentence: str
    condition: sp.Basic | None = None
    decides: bool = False

    def holds(self, values: Values) -> bool:
        """Whether the condition holds at exact rational values; True where there is none."""
        return self.condition is None or bool(self.condition.xreplace(values))

    def status(self, values: Values) -> HypothesisStatus:
        """What the numbers say of the assumption."""
        return "fails" if not self.holds(values) else "checked" if self.decides else "assumed"


@dataclass(frozen=True)
class Factor:
    """One factor of a width: what it is called and why it is there. The product of all factors is the width."""

    name: str
    value: sp.Expr
    why: str


@dataclass(frozen=True)
class Point:
    """Where a bound is evaluated: exact values of its symbols, and the training asked for (None: the bound's own)."""

    values: Values
    steps: int | None = None
    step_size: sp.Rational | None = None
    flips: str | None = None


@dataclass(frozen=True)
class Bound:
    """One theorem.

    width: real number of neurons that suffices (closed form); the network needs the next even integer.
    failure: its failure probability.  radius None: no projection.  steps, step_size: a schedule for which the
    statement is proved; `schedule_note` names the printed one where the two differ.
    temperature: tau, the loss is tau loss(f / tau).  criterion: what is at most `target`, the average error or the
    average risk.
    vacuous: condition under which the conclusion already holds for the untrained network f = 0.
    factors: their product is `width`.  without: `width` as it would be without one ingredient.
    """

    id: str
    labels: AnyLabels
    loss: AnyLoss
    title: str
    statement: str
    quantifiers: str
    source: str
    hypotheses: tuple[Hypothesis, ...]
    width: sp.Expr
    failure: sp.Expr
    radius: sp.Expr | None
    steps: sp.Expr | None = None
    step_size: sp.Expr | None = None
    temperature: sp.Expr = sp.S.One
    criterion: Criterion = "error"
    family: Family = "published"
    factors: tuple[Factor, ...] = ()
    without: tuple[tuple[str, sp.Expr], ...] = ()
    vacuous: sp.Basic = sp.false
    schedule_note: str = ""
    direction: str = UPPER

    @property
    def terms(self) -> tuple[sp.Expr, ...]:
        """The expressions that say what the bound depends on."""
        terms = (self.width, self.failure, self.radius, self.steps, self.step_size)
        return tuple(term for term in terms if term is not None)

    @property
    def target(self) -> sp.Symbol:
        """What the average error, or the average risk, is bounded by."""
        return s.beta if self.criterion == "risk" else s.eps

    @property
    def fixed_scale(self) -> bool:
        """Whether the loss sets the scale of the logits: true of the KL and the logistic loss at temperature 1."""
        return self.loss != "perceptron" and self.temperature == 1

    @property
    def reads(self) -> frozenset[str]:
        """The optional arguments of `point` on which the statement depends."""
        used = set().union(*(term.free_symbols for term in self.terms))
        if s.beta in used:  # whose default depends on the logit scale
            used.add(s.kappa)
        names = {s.c: "c", s.kappa: "logit_scale", s.tau: "temperature", s.beta: "beta", s.field_risk: "field_risk"}
        return frozenset(name for symbol, name in names.items() if symbol in used)

    def at_eps_margin(self) -> "Bound | None":
        """The statement with the eps-margin in place of gamma; None where it needs gamma (theory: Eps-margin)."""
        return None

    def check(self, point: Point) -> None:
        """Raise InputError naming the first hypothesis that fails at this point."""
        for hypothesis in self.hypotheses:
            if not hypothesis.holds(point.values):
                raise InputError(f"{self.id}: {hypothesis.sentence} is violated; {self._shown(hypothesis, point)}")

    def _shown(self, hypothesis: Hypothesis, point: Point) -> str:
        used = sorted(hypothesis.condition.free_symbols, key=str) if hypothesis.condition is not None else []
        return "got " + ", ".join(f"{symbol} = {float(point.values[symbol]):g}" for symbol in used)

    def row(self, point: Point) -> BoundRow:
        """Evaluate at `point`: exact integers, the schedule and the radius."""
        self.check(point)
        values = point.values
        return BoundRow(
            bound=self.id,
            labels=self.labels,
            gamma=float(values[s.gamma]),
            eps=float(values[s.eps]),
            width=even(ceiling(self.width, values)),
            steps=None if self.steps is None else ceiling(self.steps, values),
            step_size=None if self.step_size is None else to_float(self.step_size, values),
            radius=None if self.radius is None else to_float(self.radius, values),
            failure_probability=to_float(self.failure, values),
            vacuous=self.is_vacuous(values),
            source=self.source,
            temperature=to_float(self.temperature, values),
            criterion=self.criterion,
            target=to_float(self.target, values),
            note=self.note(point),
            family=self.family,
            loss=self.loss,
        )

    def real_width(self, point: Point) -> float:
        """The width as a real number (a float, for plots and crossovers)."""
        return to_float(self.width, point.values)

    def note(self, point: Point) -> str:
        """What a reader of the row should know."""
        small_c = s.c in self.width.free_symbols and point.values[s.c] < 2 * point.values[s.gamma]
        return "; ".join(filter(None, (self.schedule_note, SMALL_C if small_c else "")))

    def is_vacuous(self, values: Values) -> bool:
        """Whether f = 0 already satisfies the conclusion."""
        if self.vacuous in (sp.true, sp.false):
            return bool(self.vacuous)
        left, right = self.vacuous.args
        return bool(refined(lambda: enclose(left - right, at_precision(values))) >= 0)


def even(width: int) -> int:
    """The next even integer: symmetric initialisation pairs the neurons."""
    return width + width % 2


def point(
    *,
    gamma: Number,
    eps: Number,
    n: int,
    delta: Number = "0.05",
    c: Number | None = None,
    beta: Number | None = None,
    field_risk: Number = 0,
    steps: int | None = None,
    step_size: Number | None = None,
    logit_scale: Number = 1,
    temperature: Number | None = None,
    flips: str | None = None,
) -> Point:
    """The exact values at which bounds are evaluated; see `registry.evaluate` for the arguments.

    Raises:
        InputError: a number outside its range; gamma > 1/2 and c > 1 cannot be (theory: Kernel and margin).
    """
    values: dict[sp.Symbol, Any] = {
        s.gamma: exact(gamma, "gamma"),
        s.eps: exact(eps, "eps"),
        s.n: exact(n, "n"),
        s.delta: exact(delta, "delta"),
        s.kappa: exact(logit_scale, "logit scale"),
    }
    values[s.failure] = 3 * values[s.delta]
    values[s.c] = 2 * values[s.gamma] if c is None else exact(c, "c")
    values[s.tau] = values[s.gamma] if temperature is None else exact(temperature, "temperature")
    # Lemma 3 turns the KL risk (kappa gamma)^2 eps / 32 into the error eps
    values[s.beta] = (
        (values[s.kappa] * values[s.gamma]) ** 2 * values[s.eps] / 32 if beta is None else exact(beta, "beta")
    )
    values[s.field_risk] = exact(field_risk, "field_risk")
    for symbol, top in ((s.gamma, sp.Rational(1, 2)), (s.c, sp.Integer(1))):
        if top < values[symbol] <= top * (1 + ROUNDING):
            values[symbol] = top
    _check_ranges(values)
    if steps is not None and steps < 1:
        raise InputError(f"steps: got {steps}; give a positive integer")
    rational_step = None if step_size is None else exact(step_size, "step size")
    if rational_step is not None and rational_step <= 0:
        raise InputError(f"step size: got {step_size}; give a positive number")
    if flips not in (None, "kl", "hoeffding"):
        raise InputError(f"flips: got {flips!r}; choose kl or hoeffding")
    return Point(values, steps, rational_step, flips)


def _check_ranges(values: Values) -> None:
    half, third = sp.Rational(1, 2), sp.Rational(1, 3)
    rules = (
        (s.gamma, 0 < values[s.gamma] <= half, "in (0, 1/2]: no data in the unit ball has a larger margin (F2)"),
        (s.eps, 0 < values[s.eps] < 1, "in (0, 1)"),
        (s.n, values[s.n] >= 1 and values[s.n].is_Integer, "a positive integer"),
        (s.delta, 0 < values[s.delta] < third, "in (0, 1/3): the published statements fail with probability 3 delta"),
        (s.c, 0 < values[s.c] <= 1, "in (0, 1]: a lower bound of norms that are at most 1"),
        (s.kappa, values[s.kappa] > 0, "positive"),
        (s.tau, values[s.tau] > 0, "positive"),
        (s.beta, values[s.beta] > 0, "positive"),
        (s.field_risk, values[s.field_risk] >= 0, "0 or more"),
    )
    names = {s.eps: "eps", s.kappa: "logit scale", s.tau: "temperature"}
    for symbol, holds, rule in rules:
        if not holds:
            name = names.get(symbol, str(symbol))
            raise InputError(f"{name}: got {float(values[symbol]):g}; it must be {rule}")
