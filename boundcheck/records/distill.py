"""What `distill` finds: students on soft and on hard labels, on held-out rows."""

from dataclasses import dataclass
from typing import Literal

from boundcheck.records.base import Record
from boundcheck.records.reproduce import Choice, DistillSettings, MeanInterval

Effect = Literal["help", "hurt", "undecided"]
Footing = Literal["same radius", "each its own"]


@dataclass(frozen=True)
class DistillRow(Record):
    """One width on one footing: both kinds of labels at the same radius, or each trained in its own best way.

    gain: soft minus hard, the same initialisations and test rows. Intervals cover the draw of the initialisations and
    of the test rows; the training rows are what they are.
    """

    footing: Footing
    width: int
    hard: MeanInterval
    soft: MeanInterval
    gain: MeanInterval
    hard_choice: Choice
    soft_choice: Choice


@dataclass(frozen=True)
class Finding(Record):
    """Neighbouring widths on which soft labels have the same effect, and their gain averaged over these widths."""

    footing: Footing
    widths: tuple[int, ...]
    effect: Effect
    gain: MeanInterval


@dataclass(frozen=True)
class Distilled(Record):
    """The result of `distill`. teacher_accuracy: on the test rows, None where it has not labelled them."""

    data: str
    teacher: str
    teacher_accuracy: MeanInterval | None
    n_train: int
    n_validation: int
    n_test: int
    held_out: bool
    settings: DistillSettings
    rows: tuple[DistillRow, ...]
    findings: tuple[Finding, ...]
    cells_reused: int
