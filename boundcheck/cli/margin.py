"""`boundcheck margin`: how hard the data is for the limiting kernel."""

from pathlib import Path
from typing import Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, VIOLATED, Session

Norm = Annotated[str, typer.Option("--norm", help="both, sup, or rkhs (exact and quick: no sampling).")]
Tolerance = Annotated[float, typer.Option("--tolerance", help="Stop at this relative width of the interval.")]
Draws = Annotated[
    int | None, typer.Option("--draws", help="Random draws in all; by default n and d fix them, or --time-limit does.")
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", help="Seconds, instead of --draws: a round that would take longer is not begun."),
]
Nu = Annotated[
    str | None,
    typer.Option("--nu", metavar="SHARES", help="Margin when the worst of these shares of the rows count on average."),
]
SaveTeacher = Annotated[
    Path | None,
    typer.Option("--save-teacher", metavar="FILE", help="Write the kernel teacher (.npz: q, logits, p, interval)."),
]
Eps = Annotated[
    float | None, typer.Option("--eps", help="Also print the published widths at this margin, for this average error.")
]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw interval, per-sample margins and limiting rows (png, svg, pdf)."),
]


@command
def margin(
    this: Session,
    data: options.Data,
    norm: Norm = "both",
    confidence: options.Confidence = 0.99,
    tolerance: Tolerance = 0.01,
    draws: Draws = None,
    time_limit: TimeLimit = None,
    nu: Nu = None,
    eps: Eps = None,
    delta: options.Delta = 0.05,
    plot: Plot = None,
    save_teacher: SaveTeacher = None,
    rows: options.DataOptions = options.ROWS,
) -> None:
    """Measure how hard the data is: the separation margin gamma as a certified interval, in two norms.

    gamma (sup norm) is the margin of the paper's Assumption 1; gamma (RKHS norm) bounds it from above. Exit code 1
    says that the margin is exactly zero, and which rows force it.

    Example: boundcheck margin sklearn:digits --positive 5,6,7,8,9
    """
    from boundcheck.margins.teacher import save_teacher as write_teacher
    from boundcheck.pipeline.data import hint
    from boundcheck.pipeline.margin import margin

    options.check_outputs(plot, save_teacher)
    dataset = rows.load(data, this.seed)
    hint(dataset, typed=rows.prepare is not None or rows.normalize != "max")
    report = margin(
        dataset,
        norm=norm,
        confidence=confidence,
        tolerance=tolerance,
        draws=draws,
        time_limit=time_limit,
        nu=() if nu is None else options.numbers(nu, "--nu"),
        eps=eps,
        delta=delta,
        seed=this.seed,
        progress=this.progress,
    )
    if save_teacher is not None and report.teacher is not None:
        write_teacher(report.teacher, save_teacher, preparation=dataset.preparation.text())
    this.finish(
        report,
        exit_code=VIOLATED if report.conflicts else HOLDS,
        data=dataset,
        plot=plot if report.teacher is not None or len(report.profile) > 1 else None,
        given=(dataset,),
    )
