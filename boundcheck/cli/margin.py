"""`boundcheck margin`: how hard the data is for the limiting kernel."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, VIOLATED, Session


@dataclass(frozen=True)
class Wanted:
    """What is measured, and how well: arguments of `pipeline.margin.margin`."""

    norm: Annotated[Literal["both", "sup", "rkhs"], Option(help="rkhs is exact and quick: no sampling.")] = "both"
    confidence: options.Confidence = 0.99
    tolerance: Annotated[float, Option(help="Stop at this relative width of the interval.")] = 0.01
    draws: Annotated[
        int | None, Option(help="Random draws in all; by default n and d fix them, or --time-limit does.")
    ] = None
    time_limit: Annotated[
        float | None, Option(help="Seconds, instead of --draws: a round that would take longer is not begun.")
    ] = None
    nu: Annotated[
        tuple[float, ...],
        Option(metavar="SHARES", help="Margin when the worst of these shares of the rows count on average."),
        options.numbers,
    ] = ()
    eps: Annotated[
        float | None, Option(help="Also print the published widths at this margin, for this average error.")
    ] = None
    delta: options.Delta = 0.05


SaveTeacher = Annotated[
    Path | None, Option(metavar="FILE", help="Write the kernel teacher (.npz: q, logits, p, interval).")
]
Plot = Annotated[
    Path | None, Option(metavar="FILE", help="Draw interval, per-sample margins and limiting rows (png, svg, pdf).")
]


@command
def margin(
    this: Session,
    *,
    data: options.Data,
    wanted: Wanted,
    plot: Plot = None,
    save_teacher: SaveTeacher = None,
    rows: options.DataOptions,
) -> None:
    """Measure how hard the data is: the separation margin gamma as a certified interval, in two norms.

    gamma (sup norm) is the margin of the paper's Assumption 1; gamma (RKHS norm) bounds it from above. Exit code 1
    says that the margin is exactly zero, and which rows force it.

    Example: boundcheck margin sklearn:digits --positive 5,6,7,8,9
    """
    from boundcheck.margins.teacher import save_teacher as write_teacher
    from boundcheck.pipeline.data import hint
    from boundcheck.pipeline.margin import margin

    dataset = this.load(data, rows)
    hint(dataset, typed=rows.is_prepared)
    report = margin(dataset, **vars(wanted), seed=this.seed, progress=this.progress)
    save = (
        None
        if report.teacher is None
        else partial(write_teacher, report.teacher, preparation=dataset.preparation.text())
    )
    this.write("save_teacher", save, "the margin is zero: there is no teacher")
    this.finish(report, exit_code=VIOLATED if report.conflicts else HOLDS, given=(dataset,))
