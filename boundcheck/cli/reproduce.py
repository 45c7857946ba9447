"""`boundcheck reproduce`: the paper's experiments, its numbers beside ours."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, UNDECIDED, VIOLATED, Session
from boundcheck.records import CROWD, SCALING, Against

reproduce = typer.Typer(no_args_is_help=True, help="Repeat the paper's experiments, its numbers beside ours.")


def even_widths(text: str) -> tuple[int, ...]:
    """Even numbers of neurons, each once. Raises ValueError for anything else."""
    parts = options.classes(text)
    if not parts or not all(part.isdecimal() and int(part) >= 2 and int(part) % 2 == 0 for part in parts):
        raise ValueError("must be even numbers of neurons, at least 2, like 4,6,8")
    return tuple(sorted({int(part) for part in parts}))


def variances(text: str) -> tuple[float, ...]:
    """Positive numbers, each once. Raises ValueError for anything else."""
    try:
        values = sorted(set(options.numbers(text)))
    except ValueError:
        values = []
    if not values or not all(math.isfinite(value) and value > 0 for value in values):
        raise ValueError("must be positive variances, like 0.01,0.1")
    return tuple(values)


Digits = Annotated[str, Option("--data", metavar="DATA", help=f"Digits with classes 0 to 9: {options.DATA_HELP}")]
Images = Annotated[
    Path | None,
    Option("--data", metavar="FILE.npz", help="Two classes of images: X and y, or jpeg, offsets and label."),
]
Seeds = Annotated[int, Option(min=2, help="Seeds a cell, the same for hard and soft labels.")]


@dataclass(frozen=True)
class Table1Options:
    """Arguments of `pipeline.reproduce.table1`."""

    widths: Annotated[tuple[int, ...], Option(help="Widths of the students, even, comma-separated."), even_widths] = (
        2,
        4,
        6,
        8,
        16,
        32,
        64,
    )
    runs: Seeds = 20
    train_share: Annotated[
        float, Option(help="Share of the rows to train on; the rest: half validation, half test.")
    ] = 0.6
    steps: Annotated[int, Option(min=1, help="Steps of gradient descent of the students.")] = 1000
    subsample: options.Subsample = None


@reproduce.command()
@command
def table1(
    this: Session,
    *,
    wanted: Table1Options,
    data: Digits = "sklearn:digits",
    plot: options.Plot = None,
    latex: options.Latex = None,
    where: options.Training,
) -> None:
    """Table 1: two-layer students of few neurons, on hard labels or on a wide teacher's soft labels.

    Step size, radius and temperature are chosen on validation rows, for hard and soft labels each among equally many
    combinations. The default takes about ten minutes of processor time; --data with MNIST's 784 pixels costs ten times
    as much a row: use --subsample, --steps and fewer --widths. What is finished stays in the store; the same command
    resumes.

    Example: boundcheck reproduce table1 --plot table1.png --latex table1.tex
    """
    from boundcheck.pipeline.reproduce import table1

    with where.opened() as place:
        result = table1(data, **vars(wanted), seed=this.seed, **place, progress=this.progress)
    this.finish(result, data_sha256=result.data_sha256, about=result.provenance)


@dataclass(frozen=True)
class Figure1Options:
    """Arguments of `pipeline.reproduce.figure1`."""

    scale: Annotated[
        Literal["small", "paper"],
        Option(
            help="small: narrow networks, images of 16 x 16, minutes on two cores; paper: the paper's architecture, "
            "needs --data and a GPU."
        ),
    ] = "small"
    runs: Seeds = 10
    noise: Annotated[
        tuple[float, ...], Option(help="Variances of the noise; default: the paper's five."), variances
    ] = ()
    temperature: Annotated[float, Option(help="Temperature of the teacher.")] = 1.0
    subsample: Annotated[
        int | None, Option(min=20, help="Number of images; default: 1500 at small scale, all at the paper's.")
    ] = None


@reproduce.command()
@command
def figure1(
    this: Session,
    *,
    wanted: Figure1Options,
    data: Images = None,
    plot: options.Plot = None,
    latex: options.Latex = None,
    store: options.StoreFile = None,
) -> None:
    """Figure 1: a deep teacher and shallow students under noise; needs the extra `deep`.

    Without --data the images are generated: discs and rings. At small scale images of --data are averaged down to at
    most 16 x 16 pixels. The paper scale has not been measured: no GPU was at hand. What is finished stays in the store;
    the same command resumes.

    Example: boundcheck reproduce figure1 --plot figure1.png --latex figure1.tex
    """
    from boundcheck.pipeline.reproduce import figure1
    from boundcheck.search import Store

    with Store(store) as opened:
        result = figure1(data, **vars(wanted), seed=this.seed, store=opened, progress=this.progress)
    this.finish(result, data_sha256=result.data_sha256, files=(data,))


@dataclass(frozen=True)
class CrowdOptions:
    """Arguments of `pipeline.crowd_student.crowd_student`."""

    eps: Annotated[
        float, Option(help="Target average error against the truth, in (0, 1); a majority vote errs more than 0.05.")
    ] = 0.2
    crowds: Annotated[int, Option(min=1, help="Synthetic crowds drawn.")] = 16
    scenario: Annotated[str, Option(help="Kind of crowd: hardeasy, experts, mislead, parallel, ...")] = "hardeasy"
    workers: Annotated[int, Option(min=1, help="Workers of each crowd; all answer every task.")] = 30


@reproduce.command()
@command
def crowd(
    this: Session,
    *,
    wanted: CrowdOptions,
    data: options.OptionalData = None,
    rows: options.DataOptions,
    search: options.SearchOptions = options.SearchOptions.of(CROWD),  # noqa: B008
    store: options.StoreFile = None,
) -> None:
    """Does a student need fewer neurons with a crowd's soft labels than with hard majority labels?

    Crowds are drawn for the labels of DATA (default: 100 digits, 5-9 against 0-4), half of whose tasks are hard; for
    each the smallest width is searched that reaches --eps, the average error against the TRUTH. What is finished stays
    in the store; the same command resumes.

    Example: boundcheck reproduce crowd --crowds 16 --eps 0.2
    """
    from boundcheck.pipeline.crowd_student import crowd_student
    from boundcheck.search import Store

    dataset = None if data is None else this.load(data, rows)
    settings = search.settings()
    with Store(store) as opened:
        result = crowd_student(
            dataset, **vars(wanted), settings=settings, seed=this.seed, store=opened, progress=this.progress
        )
    this.finish(result, data_sha256=result.data_sha256)


@reproduce.command()
@command
def scaling(
    this: Session,
    *,
    against: Annotated[Against, Argument(help="What grows: 1/gamma, 1/eps or n.")],
    eps: options.Eps = 0.05,
    delta: options.Delta = 0.05,
    plot: options.Plot = None,
    search: options.SearchOptions = options.SearchOptions.of(SCALING),  # noqa: B008
    where: options.Training,
) -> None:
    """How does the smallest width grow with the margin, the error or the sample: exponents beside the theorems'.

    Width searches over a family of data of known margin, for soft and for hard labels. Exit code 3: a search was cut
    short.

    Example: boundcheck reproduce scaling gamma --plot scaling.png
    """
    from boundcheck.pipeline.scaling import scaling

    settings = search.settings()
    with where.opened() as place:
        fitted = scaling(
            against, eps=eps, delta=delta, settings=settings, seed=this.seed, **place, progress=this.progress
        )
    this.finish(fitted, exit_code=UNDECIDED if fitted.cut else HOLDS)


@dataclass(frozen=True)
class TemperatureOptions:
    """Arguments of `pipeline.logit_scales.logit_scales`."""

    logit_scales: Annotated[
        tuple[float, ...],
        Option(metavar="K,K,...", help="Logit scales kappa, comma-separated."),
        options.numbers,
    ] = (0.1, 1, 10)
    eps: options.Eps = 0.05
    delta: options.Delta = 0.05
    margin_draws: options.MarginDraws = None


@reproduce.command()
@command
def temperature(
    this: Session,
    *,
    wanted: TemperatureOptions,
    data: options.OptionalData = None,
    plot: options.Plot = None,
    rows: options.DataOptions,
    search: options.SearchOptions,
    where: options.Training,
) -> None:
    """Does the smallest width fall as labels get softer? Searches for labels sigmoid(kappa z), radius B = kappa.

    kappa = 1/tau is the logit scale, tau the temperature, z the kernel teacher's logits on DATA (default: eight points
    on a circle with alternating labels). Exit code 1: there is no margin and no teacher; 3: a search was cut short.

    Example: boundcheck reproduce temperature --logit-scales 0.1,1,10
    """
    from boundcheck.pipeline.logit_scales import logit_scales
    from boundcheck.pipeline.verify import EMBEDDED

    settings = search.settings()
    with where.opened() as place:
        dataset = this.load(EMBEDDED if data is None else data, rows)
        result = logit_scales(
            dataset, **vars(wanted), settings=settings, seed=this.seed, **place, progress=this.progress
        )
    code = {"no margin": VIOLATED, "cut short": UNDECIDED}.get(result.trend, HOLDS)
    this.finish(result, exit_code=code)
