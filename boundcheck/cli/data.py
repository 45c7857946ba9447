"""`boundcheck data`: a first look at a data set, and how to prepare its rows."""

from pathlib import Path
from typing import Annotated

from typer import Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session

Output = Annotated[
    Path | None,
    Option("--output", "-o", metavar="FILE.npz", help="Write the prepared rows: the best recipe, or --prepare."),
]


@command
def data(this: Session, *, data: options.Data, output: Output = None, rows: options.DataOptions) -> None:
    """Look at data first: what it holds, what contradicts itself, and which preparation of the rows suits the theory.

    How rows are prepared decides gamma more than anything else; recipes are compared by gamma (RKHS norm).

    Example: boundcheck data sklearn:breast_cancer
    """
    from boundcheck.pipeline.data import look

    report, this.data = look(data, output=output, **vars(rows), seed=this.seed, progress=this.progress)
    this.finish(report)
