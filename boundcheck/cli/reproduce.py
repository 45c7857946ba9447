"""`boundcheck reproduce`: the paper's experiments, its numbers beside ours."""

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, UNDECIDED, VIOLATED, Session
from boundcheck.errors import InputError
from boundcheck.records import CROWD, SCALING, Against

reproduce = typer.Typer(no_args_is_help=True, help="Repeat the paper's experiments, its numbers beside ours.")

Digits = Annotated[str, typer.Option("--data", metavar="DATA", help=f"Digits with classes 0 to 9: {options.DATA_HELP}")]
Images = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE.npz", help="Two classes of images: X and y, or jpeg, offsets and label."),
]
Widths = Annotated[str, typer.Option("--widths", help="Widths of the students, even, comma-separated.")]
Runs = Annotated[int, typer.Option("--runs", min=2, help="Seeds a cell, the same for hard and soft labels.")]
TrainShare = Annotated[
    float, typer.Option("--train-share", help="Share of the rows to train on; the rest: half validation, half test.")
]
Steps = Annotated[
    int, typer.Option("--steps", min=1, help="Steps of gradient descent; the teacher makes twice as many.")
]
Scale = Annotated[
    Literal["small", "paper"],
    typer.Option(
        "--scale",
        help="small: narrow networks, images of 16 x 16, minutes on two cores; paper: the paper's architecture, needs "
        "--data and a GPU.",
    ),
]
Noise = Annotated[str | None, typer.Option("--noise", help="Variances of the noise; default: the paper's five.")]
ImageCount = Annotated[
    int | None,
    typer.Option("--subsample", min=20, help="Number of images; default: 1500 at small scale, all at the paper's."),
]
Temperature = Annotated[float, typer.Option("--temperature", help="Temperature of the teacher.")]
Latex = Annotated[Path | None, typer.Option("--latex", metavar="FILE", help="Write the table as a LaTeX document.")]
Crowds = Annotated[int, typer.Option("--crowds", min=1, help="Synthetic crowds drawn.")]
Scenario = Annotated[str, typer.Option("--scenario", help="Kind of crowd: hardeasy, experts, mislead, parallel, ...")]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Workers of each crowd; all answer every task.")]
LogitScales = Annotated[
    str, typer.Option("--logit-scales", metavar="K,K,...", help="Logit scales kappa, comma-separated.")
]
_CROWD, _SCALING = options.SearchOptions.of(CROWD), options.SearchOptions.of(SCALING)


@reproduce.command()
@command
def table1(
    this: Session,
    data: Digits = "sklearn:digits",
    widths: Widths = "2,4,6,8,16,32,64",
    runs: Runs = 20,
    train_share: TrainShare = 0.6,
    steps: Steps = 1000,
    subsample: options.Subsample = None,
    store: options.StoreFile = None,
    plot: options.Plot = None,
    latex: Latex = None,
) -> None:
    """Table 1: two-layer students of few neurons, on hard labels or on a wide teacher's soft labels.

    Step size, radius and temperature are chosen on validation rows, for hard and soft labels each among equally many
    combinations. The default takes about ten minutes of processor time; --data with MNIST's 784 pixels costs ten times
    as much a row: use --subsample, --steps and fewer --widths. What is finished stays in the store; the same command
    resumes.

    Example: boundcheck reproduce table1 --plot table1.png --latex table1.tex
    """
    from boundcheck.pipeline.reproduce import table1
    from boundcheck.pipeline.verify import Store

    chosen = _widths(widths)
    if not 0 < train_share < 1:
        raise InputError(f"--train-share {train_share:g} is outside (0, 1); use a share like 0.6")
    options.check_outputs(plot, latex)
    with Store(store) as opened:
        result = table1(
            data,
            widths=chosen,
            runs=runs,
            steps=steps,
            train_share=train_share,
            subsample=subsample,
            seed=this.seed,
            store=opened,
            progress=this.progress,
        )
    this.finish(
        result,
        data_sha256=result.data_sha256,
        notes=result.provenance,
        plot=plot,
        latex=None if latex is None else str(latex),
    )


@reproduce.command()
@command
def figure1(
    this: Session,
    scale: Scale = "small",
    data: Images = None,
    runs: Runs = 10,
    noise: Noise = None,
    temperature: Temperature = 1.0,
    subsample: ImageCount = None,
    store: options.StoreFile = None,
    plot: options.Plot = None,
    latex: Latex = None,
) -> None:
    """Figure 1: a deep teacher and shallow students under noise; needs the extra `deep`.

    Without --data the images are generated: discs and rings. At small scale images of --data are averaged down to at
    most 16 x 16 pixels. The paper scale has not been measured: no GPU was at hand. What is finished stays in the store;
    the same command resumes.

    Example: boundcheck reproduce figure1 --plot figure1.png --latex figure1.tex
    """
    from boundcheck.pipeline.reproduce import figure1
    from boundcheck.pipeline.verify import Store

    if scale == "paper" and data is None:
        raise InputError("--scale paper: needs the paper's kind of images; give them with --data FILE.npz")
    if not temperature > 0:
        raise InputError(f"--temperature {temperature:g} is not positive; use a number like 1")
    options.check_outputs(plot, latex)
    variances = None if noise is None else _variances(noise)
    with Store(store) as opened:
        result = figure1(
            data,
            scale=scale,
            runs=runs,
            noise=variances,
            temperature=temperature,
            subsample=subsample,
            seed=this.seed,
            store=opened,
            progress=this.progress,
        )
    this.finish(
        result,
        data_sha256=result.data_sha256,
        files=(data,),
        plot=plot,
        latex=None if latex is None else str(latex),
    )


@reproduce.command()
@command
def crowd(
    this: Session,
    data: options.OptionalData = None,
    eps: options.Eps = 0.2,
    crowds: Crowds = 16,
    scenario: Scenario = "hardeasy",
    workers: Workers = 30,
    store: options.StoreFile = None,
    rows: options.DataOptions = options.ROWS,
    search: options.SearchOptions = _CROWD,
) -> None:
    """Does a student need fewer neurons with a crowd's soft labels than with hard majority labels?

    Crowds are drawn for the labels of DATA (default: 100 digits, 5-9 against 0-4), half of whose tasks are hard; for
    each the smallest width is searched that reaches --eps, the average error against the TRUTH. What is finished stays
    in the store; the same command resumes.

    Example: boundcheck reproduce crowd --crowds 16 --eps 0.2
    """
    from boundcheck.pipeline.crowd_student import crowd_student
    from boundcheck.pipeline.verify import Store

    dataset = None if data is None else rows.load(data, this.seed)
    with Store(store) as opened:
        result = crowd_student(
            dataset,
            eps=eps,
            scenario=scenario,
            workers=workers,
            crowds=crowds,
            settings=search.settings(),
            seed=this.seed,
            store=opened,
            progress=this.progress,
        )
    this.finish(result, data=dataset, data_sha256=result.data_sha256)


@reproduce.command()
@command
def scaling(
    this: Session,
    against: Annotated[Against, typer.Argument(help="What grows: 1/gamma, 1/eps or n.")],
    eps: options.Eps = 0.05,
    delta: options.Delta = 0.05,
    store: options.StoreFile = None,
    dask: options.Dask = None,
    plot: options.Plot = None,
    search: options.SearchOptions = _SCALING,
) -> None:
    """How does the smallest width grow with the margin, the error or the sample: exponents beside the theorems'.

    Width searches over a family of data of known margin, for soft and for hard labels. Exit code 3: a search was cut
    short.

    Example: boundcheck reproduce scaling gamma --plot scaling.png
    """
    from boundcheck.pipeline.scaling import scaling
    from boundcheck.pipeline.verify import Store, open_executor

    options.check_outputs(plot)
    settings = search.settings()
    with Store(store) as opened, open_executor(dask) as executor:
        fitted = scaling(
            against,
            eps=eps,
            delta=delta,
            settings=settings,
            seed=this.seed,
            store=opened,
            executor=executor,
            progress=this.progress,
        )
    this.finish(fitted, exit_code=UNDECIDED if fitted.cut else HOLDS, plot=plot)


@reproduce.command()
@command
def temperature(
    this: Session,
    data: options.OptionalData = None,
    logit_scales: LogitScales = "0.1,1,10",
    eps: options.Eps = 0.05,
    delta: options.Delta = 0.05,
    margin_draws: options.MarginDraws = None,
    store: options.StoreFile = None,
    dask: options.Dask = None,
    plot: options.Plot = None,
    rows: options.DataOptions = options.ROWS,
    search: options.SearchOptions = options.SEARCH,
) -> None:
    """Does the smallest width fall as labels get softer? Searches for labels sigmoid(kappa z), radius B = kappa.

    kappa = 1/tau is the logit scale, tau the temperature, z the kernel teacher's logits on DATA (default: eight points
    on a circle with alternating labels). Exit code 1: there is no margin and no teacher; 3: a search was cut short.

    Example: boundcheck reproduce temperature --logit-scales 0.1,1,10
    """
    from boundcheck.pipeline.logit_scales import logit_scales as search_logit_scales
    from boundcheck.pipeline.verify import EMBEDDED, Store, open_executor

    options.check_outputs(plot)
    settings = search.settings()
    with Store(store) as opened, open_executor(dask) as executor:
        dataset = rows.load(EMBEDDED if data is None else data, this.seed)
        result = search_logit_scales(
            dataset,
            options.numbers(logit_scales, "--logit-scales"),
            eps=eps,
            delta=delta,
            settings=settings,
            seed=this.seed,
            margin_draws=margin_draws,
            store=opened,
            executor=executor,
            progress=this.progress,
        )
    code = {"no margin": VIOLATED, "cut short": UNDECIDED}.get(result.trend, HOLDS)
    this.finish(result, exit_code=code, data=dataset, plot=plot if result.rows else None)


def _widths(text: str) -> tuple[int, ...]:
    parts = options.classes(text)
    if not parts or not all(part.isdecimal() and int(part) >= 2 and int(part) % 2 == 0 for part in parts):
        raise InputError(f"--widths {text!r}: must be even numbers of neurons, at least 2, like 4,6,8")
    return tuple(sorted({int(part) for part in parts}))


def _variances(text: str) -> tuple[float, ...]:
    try:
        values = sorted({float(part) for part in options.classes(text)})
    except ValueError:
        values = []
    if not values or not all(math.isfinite(value) and value > 0 for value in values):
        raise InputError(f"--noise {text!r}: must be positive variances, like 0.01,0.1")
    return tuple(values)
