"""`boundcheck compare`: how many neurons every theorem asks for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from typer import Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session

DataOption = Annotated[
    str | None,
    Option("--data", metavar="DATA", help="Use this data's certified lower margin; or a saved teacher (.npz)."),
]


Literature = Annotated[
    bool, Option("--literature", help="Also what other papers prove in this setting, in order only, with citations.")
]


def radius_or_best(text: str) -> float | Literal["best"]:
    """B, or best. Raises ValueError for anything else."""
    try:
        return "best" if text == "best" else float(text)
    except ValueError as error:
        raise ValueError("give a number or best") from error


@dataclass(frozen=True)
class Points:
    """Where the bounds are evaluated."""

    eps: Annotated[list[float], Option(help="Target average error in (0, 1); repeatable.")]
    gamma: Annotated[
        list[float] | None,
        Option(help="Margin in (0, 1/2]; repeatable. Default: --data's, or a grid from 0.01 to 0.3."),
    ] = None
    n: Annotated[int | None, Option(min=1, help="Samples n. Default: --data's, or 1000.")] = None
    delta: options.Delta = 0.05
    c: Annotated[float | None, Option(help="Lower bound of ||x_i||. Default: --data's, or 2 gamma (always valid).")] = (
        None
    )


@dataclass(frozen=True)
class Bounds:
    """Which bounds, and what they leave free."""

    PANEL: ClassVar[str] = "Bounds"

    bound: Annotated[list[str] | None, Option(help="Bound id; repeatable. Default: all.")] = None
    steps: Annotated[int | None, Option(min=1, help="Steps T of the sharp bounds. Default: the floor.")] = None
    step_size: Annotated[float | None, Option(help="Step size eta of the sharp bounds.")] = None
    logit_scale: options.LogitScale = 1.0
    temperature: options.HardTemperature = None
    beta: Annotated[
        float | None, Option(help="KL risk target of soft-kl-published. Default: (kappa gamma)^2 eps/32.")
    ] = None
    flips: options.Flips = None


@dataclass(frozen=True)
class Measured:
    """How the margin of --data is certified, and the moments of its teacher."""

    PANEL: ClassVar[str] = "Margin and moments of --data"

    confidence: options.Confidence = 0.99
    margin_draws: options.MarginDraws = None
    radius: Annotated[
        float | Literal["best"] | None,
        Option(metavar="B|best", help="Radius of soft-data and hard-data. Default: the logit scale; best: by pilots."),
        radius_or_best,
    ] = None
    moment_draws: Annotated[
        int | None, Option(min=1, help="Draws for the moments of soft-data, hard-data. Default: 2^18 or fewer.")
    ] = None


@command
def compare(
    this: Session,
    *,
    at: Points,
    bounds: Bounds,
    measured: Measured,
    data: DataOption = None,
    literature: Literature = False,
    plot: options.Plot = None,
    latex: options.Latex = None,
    rows: options.DataOptions,
) -> None:
    """Set the widths of every theorem side by side: published and sharpened, soft and hard labels.

    Widths are even integers, exact at any size; every row holds with the same probability 1 - 3 delta. Rows for
    infinitely many infinitely small steps are marked floor; --steps gives them finitely many. With --data the widths
    of soft-data and hard-data are read off the data's own moments, half a minute each for 2,000 rows.

    Example: boundcheck compare --eps 0.01 --n 1000 --c 1 --gamma 0.05
    """
    from boundcheck.margins.teacher import is_teacher
    from boundcheck.pipeline.compare import compare, hardness_of_teacher

    source: Any = None
    digest = None
    if data is not None and is_teacher(data):
        source, digest = hardness_of_teacher(Path(data))
    elif data is not None:
        source = this.load(data, rows)
    report = compare(
        **vars(at), **vars(bounds), **vars(measured),
        data=source, literature=literature, plot=plot is not None, seed=this.seed, progress=this.progress,
    )  # fmt: skip
    this.finish(report, data_sha256=digest, files=() if digest is None else (data,))
