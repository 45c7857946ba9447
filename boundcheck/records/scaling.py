"""Searches over a family of data sets or of labels: scaling laws and logit scales."""

from dataclasses import dataclass
from typing import Any, Literal

from boundcheck.records.base import Interval, Record
from boundcheck.records.bounds import BoundRow
from boundcheck.records.search import Search

Against = Literal["gamma", "eps", "n"]
Trend = Literal["falls", "rises", "mixed", "cannot be told", "cut short", "no margin"]


@dataclass(frozen=True)
class Place(Record):
    """One member of a family: its margin (exact), target error and number of samples."""

    data: str
    gamma: float
    eps: float
    n: int


@dataclass(frozen=True)
class ScalingRow(Record):
    """The searches at one place; `widths` are where the fitted success rate crosses the target (None: beyond)."""

    place: Place
    searches: tuple[Search, ...]
    widths: tuple[float | None, ...]


@dataclass(frozen=True)
class Fit(Record):
    """Least-squares slope of ln(width) against ln(x), with a 95 % interval by resampling the seeds.

    The interval is about the seeds only: it takes the straight line for granted.  beyond: places whose success rate
    reached the target at no width tried.  They enter at the widest, so that the slope is a bound and one end of the
    interval is open (None); all three are None where fewer than three places reached the target.
    bound, bound_exponent: the slope of that bound's widths at the same places; None where no bound speaks of this
    training.  theorem: the power in the bound, for the eye.  A measured exponent does not contradict an upper bound.
    """

    search: str
    exponent: float | None
    lower: float | None
    upper: float | None
    places: int
    beyond: int
    below: int
    bound: str | None
    bound_exponent: float | None
    theorem: str


@dataclass(frozen=True)
class Scaling(Record):
    """The result of `reproduce scaling`."""

    against: Against
    rows: tuple[ScalingRow, ...]
    fits: tuple[Fit, ...]

    @property
    def cut(self) -> tuple[str, ...]:
        """The searches that their budget or time cut short, which the fits use as far as they got: who, and where."""
        return tuple(
            f"{fit.search} at {row.place.data}, eps = {row.place.eps:g}"
            for row in self.rows
            for fit, search in zip(self.fits, row.searches, strict=True)
            if search.cut_short
        )

    def to_json(self) -> dict[str, Any]:
        """The fields, and `cut`."""
        return super().to_json() | {"cut": list(self.cut)}


@dataclass(frozen=True)
class ScaleRow(Record):
    """Soft labels sigmoid(kappa z), and hard ones, at the same radius B = kappa.

    bounds: the sharp bounds on soft labels at this scale.  *_crossing: where the fitted success rate crosses the
    target, for the eye (None: beyond the widest).
    """

    logit_scale: float
    bounds: tuple[BoundRow, ...]
    soft: Search
    hard: Search
    soft_crossing: float | None
    hard_crossing: float | None


@dataclass(frozen=True)
class LogitScales(Record):
    """The result of `reproduce temperature`.

    trend: of the smallest width as labels get softer; no margin: no teacher exists.  confidence: of all brackets
    together, and so of `trend` if success is monotone in the width.  fewer_than_hard: scales at which soft labels
    are shown to need fewer neurons than hard labels at the same radius.
    """

    data: str
    n: int
    d: int
    gamma: Interval
    eps: float
    confidence: float
    rows: tuple[ScaleRow, ...]
    fewer_than_hard: tuple[float, ...]
    trend: Trend
    statement: str
