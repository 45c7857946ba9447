"""`boundcheck runs`: look into the store of finished training runs, export it, clean it up."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session

runs = typer.Typer(no_args_is_help=True, help="Look into the store of finished training runs, export it, clean it up.")

Number = Annotated[int, Argument(help="Number of the setting, as 'runs list' shows it.")]
Numbers = Annotated[list[int] | None, Argument(metavar="[NUMBER]...", help="Settings, as 'runs list' shows them.")]
File = Annotated[Path, Argument(help="File to write: .csv or .json.")]
OlderThan = Annotated[float | None, Option(min=0, metavar="DAYS", help="Only runs this old.")]
All = Annotated[bool, Option("--all", help="Every setting.")]


@runs.command("list")
@command
def list_(this: Session, store: options.StoreFile = None) -> None:
    """List the settings that have runs in the store.

    Example: boundcheck runs list
    """
    from boundcheck.pipeline.runs import list_runs

    this.finish(list_runs(store))


@runs.command()
@command
def show(this: Session, number: Number, store: options.StoreFile = None) -> None:
    """Show the runs of one setting, width by width.

    Example: boundcheck runs show 1
    """
    from boundcheck.pipeline.runs import show_runs

    this.finish(show_runs(number, store))


@runs.command()
@command
def export(this: Session, file: File, numbers: Numbers = None, store: options.StoreFile = None) -> None:
    """Write every run of the store, or of some settings, to a table with one row a run.

    Example: boundcheck runs export runs.csv 1 2
    """
    from boundcheck.pipeline.runs import export_runs

    this.finish(export_runs(file, numbers or [], store))


@runs.command()
@command
def prune(
    this: Session,
    *,
    numbers: Numbers = None,
    older_than: OlderThan = None,
    everything: All = False,
    store: options.StoreFile = None,
) -> None:
    """Delete runs: of some settings, older than some days, or all.

    Example: boundcheck runs prune --older-than 30
    """
    from boundcheck.pipeline.runs import prune_runs

    this.finish(prune_runs(numbers or [], older_than_days=older_than, everything=everything, path=store))
