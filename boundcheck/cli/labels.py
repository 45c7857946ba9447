"""`boundcheck labels`: soft labels from a teacher, and what soft labels are worth."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.crowd import MethodName
from boundcheck.cli.output import HOLDS, UNDECIDED, VIOLATED, Session
from boundcheck.errors import InputError

labels = typer.Typer(no_args_is_help=True, help="Make soft labels with a teacher, check what soft labels are worth.")

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help=".npz with p or logits, (n,) or (n, L), or .csv (- is stdin) with p, logits or p0,p1,...; optionally y.",
    ),
]
Truth = Annotated[
    str | None,
    typer.Option(
        "--truth", metavar="FILE|DATA", help="True labels: .csv or .npz with columns task,label, .npz with y, or DATA."
    ),
]
K = Annotated[
    int | None,
    typer.Option(
        "--k", min=1, help="Labels in each set; default: chosen on a random half of the rows and tested on the other."
    ),
]
Alpha = Annotated[float, typer.Option("--alpha", help="All intervals hold together with probability 1 - alpha.")]
Ties = Annotated[
    str,
    typer.Option(
        "--ties", help="Labels of equal weight at place k: random (exactly k), inclusive (all), exclusive (none)."
    ),
]
DropZero = Annotated[bool, typer.Option("--drop-zero", help="Labels of weight 0 are never in a set.")]
NoSplit = Annotated[
    bool, typer.Option("--no-split", help="Use all rows both to choose and to test k; intervals widen.")
]
Candidates = Annotated[
    bool, typer.Option("--candidates", help="p holds 0 and 1: the set of labels that each row may have.")
]
Crowd = Annotated[
    bool,
    typer.Option("--crowd", help="The label sets come from people, not from a model: make assumption C and certify."),
]
Scores = Annotated[
    bool,
    typer.Option("--scores", help="Rows of p are any numbers, not weights that sum to 1; only their order counts."),
]
Failure = Annotated[float, typer.Option("--delta", help="Sample sizes hold with probability 1 - delta.")]
Natarajan = Annotated[
    int, typer.Option("--natarajan", min=1, help="Natarajan dimension of the student's class of functions.")
]
ClassSize = Annotated[
    int | None, typer.Option("--class-size", min=1, help="Number of functions in a finite class of students.")
]
Noise = Annotated[
    float | None,
    typer.Option("--noise", help="Also print what exact labels with noise N(0, NOISE^2) on each weight would give."),
]
SoftFraction = Annotated[
    float | None,
    typer.Option(
        "--soft-fraction", help="Also print what this share of the soft labels would give, the others being exact."
    ),
]

WeightColumns = Annotated[
    str | None,
    typer.Option("--columns", metavar="NAME,...", help="Columns of FILE.csv with the weights of the classes."),
]

TeacherName = Annotated[str, typer.Option("--teacher", help="kernel, network, smoothing, file or crowd.")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FILE.npz", help="Where the soft labels go.")]
From = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="With file: .npz or .csv with p or logits.")]
CrowdAnswers = Annotated[
    Path | None,
    typer.Option(
        "--answers", metavar="FILE", help="With crowd: task,worker,label (.csv) or X (.npz); tasks are rows of DATA."
    ),
]
PositiveAnswers = Annotated[
    str | None,
    typer.Option("--positive-answers", help="With crowd: labels of the answers that mean +1, comma-separated."),
]
MakeColumns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAME,...",
        help="With crowd: TASK,WORKER,LABEL of a csv; with file: its columns of weights.",
    ),
]
CrowdMethod = Annotated[MethodName, typer.Option("--method", help="With crowd: the model, as in `boundcheck crowd`.")]
Norm = Annotated[str, typer.Option("--norm", help="With kernel: maximiser of the sup or the rkhs margin.")]
LogitScale = Annotated[float, typer.Option("--logit-scale", help="With kernel: kappa, labels sigmoid(kappa z).")]
Width = Annotated[int, typer.Option("--width", min=2, help="With network: neurons, even.")]
Folds = Annotated[int, typer.Option("--folds", min=2, help="With network: folds of the cross-fitting.")]
NoCrossFit = Annotated[bool, typer.Option("--no-cross-fit", help="With network: let it label its own training points.")]
Steps = Annotated[int, typer.Option("--steps", min=1, help="With network: steps of gradient descent.")]
StepSize = Annotated[float, typer.Option("--step-size", help="With network: step size on the mean loss.")]
Temperature = Annotated[
    str,
    typer.Option(
        "--temperature", help="With network, file, crowd: divide the logits by this, or auto: calibrate them."
    ),
]
Smoothing = Annotated[float, typer.Option("--alpha", help="With smoothing: p = 1 - alpha/2 on the true class.")]


@labels.command()
@command
def check(
    this: Session,
    file: File,
    truth: Truth = None,
    k: K = None,
    alpha: Alpha = 0.05,
    ties: Ties = "random",
    drop_zero: DropZero = False,
    no_split: NoSplit = False,
    candidates: Candidates = False,
    crowd: Crowd = False,
    scores: Scores = False,
    eps: options.Eps = 0.1,
    delta: Failure = 0.05,
    natarajan: Natarajan = 1,
    class_size: ClassSize = None,
    noise: Noise = None,
    soft_fraction: SoftFraction = None,
    missing: options.Missing = None,
    columns: WeightColumns = None,
    rows: options.DataOptions = options.ROWS,
) -> None:
    """Say what soft labels are worth: how often the truth is missed, which wrong labels intrude, can it be learnt from.

    A model's labels are a function of the input: its indicators are diagnostics, not a guarantee, and the exit code is
    0. With --crowd the label sets are taken to be independent of the input given the class (assumption C). Exit code 0:
    certified; 1: refuted, a student that minimises the superset risk ends up wrong somewhere; 3: undecided.

    Example: boundcheck labels check crowd.npz --truth truth.csv
    """
    from boundcheck.datasets import Dataset
    from boundcheck.pipeline.labels import LabelSettings, labels_check

    if ties not in ("random", "inclusive", "exclusive"):
        raise InputError(f"--ties {ties}: unknown; use random, inclusive or exclusive")
    known: Path | Dataset | None = None if truth is None else Path(truth)
    if truth is not None and (":" in truth or replace(rows, positive=None) != options.ROWS):
        known = rows.load(truth, this.seed)
    report = labels_check(
        file,
        known,
        LabelSettings(
            k=k,
            alpha=alpha,
            ties=ties,  # type: ignore[arg-type]
            drop_zero=drop_zero,
            split=not no_split,
            candidates=candidates,
            deterministic=not crowd,
            eps=eps,
            failure=delta,
            natarajan=natarajan,
            class_size=class_size,
            noise=noise,
            soft_fraction=soft_fraction,
            seed=this.seed,
        ),
        scores=scores,
        positive=() if isinstance(known, Dataset) else options.classes(rows.positive),
        missing=options.tokens(missing),
        columns=options.classes(columns),
        progress=this.progress,
    )
    code = HOLDS if report.certified or not report.makes_claim else UNDECIDED
    this.finish(
        report,
        exit_code=VIOLATED if report.refuted else code,
        data=known if isinstance(known, Dataset) else None,
        files=(file, None if isinstance(known, Dataset) else known),
    )


@labels.command()
@command
def cost(
    this: Session,
    file: File,
    data: Annotated[str, typer.Option("--data", metavar="DATA", help=f"The rows: {options.DATA_HELP}")],
    share: Annotated[float, typer.Option("--share", help="Share of the KL risk of f = 0 that may be left.")] = 0.5,
    temperatures: Annotated[
        str, typer.Option("--temperatures", metavar="T,T,...", help="Each divides the logits of the labels.")
    ] = "1,2,4,8,16,32,64,128,256",
    delta: options.Delta = 0.05,
    columns: WeightColumns = None,
    plot: options.Plot = None,
    rows: options.DataOptions = options.ROWS,
) -> None:
    """Say how many neurons it takes to follow the soft labels in FILE, and at which temperature it takes few.

    For each temperature: the least KL divergence that a field of growing radius leaves (what no network in the lazy
    regime can follow), and the radius and width at which gradient descent is proved to leave at most --share of the KL
    risk of f = 0.

    Example: boundcheck labels cost soft.npz --data sklearn:digits --positive 5,6,7,8,9
    """
    from boundcheck.pipeline.labels_cost import labels_cost

    options.check_outputs(plot)
    dataset = rows.load(data, this.seed)
    report = labels_cost(
        file,
        dataset,
        share=share,
        temperatures=options.numbers(temperatures, "--temperatures"),
        delta=delta,
        columns=options.classes(columns),
        seed=this.seed,
        progress=this.progress,
    )
    this.finish(report, data=dataset, plot=plot, files=(file,))


@labels.command()
@command
def make(
    this: Session,
    data: options.Data,
    out: Out,
    teacher: TeacherName = "kernel",
    source: From = None,
    answers: CrowdAnswers = None,
    positive_answers: PositiveAnswers = None,
    missing: options.Missing = None,
    columns: MakeColumns = None,
    method: CrowdMethod = "auto",
    norm: Norm = "sup",
    logit_scale: LogitScale = 1.0,
    margin_draws: options.MarginDraws = None,
    width: Width = 512,
    folds: Folds = 5,
    no_cross_fit: NoCrossFit = False,
    steps: Steps = 1000,
    step_size: StepSize = 4.0,
    temperature: Temperature = "1",
    alpha: Smoothing = 0.1,
    rows: options.DataOptions = options.ROWS,
) -> None:
    """Write soft labels for DATA: what a teacher says of every row, for `verify --labels FILE`.

    kernel: the margin's maximiser, as in the theory.  network: a trained two-layer network that never labels its own
    training points.  smoothing: the true label, softened.  file: p or logits of your own, checked and tempered.
    crowd: the posterior of the --answers; their tasks are named by row numbers of DATA, from 0, and --positive-answers
    says which labels mean the class +1 of DATA (default: the larger of two).

    Example: boundcheck labels make sklearn:digits --positive 5,6,7,8,9 --teacher network -o soft.npz
    """
    from boundcheck.pipeline.labels import TeacherSettings, labels_make

    options.check_outputs(None, out)
    if norm not in ("sup", "rkhs"):
        raise InputError(f"--norm {norm}: unknown; use sup or rkhs")
    settings = TeacherSettings(
        norm=norm,  # type: ignore[arg-type]
        logit_scale=logit_scale,
        margin_draws=margin_draws,
        width=width,
        folds=None if no_cross_fit else folds,
        steps=steps,
        step_size=step_size,
        alpha=alpha,
        path=source,
        answers=answers,
        positive=options.classes(rows.positive),
        positive_answers=options.classes(positive_answers),
        missing=options.tokens(missing),
        columns=options.classes(columns),
        method=method,
        temperature=_temperature(temperature),
    )
    dataset = rows.load(data, this.seed)
    report = labels_make(
        dataset,
        teacher,  # type: ignore[arg-type]
        out,
        settings=settings,
        seed=this.seed,
        progress=this.progress,
    )
    this.finish(report, data=dataset, files=(source, answers))


def _temperature(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"--temperature {text}: give a positive number, or auto") from error
