"""The `boundcheck` command: parses, calls the pipeline, renders. One command a file."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click.exceptions import NoArgsIsHelpError
from typer.core import TyperGroup

from boundcheck import __version__
from boundcheck.cli import config, streams
from boundcheck.cli.audit import audit
from boundcheck.cli.compare import compare
from boundcheck.cli.crowd import crowd
from boundcheck.cli.data import data
from boundcheck.cli.distill import distill
from boundcheck.cli.doctor import doctor
from boundcheck.cli.explain import explain
from boundcheck.cli.labels import labels
from boundcheck.cli.logfile import Log
from boundcheck.cli.margin import margin
from boundcheck.cli.output import BAD_INPUT, fail
from boundcheck.cli.report import report
from boundcheck.cli.reproduce import reproduce
from boundcheck.cli.runs import runs
from boundcheck.cli.verify import verify
from boundcheck.errors import InputError

MOVED = {
    ("boundcheck verify", "--scaling"): "a command: boundcheck reproduce scaling gamma|eps|n",
    ("boundcheck verify", "--logit-scales"): "a command: boundcheck reproduce temperature --logit-scales K,K,...",
    ("boundcheck labels check", "--deterministic"): "the default; --crowd makes assumption C instead",
    ("boundcheck labels check", "--delta"): "--failure",
    ("boundcheck labels make", "--alpha"): "--smoothing",
    ("boundcheck labels make", "--out"): "--output",
    ("boundcheck data", "--out"): "--output",
    ("boundcheck report", "--out"): "--output",
}
"""(command, an option that it had) -> where to find it."""


class _OneLineErrors(TyperGroup):
    """Usage errors on one line like every other error, instead of a panel."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except NoArgsIsHelpError:  # the help was printed
            code = BAD_INPUT
        except typer.TyperException as error:
            context = getattr(error, "ctx", None)
            where = context.command_path if context else "boundcheck"
            option = getattr(error, "option_name", "")
            moved = MOVED.get((where, option))
            wrong = error.format_message().replace("Value error, ", "")
            said = f"{option} is now {moved}" if moved else f"{wrong} (try '{where} --help')"
            sys.stderr.write(f"{where}: error: {' '.join(said.split())}\n")
            code = BAD_INPUT
        except OSError as error:
            sys.stderr.write(f"boundcheck: error: {streams.STDOUT}: cannot be written ({error.strerror or error})\n")
            code = streams.UNWRITTEN
        except SystemExit as error:  # Typer and rich leave so when the reader of a pipe went away
            code = streams.READER_GONE if isinstance(error.__context__, BrokenPipeError) else error.code
        sys.exit(streams.settle(code if isinstance(code, int) else 0))


app = typer.Typer(
    cls=_OneLineErrors,
    name="boundcheck",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option("--config", metavar="FILE.toml", help="Flags from a file; the command line wins.")
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the command's flags as such a file instead of running it.")
    ] = False,
    plugin: Annotated[
        list[Path] | None,
        typer.Option("--plugin", metavar="FILE.py", help="Python file with bounds or data families of your own."),
    ] = None,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Append progress and warnings as plain lines.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """How many neurons do soft and hard labels need: margins, bounds, audits and smallest networks.

    Example: boundcheck verify --width-search
    """
    known = dict(config.commands(context.command))
    try:
        if config_file is not None:
            context.default_map = config.load(config_file, known)
        for file in plugin or ():
            from boundcheck.pipeline.plugin import load_plugin

            load_plugin(file)
        log = None if log_file is None else Log(log_file)
    except InputError as error:
        fail(str(error), BAD_INPUT)
    if log is not None:
        context.call_on_close(log.close)
    before = config.settings.set(config.Settings(print_config, log, known))
    context.call_on_close(lambda: config.settings.reset(before))


for _command in (audit, compare, crowd, data, distill, doctor, explain, margin, report, verify):
    app.command()(_command)
app.add_typer(labels, name="labels")
app.add_typer(reproduce, name="reproduce")
app.add_typer(runs, name="runs")


def main() -> None:
    """Entry point: float64 everywhere, streams that fail in known ways, then the command line."""
    streams.prepare()
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    app()
