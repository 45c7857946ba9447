"""What `reproduce table1` and `reproduce figure1` find, and their settings."""

import math
from dataclasses import dataclass
from itertools import product
from typing import Literal

from boundcheck.records.base import Interval, Record

PaperVerdict = Literal["holds", "refuted", "undecided"]


@dataclass(frozen=True)
class MeanInterval(Record):
    """A mean over `runs` seeds with its two-sided interval at `confidence`."""

    mean: float
    lower: float
    upper: float
    runs: int
    confidence: float


@dataclass(frozen=True)
class PaperClaim(Record):
    """A statement of the paper, what the runs say of it, and the numbers that say so."""

    id: str
    statement: str
    verdict: PaperVerdict
    evidence: str


STEP_SIZES = (16.0, 32.0, 64.0, 128.0, 256.0)


@dataclass(frozen=True)
class Choice(Record):
    """One way to train: step size eta on the mean loss, radius B, temperature of the teacher (1 for hard labels).

    Soft targets are sigmoid(z / temperature) of the teacher's logits z; the student's own loss has temperature 1.
    """

    step_size: float
    radius: float
    temperature: float = 1.0


def _grid(*axes: tuple[float, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(*values) for values in product(*axes))


@dataclass(frozen=True)
class DistillSettings(Record):
    """Sizes of the experiment, and the ways to train among which validation data choose.

    Hard and soft choose among equally many, and among the same step sizes (a step size that only one of them may use
    decides the comparison); hard labels try more radii where soft ones try temperatures.
    runs: seeds a cell, the same for hard and soft.  selection_neurons: a choice rests on selection_neurons / width
    seeds, but at least 2 and at most `runs`: narrow networks differ most between seeds.  selection_rows: and on
    networks trained on at most so many rows.  train_share: of the rows; the rest is halved for validation and test.
    """

    widths: tuple[int, ...] = (2, 4, 6, 8, 16, 32, 64)
    runs: int = 20
    steps: int = 1000
    teacher_width: int = 512
    selection_neurons: int = 64
    selection_rows: int = 6000
    train_share: float = 0.6
    hard_grid: tuple[Choice, ...] = _grid(STEP_SIZES, (10.0, 30.0, 100.0, 300.0, 1000.0, math.inf))
    soft_grid: tuple[Choice, ...] = _grid(STEP_SIZES, (30.0, 300.0), (1.0, 4.0, 20.0))


@dataclass(frozen=True)
class Table1Row(Record):
    """One width on one data set. gain: soft minus hard, the same initialisations and test points.

    Intervals cover the draw of the initialisations and of the test points (`crossed`; the teacher is one network:
    test points only); the training data are what they are.  paper: its accuracies in per cent, None where it has
    none.  paper_gain_inside: whether its soft minus hard lies in the interval of `gain`.
    """

    data: str
    width: int
    teacher: MeanInterval
    hard: MeanInterval
    soft: MeanInterval
    gain: MeanInterval
    hard_choice: Choice
    soft_choice: Choice
    paper: dict[str, float] | None
    paper_gain_inside: bool | None


@dataclass(frozen=True)
class EqualFooting(Record):
    """Hard and soft labels at one step size and radius; nothing is chosen for soft labels.

    way: the step size is the best one for hard labels at this radius; its temperature is of the soft labels.
    Accuracies on validation rows after training on the trial rows, intervals over initialisations.
    paper_gain: soft minus hard of Table 1, None where it has none.
    """

    data: str
    width: int
    way: Choice
    hard: MeanInterval
    soft: MeanInterval
    gain: MeanInterval
    paper_gain: float | None = None


@dataclass(frozen=True)
class MarginDraw(Record):
    """Margins of random subsets of both data sets with the same number of rows.

    rkhs: exact up to a proved duality gap.  sup: the paper's gamma, certified where its interval says so; None
    where it was not computed.
    """

    rows: int
    rkhs_reduced: Interval
    rkhs_all: Interval
    sup_reduced: Interval | None = None
    sup_all: Interval | None = None


@dataclass(frozen=True)
class Table1(Record):
    """The result of `reproduce table1`. n_train, n_test, provenance: in the order of `datasets`."""

    source: str
    data_sha256: str
    datasets: tuple[str, ...]
    n_train: tuple[int, ...]
    n_test: tuple[int, ...]
    settings: DistillSettings
    rows: tuple[Table1Row, ...]
    margins: tuple[MarginDraw, ...]
    claims: tuple[PaperClaim, ...]
    cells_reused: int
    provenance: tuple[str, ...] = ()
    equal_footing: tuple[EqualFooting, ...] = ()


@dataclass(frozen=True)
class DeepSpec(Record):
    """How a network is trained; the paper gives Adam, L2, patience 20 and at most 100 epochs, the rest is ours."""

    convolutions: int
    channels: int
    step_size: float = 1e-3
    l2: float = 1e-4
    batch: int = 128
    epochs: int = 100
    patience: int = 20


@dataclass(frozen=True)
class Figure1Settings(Record):
    """Sizes of the networks and of the experiment; `SMALL` runs in minutes on two cores, `PAPER_SCALE` on a GPU."""

    teacher: DeepSpec
    student: DeepSpec
    noise: tuple[float, ...] = (0.01, 0.03, 0.05, 0.1, 0.2)
    runs: int = 10
    temperature: float = 1.0


@dataclass(frozen=True)
class Cell(Record):
    """Test accuracies of one run at one noise variance; hard and soft start at the same weights."""

    noise: float
    run: int
    teacher: float
    hard: float
    soft: float


@dataclass(frozen=True)
class Figure1Row(Record):
    """All runs at one noise variance; `gain` is soft minus hard, paired by run."""

    data: str
    noise: float
    teacher: MeanInterval
    hard: MeanInterval
    soft: MeanInterval
    gain: MeanInterval
    paper: dict[str, float] | None


@dataclass(frozen=True)
class Figure1(Record):
    """The result of `reproduce figure1`."""

    data: str
    data_sha256: str
    n: int
    settings: Figure1Settings
    rows: tuple[Figure1Row, ...]
    claims: tuple[PaperClaim, ...]
    cells_reused: int
