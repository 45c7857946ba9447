"""`boundcheck report`: finished runs as one HTML page."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from boundcheck.cli.command import command
from boundcheck.cli.output import Session

Runs = Annotated[list[Path], Argument(metavar="RUN.json...", help="Files that `boundcheck COMMAND --json` printed.")]
Output = Annotated[Path, Option("--output", "-o", metavar="FILE", help="The page to write.")]


@command
def report(this: Session, runs: Runs, output: Output = Path("report.html")) -> None:
    """Gather finished runs in one self-contained HTML page, with figures; it needs no network and no server.

    Runs of margin, compare, verify, audit, labels, crowd and reproduce. Nothing is computed again.

    Example: boundcheck margin sklearn:digits --positive 5,6,7,8,9 --json > m.json && boundcheck report m.json -o m.html
    """
    from boundcheck.pipeline.report import report

    this.finish(report(runs, output))
