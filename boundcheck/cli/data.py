"""`boundcheck data`: a first look at a data set, and how to prepare its rows."""

from pathlib import Path
from typing import Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session

Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="FILE.npz", help="Write the prepared rows: the best recipe, or --prepare."),
]


@command
def data(this: Session, data: options.Data, out: Out = None, rows: options.DataOptions = options.ROWS) -> None:
    """Look at data first: what it holds, what contradicts itself, and which preparation of the rows suits the theory.

    How rows are prepared decides gamma more than anything else; recipes are compared by gamma (RKHS norm).

    Example: boundcheck data sklearn:breast_cancer
    """
    from boundcheck.pipeline.data import look

    options.check_outputs(None, out)
    given = rows.arguments()
    report, dataset = look(
        data, out=out, prepare_with=given.pop("prepare"), seed=this.seed, progress=this.progress, **given
    )
    this.finish(report, data=dataset)
