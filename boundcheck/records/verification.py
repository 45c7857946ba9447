"""What `verify` finds: verdicts, the ladder from theorem to practice, searches and runs that were judged."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from boundcheck.records.base import Interval, Record
from boundcheck.records.bounds import BoundRow
from boundcheck.records.search import Search
from boundcheck.records.training import AnyLabels, AnyLoss, Training, TrainingSpec


class Verdict(enum.Enum):
    """What was found, in one word; `EXIT_CODE` maps it to the exit code of the command line."""

    CONSISTENT = "consistent"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    ASSUMPTION_FAILS = "assumption fails"


@dataclass(frozen=True)
class Judgement(Record):
    """A verdict with the sentence that justifies it."""

    verdict: Verdict
    reason: str


class Judged(Record):
    """A record with a `judgement`, whose `verdict` and `reason` stand at the top level of the JSON."""

    def to_json(self) -> dict[str, Any]:
        """`verdict` and `reason` at the top level."""
        body = super().to_json()
        verdict: dict[str, Any] = body.pop("judgement")
        return body | verdict

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return super().from_json({**body, "judgement": {key: body[key] for key in ("verdict", "reason")}})


@dataclass(frozen=True)
class Rung(Record):
    """One step of the ladder from theorem to practice.

    kind: proved (holds for every data set with this margin), certified (holds for the runs examined, no
    probability involved), estimated (trained networks; `bracket` is then the interval) or needed (fewer neurons cannot
    do, whatever the labels).  factor: this width over
    the next rung's of the same loss, i.e. what the step down gains; None at the end or where a width is missing.
    width None: none was shown to qualify, and none up to `searched_to` does (with the rung's kind of certainty).
    """

    bound: str
    labels: AnyLabels
    loss: AnyLoss
    width: int | None
    kind: str
    factor: float | None = None
    radius: float | None = None
    bracket: tuple[int, int | None] | None = None
    searched_to: int | None = None
    note: str = ""


@dataclass(frozen=True)
class ExcludedShare(Record):
    """One width: for how many of its W(0) no network in the ball errs little enough.

    impossible: of `seeds` W(0), for so many it is shown; open: for so many it is not known, or would not change the
    answer.  lower: exact lower limit of the share.  excluded: it is above 1 - success target.
    """

    width: int
    seeds: int
    impossible: int
    open: int
    lower: float
    excluded: bool


@dataclass(frozen=True)
class Exclusion(Record):
    """Widths at which no training in the ball of radius B succeeds often enough, whatever the labels and the loss.

    errors: rows that may be wrong.  least_width: the smallest even width that is not excluded.
    confidence: of all exclusions together.
    """

    radius: float
    errors: int
    success_target: float
    confidence: float
    seed: int
    least_width: int
    shares: tuple[ExcludedShare, ...]


@dataclass(frozen=True)
class SoftAgainstHard(Record):
    """Soft against hard from two searches; `separated` says that their brackets do not overlap."""

    soft: str
    hard: str
    separated: bool
    smaller: str | None
    statement: str


@dataclass(frozen=True)
class WidthSearchReport(Judged):
    """The result of `verify --width-search`; its fields are the JSON keys.

    notes: about given labels, the radius that follows them and what holds their searches back.
    """

    data: str
    n: int
    d: int
    eps: float
    gamma: Interval
    training: Training
    searches: tuple[Search, ...]
    comparisons: tuple[SoftAgainstHard, ...]
    ladder: tuple[Rung, ...]
    judgement: Judgement
    exclusion: Exclusion | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgedRun(Record):
    """One run at a fixed width, with its a-posteriori certificate (None where nothing keeps it within a radius).

    average_error is over the steps made; average_error_bounds enclose the average over all steps.
    """

    seed: int
    average_error: float
    average_error_bounds: tuple[float, float]
    average_risk: float
    certificate: float | None
    final_error: float
    flip_fraction: float
    movement: float


@dataclass(frozen=True)
class WidthReport(Judged):
    """The result of `verify --width M`; its fields are the JSON keys.

    eps: what the bound promises, of the average error or (soft-kl-published) of the average risk.  until_decided: each
    run was stopped once its average error could no longer cross eps; else all made every step.
    """

    data: str
    n: int
    d: int
    eps: float
    gamma: Interval
    width: int
    training: Training
    until_decided: bool
    bound: BoundRow
    spec: TrainingSpec
    runs: tuple[JudgedRun, ...]
    failure_rate: Interval
    judgement: Judgement
