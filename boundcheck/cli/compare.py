"""`boundcheck compare`: how many neurons every theorem asks for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session
from boundcheck.errors import InputError

EpsList = Annotated[list[float], typer.Option("--eps", help="Target average error in (0, 1); repeatable.")]
GammaList = Annotated[
    list[float] | None,
    typer.Option("--gamma", help="Margin in (0, 1/2]; repeatable. Default: --data's, or a grid from 0.01 to 0.3."),
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", metavar="DATA", help="Use this data's certified lower margin; or a saved teacher (.npz)."),
]
Samples = Annotated[int | None, typer.Option("--n", min=1, help="Samples n. Default: --data's, or 1000.")]
Norm = Annotated[
    float | None, typer.Option("--c", help="Lower bound of ||x_i||. Default: --data's, or 2 gamma (always valid).")
]
BoundIds = Annotated[list[str] | None, typer.Option("--bound", help="Bound id; repeatable. Default: all.")]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="Steps T of the sharp bounds. Default: the floor.")]
StepSize = Annotated[float | None, typer.Option("--step-size", help="Step size eta of the sharp bounds.")]
LogitScale = Annotated[
    float, typer.Option("--logit-scale", help="kappa: soft labels are sigmoid(kappa z), and B = kappa.")
]
Temperature = Annotated[float | None, typer.Option("--temperature", help="tau of hard-tempered. Default: gamma.")]
Beta = Annotated[
    float | None, typer.Option("--beta", help="KL risk target of soft-kl-published. Default: (kappa gamma)^2 eps/32.")
]
Flips = Annotated[
    str | None,
    typer.Option(
        "--flips", help="Count activation flips of sharp bounds by kl or hoeffding. Default: each bound's own."
    ),
]
Radius = Annotated[
    str | None,
    typer.Option(
        "--radius",
        metavar="B|best",
        help="Radius of soft-data and hard-data. Default: the logit scale; best: by pilots.",
    ),
]
MomentDraws = Annotated[
    int | None,
    typer.Option(
        "--moment-draws", min=1, help="Draws for the moments of soft-data, hard-data. Default: 2^18 or fewer."
    ),
]
Latex = Annotated[str | None, typer.Option("--latex", metavar="FILE|-", help="Write LaTeX to a file, or - for stdout.")]


@command
def compare(
    this: Session,
    eps: EpsList,
    gamma: GammaList = None,
    data: DataOption = None,
    n: Samples = None,
    delta: options.Delta = 0.05,
    c: Norm = None,
    bound: BoundIds = None,
    steps: Steps = None,
    step_size: StepSize = None,
    logit_scale: LogitScale = 1.0,
    temperature: Temperature = None,
    beta: Beta = None,
    flips: Flips = None,
    latex: Latex = None,
    plot: options.Plot = None,
    confidence: options.Confidence = 0.99,
    margin_draws: options.MarginDraws = None,
    radius: Radius = None,
    moment_draws: MomentDraws = None,
    rows: options.DataOptions = options.ROWS,
) -> None:
    """Set the widths of every theorem side by side: published and sharpened, soft and hard labels.

    Widths are even integers, exact at any size; every row holds with the same probability 1 - 3 delta. Rows for
    infinitely many infinitely small steps are marked floor; --steps gives them finitely many. With --data the widths
    of soft-data and hard-data are read off the data's own moments, half a minute each for 2,000 rows.

    Example: boundcheck compare --eps 0.01 --n 1000 --c 1 --gamma 0.05
    """
    from boundcheck.margins.teacher import is_teacher
    from boundcheck.pipeline.compare import compare, hardness_of_teacher

    if this.json and latex == "-":
        raise InputError("--latex -: stdout already carries --json; give --latex a file")
    options.check_outputs(plot, None if latex in (None, "-") else Path(latex))
    source: Any = None
    digest, dataset = None, None
    if data is not None and is_teacher(data):
        source, digest = hardness_of_teacher(Path(data))
    elif data is not None:
        source = dataset = rows.load(data, this.seed)
    report = compare(
        eps=eps,
        gammas=gamma,
        n=n,
        delta=delta,
        c=c,
        bounds=bound,
        steps=steps,
        step_size=step_size,
        logit_scale=logit_scale,
        temperature=temperature,
        beta=beta,
        flips=flips,
        data=source,
        radius=_radius(radius),
        confidence=confidence,
        margin_draws=margin_draws,
        moment_draws=moment_draws,
        seed=this.seed,
        plot=plot is not None,
        progress=this.progress,
    )
    this.finish(
        report,
        data=dataset,
        data_sha256=digest,
        files=() if digest is None else (data,),
        plot=plot,
        latex=latex,
    )


def _radius(text: str | None) -> Any:
    """B, best, or None. Raises InputError for anything else."""
    if text is None or text == "best":
        return text
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"--radius {text}: give a number or best") from error
