"""`boundcheck labels`: soft labels from a teacher, and what soft labels are worth."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import typer
from typer import Argument, Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.crowd import MethodName
from boundcheck.cli.output import HOLDS, UNDECIDED, VIOLATED, Session

labels = typer.Typer(no_args_is_help=True, help="Make soft labels with a teacher, check what soft labels are worth.")

File = Annotated[
    Path,
    Argument(
        metavar="FILE",
        help=".npz with p or logits, (n,) or (n, L), or .csv (- is stdin) with p, logits or p0,p1,...; optionally y.",
    ),
]
Truth = Annotated[
    str | None,
    Option(metavar="FILE|DATA", help="True labels: .csv or .npz with columns task,label, .npz with y, or DATA."),
]
Crowd = Annotated[
    bool, Option(help="The label sets come from people, not from a model: make assumption C and certify.")
]


WeightColumns = Annotated[
    tuple[str, ...],
    Option(metavar="NAME,...", help="Columns of FILE.csv with the weights of the classes."),
    options.classes,
]


@dataclass(frozen=True)
class Reading:
    """How FILE and the true labels are read: arguments of `pipeline.labels.labels_check`."""

    PANEL: ClassVar[str] = "What FILE holds"

    scores: Annotated[
        bool, Option(help="Rows of p are any numbers, not weights that sum to 1; only their order counts.")
    ] = False
    columns: WeightColumns = ()
    missing: options.Missing = ()


@dataclass(frozen=True)
class LabelSets:
    """Which labels are in the set of a row: fields of `LabelSettings`."""

    PANEL: ClassVar[str] = "Label sets"

    k: Annotated[
        int | None,
        Option(
            min=1,
            help="Labels in each set; default: chosen on a random half of the rows and tested on the other.",
        ),
    ] = None
    ties: Annotated[
        Literal["random", "inclusive", "exclusive"],
        Option(help="Labels of equal weight at place k: random (exactly k), inclusive (all), exclusive (none)."),
    ] = "random"
    drop_zero: Annotated[bool, Option(help="Labels of weight 0 are never in a set.")] = False
    candidates: Annotated[bool, Option(help="p holds 0 and 1: the set of labels that each row may have.")] = False


@dataclass(frozen=True)
class SampleSize:
    """For which students and errors samples are counted: fields of `LabelSettings`."""

    PANEL: ClassVar[str] = "How many samples"

    eps: options.Eps = 0.1
    failure: Annotated[float, Option(help="Sample sizes hold with probability 1 - failure.")] = 0.05
    natarajan: Annotated[int, Option(min=1, help="Natarajan dimension of the student's class of functions.")] = 1
    class_size: Annotated[int | None, Option(min=1, help="Number of functions in a finite class of students.")] = None
    noise: Annotated[
        float | None, Option(help="Also print what exact labels with noise N(0, NOISE^2) on each weight would give.")
    ] = None
    soft_fraction: Annotated[
        float | None,
        Option(help="Also print what this share of the soft labels would give, the others being exact."),
    ] = None


@labels.command()
@command
def check(
    this: Session,
    *,
    file: File,
    reading: Reading,
    sets: LabelSets,
    sizes: SampleSize,
    truth: Truth = None,
    crowd: Crowd = False,
    alpha: Annotated[float, Option(help="All intervals hold together with probability 1 - alpha.")] = 0.05,
    no_split: Annotated[bool, Option(help="Use all rows both to choose and to test k; intervals widen.")] = False,
    rows: options.DataOptions,
) -> None:
    """Say what soft labels are worth: how often the truth is missed, which wrong labels intrude, can it be learnt from.

    A model's labels are a function of the input: its indicators are diagnostics, not a guarantee, and the exit code is
    0. With --crowd the label sets are taken to be independent of the input given the class (assumption C). Exit code 0:
    certified; 1: refuted, a student that minimises the superset risk ends up wrong somewhere; 3: undecided.

    Example: boundcheck labels check crowd.npz --truth truth.csv
    """
    from boundcheck.pipeline.labels import LabelSettings, labels_check

    if truth is not None and (":" in truth or replace(rows, positive=()) != options.DataOptions()):
        this.load(truth, rows)
    settings = LabelSettings(
        **vars(sets), **vars(sizes), alpha=alpha, split=not no_split, deterministic=not crowd, seed=this.seed
    )
    truths = None if truth is None or this.data is not None else Path(truth)
    report = labels_check(
        file,
        truths if this.data is None else this.data,
        settings,
        **vars(reading),
        positive=rows.positive if this.data is None else (),
        progress=this.progress,
    )
    undecided = report.makes_claim and not report.certified
    this.finish(
        report,
        exit_code=VIOLATED if report.refuted else UNDECIDED if undecided else HOLDS,
        files=(file, truths),
    )


TeacherName = Annotated[Literal["kernel", "network", "smoothing", "file", "crowd"], Option(help="Who labels.")]
Output = Annotated[Path, Option("--output", "-o", metavar="FILE.npz", help="Where the soft labels go.")]
Smoothing = Annotated[float, Option(help="With smoothing: p = 1 - smoothing/2 on the true class.")]


def fitted_or_number(text: str) -> float | None:
    """A temperature; None for auto. Raises ValueError for anything else."""
    try:
        return None if text == "auto" else float(text)
    except ValueError as error:
        raise ValueError("give a positive number, or auto") from error


Temperature = Annotated[
    float | None,
    Option(help="With network, file, crowd: divide the logits by this, or auto: calibrate them."),
    fitted_or_number,
]


@dataclass(frozen=True)
class KernelTeacher:
    """Fields of `TeacherSettings`."""

    PANEL: ClassVar[str] = "With --teacher kernel"

    norm: Annotated[Literal["sup", "rkhs"], Option(help="Maximiser of the margin in this norm.")] = "sup"
    logit_scale: Annotated[float, Option(help="kappa: labels are sigmoid(kappa z).")] = 1.0
    margin_draws: options.MarginDraws = None


@dataclass(frozen=True)
class NetworkTeacher:
    """Fields of `TeacherSettings`."""

    PANEL: ClassVar[str] = "With --teacher network"

    width: Annotated[int, Option(min=2, help="Neurons, even.")] = 512
    folds: Annotated[int, Option(min=2, help="Folds of the cross-fitting.")] = 5
    no_cross_fit: Annotated[bool, Option(help="Let it label its own training points.")] = False
    steps: Annotated[int, Option(min=1, help="Steps of gradient descent.")] = 1000
    step_size: Annotated[float, Option(help="Step size on the mean loss.")] = 4.0


@dataclass(frozen=True)
class GivenTeacher:
    """Fields of `TeacherSettings`."""

    PANEL: ClassVar[str] = "With --teacher file or crowd"

    source: Annotated[
        Path | None, Option("--from", metavar="FILE", help="With file: .npz or .csv with p or logits.")
    ] = None
    answers: Annotated[
        Path | None,
        Option(metavar="FILE", help="With crowd: task,worker,label (.csv) or X (.npz); tasks are rows of DATA."),
    ] = None
    positive_answers: Annotated[
        tuple[str, ...],
        Option(help="With crowd: labels of the answers that mean +1, comma-separated."),
        options.classes,
    ] = ()
    missing: options.Missing = ()
    columns: Annotated[
        tuple[str, ...],
        Option(metavar="NAME,...", help="With crowd: TASK,WORKER,LABEL of a csv; with file: its columns of weights."),
        options.classes,
    ] = ()
    method: Annotated[MethodName, Option(help="With crowd: the model, as in `boundcheck crowd`.")] = "auto"


@dataclass(frozen=True)
class CostOptions:
    """Arguments of `pipeline.labels_cost.labels_cost`."""

    share: Annotated[float, Option(help="Share of the KL risk of f = 0 that may be left.")] = 0.5
    temperatures: Annotated[
        tuple[float, ...],
        Option(metavar="T,T,...", help="Each divides the logits of the labels."),
        options.numbers,
    ] = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    delta: options.Delta = 0.05
    columns: WeightColumns = ()


@labels.command()
@command
def cost(
    this: Session,
    *,
    file: File,
    data: Annotated[str, Option("--data", metavar="DATA", help=f"The rows: {options.DATA_HELP}")],
    wanted: CostOptions,
    plot: options.Plot = None,
    rows: options.DataOptions,
) -> None:
    """Say how many neurons it takes to follow the soft labels in FILE, and at which temperature it takes few.

    For each temperature: the least KL divergence that a field of growing radius leaves (what no network in the lazy
    regime can follow), and the radius and width at which gradient descent is proved to leave at most --share of the KL
    risk of f = 0.

    Example: boundcheck labels cost soft.npz --data sklearn:digits --positive 5,6,7,8,9
    """
    from boundcheck.pipeline.labels_cost import labels_cost

    dataset = this.load(data, rows)
    report = labels_cost(file, dataset, **vars(wanted), seed=this.seed, progress=this.progress)
    this.finish(report, files=(file,))


@labels.command()
@command
def make(
    this: Session,
    *,
    data: options.Data,
    output: Output,
    kernel: KernelTeacher,
    network: NetworkTeacher,
    given: GivenTeacher,
    teacher: TeacherName = "kernel",
    temperature: Temperature = 1.0,
    smoothing: Smoothing = 0.1,
    rows: options.DataOptions,
) -> None:
    """Write soft labels for DATA: what a teacher says of every row, for `verify --labels FILE`.

    kernel: the margin's maximiser, as in the theory.  network: a trained two-layer network that never labels its own
    training points.  smoothing: the true label, softened.  file: p or logits of your own, checked and tempered.
    crowd: the posterior of the --answers; their tasks are named by row numbers of DATA, from 0, and --positive-answers
    says which labels mean the class +1 of DATA (default: the larger of two).

    Example: boundcheck labels make sklearn:digits --positive 5,6,7,8,9 --teacher network -o soft.npz
    """
    from boundcheck.pipeline.labels import TeacherSettings, labels_make

    settings = TeacherSettings(
        **vars(kernel), **vars(network), **vars(given),
        temperature=temperature, smoothing=smoothing, positive=rows.positive,
    )  # fmt: skip
    dataset = this.load(data, rows)
    made = labels_make(dataset, teacher, output, settings=settings, seed=this.seed, progress=this.progress)
    this.finish(made, files=(given.source, given.answers))
