"""`boundcheck runs`: look into the store of finished training runs, export it, clean it up."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session

if TYPE_CHECKING:
    from rich.console import Console

    from boundcheck.pipeline.runs import SettingRuns, StoreListing

runs = typer.Typer(no_args_is_help=True, help="Look into the store of finished training runs, export it, clean it up.")

Number = Annotated[int, typer.Argument(help="Number of the setting, as 'runs list' shows it.")]
Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Settings, as 'runs list' shows them.")
]
OlderThan = Annotated[float | None, typer.Option("--older-than", min=0, metavar="DAYS", help="Only runs this old.")]
All = Annotated[bool, typer.Option("--all", help="Every setting.")]


@runs.command("list")
@command
def list_(
    this: Session,
    store: options.StoreFile = None,
) -> None:
    """List the settings that have runs in the store.

    Example: boundcheck runs list
    """
    from boundcheck.pipeline.runs import list_runs

    listing = list_runs(store)
    this.finish(listing, lambda console: _show_listing(listing, console))


@runs.command()
@command
def show(
    this: Session,
    number: Number,
    store: options.StoreFile = None,
) -> None:
    """Show the runs of one setting, width by width.

    Example: boundcheck runs show 1
    """
    from boundcheck.pipeline.runs import show_runs

    found = show_runs(number, store)
    this.finish(found, lambda console: _show_setting(found, console))


@runs.command()
@command
def export(
    this: Session,
    file: Annotated[Path, typer.Argument(help="File to write: .csv or .json.")],
    numbers: Numbers = None,
    store: options.StoreFile = None,
) -> None:
    """Write every run of the store, or of some settings, to a table with one row a run.

    Example: boundcheck runs export runs.csv 1 2
    """
    from boundcheck.pipeline.runs import export_runs

    done = export_runs(file, numbers or [], store)
    this.finish(done, lambda console: console.print(f"{done.file}: {done.runs} runs", soft_wrap=True))


@runs.command()
@command
def prune(
    this: Session,
    numbers: Numbers = None,
    older_than: OlderThan = None,
    everything: All = False,
    store: options.StoreFile = None,
) -> None:
    """Delete runs: of some settings, older than some days, or all.

    Example: boundcheck runs prune --older-than 30
    """
    from boundcheck.pipeline.runs import prune_runs

    done = prune_runs(numbers or [], older_than_days=older_than, everything=everything, path=store)
    this.finish(done, lambda console: console.print(f"{done.store}: {done.removed} runs deleted", soft_wrap=True))


def _show_listing(listing: "StoreListing", console: "Console") -> None:
    from datetime import datetime

    from rich.markup import escape
    from rich.table import Table

    if not listing.settings:
        console.print(f"{listing.store}: no runs yet", soft_wrap=True)
        return
    table = Table(title=listing.store, title_justify="left")
    for heading in ("", "data", "labels", "B", "eta", "T", "eps", "widths", "runs", "last run"):
        if heading in ("data", "labels", "last run"):
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    for stored in listing.settings:
        setting, spec = stored.setting, stored.setting.spec
        table.add_row(
            str(stored.id),
            escape(setting.name or setting.data[:12]),
            f"{spec.labels} {spec.loss}" + ("" if spec.temperature == 1 else f" tau={spec.temperature:g}"),
            f"{spec.radius:.4g}",
            f"{spec.step_size:.4g}",
            str(spec.steps),
            "-" if setting.eps is None else f"{setting.eps:g}",
            f"{stored.widths[0]}-{stored.widths[-1]}",
            str(stored.runs),
            datetime.fromtimestamp(stored.last_finished).strftime("%m-%d %H:%M"),
        )
    console.print(table)


def _show_setting(found: "SettingRuns", console: "Console") -> None:
    from rich.markup import escape
    from rich.table import Table

    setting = found.setting.setting
    console.print(f"{escape(setting.name)} data {setting.data[:12]}, {setting.numerics}", soft_wrap=True)
    spec = ", ".join(f"{name} {value}" for name, value in setting.spec.to_json().items())
    console.print(spec + ("" if setting.eps is None else f", stopped early at eps {setting.eps:g}"), soft_wrap=True)
    table = Table()
    for heading in ("width", "runs", "mean error", "least", "most", "last step", "flips", "movement"):
        table.add_column(heading, justify="right")
    for row in found.widths:
        errors = (row.mean_error, row.smallest_error, row.largest_error, row.final_error)
        table.add_row(
            str(row.width),
            str(row.runs),
            *(f"{value:.4g}" for value in (*errors, row.flip_fraction, row.movement)),
        )
    console.print(table)
