"""Bounds whose width appears on both sides: a slack that increases in m, inverted exactly.

See theory: Sharp soft bound, theory: Logistic loss.

With x = 1/sqrt(m), every logit of the comparator differs from the teacher's by at most
(concentration) x + q,  q the quantile of the share of pairs that flip (theory: Flips).  `width` is the closed form
that Hoeffding's q gives in the limit of infinitely many infinitely small steps (the floor); the Chernoff
(Bernoulli-KL) q gives a smaller width by inversion of `slack`.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp
from flint import arb, ctx

from boundcheck.bounds import quantiles
from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, Point, Values, even
from boundcheck.bounds.exact import at_precision, ceiling, enclose, to_float
from boundcheck.bounds.inversion import NoWidthError, Slack, root, smallest_even
from boundcheck.records import BoundRow
from boundcheck.records.bounds import Family

ZERO, ONE = sp.Integer(0), sp.Integer(1)
INVERSE_ROOT = s.m ** sp.Rational(-1, 2)


@dataclass(frozen=True)
class Schedule:
    """Training for which a sharp bound is evaluated, in units of the temperature.

    step_size 0 and inverse_time = 1/(2 eta T) = 0 is the floor; steps None: infinitely many.
    """

    step_size: sp.Rational
    inverse_time: sp.Rational
    steps: int | None
    radius: sp.Rational | None = None

    @classmethod
    def of(cls, step_size: sp.Rational, steps: int | None, radius: sp.Rational | None = None) -> "Schedule":
        """The schedule of `steps` steps (None: infinitely many)."""
        inverse_time = ZERO if steps is None or step_size == 0 else 1 / (2 * step_size * steps)
        return cls(step_size, inverse_time, steps, radius)

    @property
    def is_floor(self) -> bool:
        """Whether this is the limit of infinitely many infinitely small steps."""
        return bool(self.step_size == 0)


@dataclass(frozen=True, kw_only=True)
class SharpBound(Bound, ABC):
    """A bound with a `slack`: the statement holds at every m with slack >= 0, and slack increases in m.

    quantile_levels: each flip quantile in `slack` with its failure probability.  reach: radius that moves neurons.
    default_flips: how `width` counts flips.
    """

    slack: sp.Expr = ZERO
    quantile_levels: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    reach: sp.Expr = ONE
    default_flips: str = "kl"
    family: Family = "sharp"

    @abstractmethod
    def schedule(self, point: Point) -> Schedule:
        """The training asked for at `point`, completed; the floor where nothing is asked."""

    @property
    def terms(self) -> tuple[sp.Expr, ...]:
        """See `Bound.terms`."""
        return (*super().terms, self.slack, self.reach, *(level for _, level in self.quantile_levels))

    @property
    def reads(self) -> frozenset[str]:
        """See `Bound.reads`; the training and the count of flips as well."""
        return super().reads | {"steps", "step_size", "flips"}

    def flips(self, point: Point) -> str:
        """kl or hoeffding."""
        return point.flips or self.default_flips

    def slack_function(self, values: Values, schedule: Schedule, flips: str) -> Slack:
        """slack as a function of m, at the precision in force when it is called."""
        settings = values | {s.eta: schedule.step_size, s.inverse_time: schedule.inverse_time}
        if schedule.radius is not None:
            settings[s.B] = schedule.radius
        quantile = quantiles.bernoulli_kl if flips == "kl" else quantiles.hoeffding

        @functools.cache
        def constants(bits: int) -> tuple[dict[sp.Symbol, arb], arb, list[tuple[sp.Symbol, arb]]]:
            balls = at_precision(settings)
            levels = [(symbol, -enclose(level, balls).log()) for symbol, level in self.quantile_levels]
            return balls, enclose(self.reach, balls), levels

        def function(m: arb) -> arb:
            balls, reach, levels = constants(ctx.prec)
            quantiles_at_m = {symbol: quantile(reach, m, log_odds) for symbol, log_odds in levels}
            return enclose(self.slack, {**balls, s.m: m, **quantiles_at_m})

        return function

    def is_closed(self, point: Point) -> bool:
        """Whether the closed form `width` is the answer at `point`."""
        return self.flips(point) == "hoeffding" and point.steps is None and point.step_size is None

    def real_width(self, point: Point) -> float:
        """The width as a real number (a float, for plots and crossovers)."""
        if self.is_closed(point):
            return to_float(self.width, point.values)
        slack = self.slack_function(point.values, self.schedule(point), self.flips(point))
        return root(slack, to_float(self.width, point.values))

    def row(self, point: Point) -> BoundRow:
        """Evaluate at `point`; the width is proved to satisfy the bound, and so are all larger ones."""
        self.check(point)
        values, flips = point.values, self.flips(point)
        schedule = self.schedule(point)
        if self.is_closed(point):
            width = even(ceiling(self.width, values))
        else:
            try:
                slack = self.slack_function(values, schedule, flips)
                width = smallest_even(slack, to_float(self.width, values))
            except NoWidthError as error:
                raise NoWidthError(f"{self.id}: {error}") from None
        unit = to_float(self.temperature, values)
        return BoundRow(
            bound=self.id,
            labels=self.labels,
            gamma=float(values[s.gamma]),
            eps=float(values[s.eps]),
            width=width,
            steps=schedule.steps,
            step_size=None if schedule.is_floor else float(schedule.step_size) * unit,
            radius=self.radius_at(values, schedule, width),
            failure_probability=float(values[s.failure]),
            vacuous=self.is_vacuous(values),
            source=self.source,
            temperature=unit,
            criterion=self.criterion,
            target=to_float(self.target, values),
            note=self.describe(schedule, flips, closed=self.is_closed(point)),
            family=self.family,
            loss=self.loss,
        )

    def radius_at(self, values: Values, schedule: Schedule, width: int) -> float:
        """B at this width."""
        if schedule.radius is not None:
            return float(schedule.radius) * to_float(self.temperature, values)
        return to_float(self.radius, values | {s.m: sp.Integer(width)})

    def describe(self, schedule: Schedule, flips: str, *, closed: bool) -> str:
        """What a reader of the row should know."""
        how = "closed form, Hoeffding flips" if closed else f"inverted, {FLIP_NAMES[flips]} flips"
        if schedule.is_floor:
            return f"floor: finitely many steps need more; {how}"
        if schedule.steps is None:
            return f"limit of infinitely many steps of this size; {how}"
        return how


FLIP_NAMES: Mapping[str, str] = {"kl": "Chernoff (KL)", "hoeffding": "Hoeffding"}


def rounded(value: float) -> sp.Rational:
    """`value` to four significant digits, as an exact decimal: a step size or radius that can be typed again."""
    return sp.Rational(f"{value:.3e}")
