"""What given soft labels cost to follow, by temperature."""

from dataclasses import dataclass

from boundcheck.records.base import Estimate, Interval, Record


@dataclass(frozen=True)
class Followed(Record):
    """No field of norm `radius` comes closer to the labels than `lower`, and one comes within `upper` (KL, nats)."""

    radius: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CostRow(Record):
    """What labels of one temperature cost.

    radius, kl_floor: B, and the interval of R*(B), the least KL divergence that a field of norm B leaves; its lower
    end holds for every such field, its upper end for one, with `confidence` over the draws that measured it.
    untrained: KL divergence of f = 0, in nats.  width: proved to bring the average KL risk to `share` of it; radius
    and width None where no field of the path leaves less.  follower: how often that field decides as the teacher on
    rows that it was not fitted to.  front: R* against the radius; the upper ends are the pilot's.
    """

    temperature: float
    untrained: float
    radius: float | None
    kl_floor: Interval | None
    width: int | None
    follower: Estimate | None
    front: tuple[Followed, ...] = ()


@dataclass(frozen=True)
class LabelsCost(Record):
    """The result of `labels cost`.

    curve: one row a temperature.  best: the lowest temperature whose width is within twice the smallest, None where no
    width is known.  failure: over W(0).  confidence: of all measurements together.  held_out: rows of `follower`.
    """

    data: str
    n: int
    source: str
    share: float
    failure: float
    confidence: float
    held_out: int
    curve: tuple[CostRow, ...]
    best: float | None

    @property
    def best_row(self) -> CostRow | None:
        """The row of `best`."""
        return next((row for row in self.curve if row.temperature == self.best), None)
