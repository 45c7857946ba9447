"""A bound evaluated at a point, and where two bounds cross."""

import math
from dataclasses import dataclass
from typing import Literal

from boundcheck.records.base import Record
from boundcheck.records.training import AnyLabels, AnyLoss

Family = Literal["published", "sharp", "data", "lower"]
MarginKind = Literal["min", "eps"]
Criterion = Literal["error", "risk"]
Direction = Literal["upper", "lower"]
Side = Literal["below", "above", "everywhere", "nowhere", "mixed"]


@dataclass(frozen=True)
class BoundRow(Record):
    """One bound evaluated at one (gamma, eps); `width` and `steps` are exact integers.

    width: the smallest EVEN integer at which the bound holds (symmetric initialisation pairs the neurons).
    steps None: infinitely many; step_size None, too: infinitely small, the floor.  radius None: no projection.
    temperature: tau, the loss is tau loss(f / tau).
    failure_probability: over W(0).  vacuous: the untrained network already satisfies the conclusion.
    criterion, target: the average error, or the average risk, is at most `target`.
    NaN or None in those three: read from a file that was written before they were.
    direction: this width suffices (upper), or some data of this margin need so many neurons (lower).
    margin: what the width is evaluated at: the margin itself, or the eps-margin; margin_value: its value, where it is
    not `gamma` (of a data bound: about, the width does not rest on it).  confidence: that the moments of a data bound
    hold; 1 where there are none.
    """

    bound: str
    labels: AnyLabels
    gamma: float
    eps: float
    width: int
    steps: int | None
    step_size: float | None
    radius: float | None
    failure_probability: float
    vacuous: bool
    source: str
    temperature: float = math.nan
    criterion: Criterion | None = None
    target: float = math.nan
    note: str = ""
    direction: Direction = "upper"
    family: Family = "sharp"
    loss: AnyLoss = "kl"
    margin: MarginKind = "min"
    margin_value: float | None = None
    confidence: float = 1.0

    @property
    def at_floor(self) -> bool:
        """Whether the row is the limit of infinitely many infinitely small steps."""
        return self.steps is None and self.step_size is None and self.direction == "upper"


@dataclass(frozen=True)
class Crossover(Record):
    """The margin where two widths are equal, over `gamma_range`.

    soft_smaller: below or above `gamma`; everywhere or nowhere (gamma None) on the range examined; mixed (several
    crossings, gamma is the smallest).
    """

    soft: str
    hard: str
    eps: float
    gamma: float | None
    soft_smaller: Side = "below"
    gamma_range: tuple[float, float] = (0.001, 0.5)
