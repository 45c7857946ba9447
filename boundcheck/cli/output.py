"""One way out for every command: JSON or tables on stdout, talk on stderr, errors on one line, exit codes."""

import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from boundcheck import __version__
from boundcheck.cli import config, streams
from boundcheck.cli.listener import Listener
from boundcheck.cli.logfile import Both, Log
from boundcheck.cli.modes import unneeded
from boundcheck.cli.options import STANDARD_OUTPUT, DataOptions, FormatName, typed_data
from boundcheck.errors import BoundcheckError, BoundcheckWarning, OutputError, writing
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Record, finite_or_none, jsonable

if TYPE_CHECKING:
    from boundcheck.datasets import Dataset
    from boundcheck.presentation.document import Document

HOLDS, VIOLATED, BAD_INPUT, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130
_ALSO = {"scikit-learn": "sklearn", "python-flint": "flint"}  # whose versions are told where they were used


@dataclass
class Session:
    """One run of one command: its inputs, its listener, and the way its result leaves."""

    command: str
    context: typer.Context
    inputs: Mapping[str, Any]
    format: FormatName
    quiet: bool
    verbose: int
    seed: int
    started: float = field(default_factory=time.monotonic)
    listener: Listener | None = None
    log: Log | None = None
    caught: list[warnings.WarningMessage] = field(default_factory=list)
    data: "Dataset | None" = None
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> bool:
        """Whether stdout carries the JSON of the run."""
        return self.format == "json"

    @property
    def progress(self) -> Progress:
        """A progress listener, silent under --quiet; and the log."""
        if self.quiet:
            return self.log or SILENT
        if self.listener is None:
            self.listener = Listener()
        return self.listener if self.log is None else Both(self.listener, self.log)

    def load(self, source: str, rows: DataOptions) -> "Dataset":
        """The data set that `source` names, with what `rows` says done to it; the result is about it."""
        from boundcheck.datasets import load_dataset

        self.data = load_dataset(source, **vars(rows), seed=self.seed)
        return self.data

    def finish(
        self,
        result: Record,
        *,
        exit_code: int = HOLDS,
        data_sha256: str | None = None,
        files: Sequence[str | Path | None] = (),
        about: Sequence[str] = (),
        given: Sequence[Any] = (),
    ) -> NoReturn:
        """Present `result` in the format asked for, write its figure and its LaTeX, and leave with `exit_code`.

        data_sha256: of what the result is about, where that was not loaded by `load`.  files: others that it was made
        of.  about: further lines on where it comes from.  given: what its view draws from besides the record.
        """
        if self.listener is not None:
            self.listener.close()
        for line in unneeded(self.command, self.context, self.data, result):
            warnings.warn(line, BoundcheckWarning, stacklevel=2)
        self.digests = _digests(files)
        document = self._document(result, given, about)
        notes = [str(w.message) for w in self.caught if isinstance(w.message, BoundcheckWarning)]
        with writing(streams.STDOUT):
            if self.format == "json":
                body, dropped = finite_or_none(result.to_json())
                if dropped:
                    notes.append(f"{dropped} infinite or undefined numbers are null")
                envelope = {
                    "schema": 1,
                    "command": self.command,
                    "inputs": finite_or_none(jsonable(self.inputs))[0],
                    "result": body,
                    "warnings": notes,
                    "manifest": self._manifest(data_sha256),
                }
                sys.stdout.write(json.dumps(envelope, indent=2, allow_nan=False, default=str) + "\n")
            elif document is not None:
                self._write(document)
            sys.stdout.flush()
        if not self.quiet:
            for note in notes:
                sys.stderr.write(f"warning: {note}\n")
        if self.log is not None:
            for note in notes:
                self.log.write(f"warning: {note}")
            self.log.write(f"finished with exit code {exit_code} after {time.monotonic() - self.started:.1f} s")
        raise typer.Exit(exit_code)

    def _document(self, result: Record, given: Sequence[Any], about: Sequence[str]) -> "Document | None":
        """What is to be shown or drawn of a result, its figure and its LaTeX written; None where nothing is."""
        plot, latex = (self.inputs.get(name) for name in ("plot", "latex"))
        if self.json and plot is None and latex is None:
            return None
        from boundcheck.presentation import figures, present
        from boundcheck.presentation import latex as latex_writer

        document = present(result, *given).typed(typed_data(self.inputs))
        if self.data is not None:
            plain = self.data.name.startswith("synthetic:") and not self.data.preparation.steps
            document = document.noting(self.data.provenance, detail=plain)
        made_of = ", ".join(f"{name} (file {sha[:12]})" for name, sha in self.digests.items())
        for line in [*about, *([f"made of {made_of}"] if made_of else [])]:
            document = document.noting(line, detail=False)
        draw = partial(figures.draw, document) if document.figures() else None
        self.write("plot", draw, "there is nothing to draw in this result")
        if latex != STANDARD_OUTPUT:
            self.write("latex", partial(latex_writer.save, document))
        return document

    def write(self, option: str, save: Callable[[Path], None] | None, nothing: str = "") -> None:
        """Write the file that an option names, if it was given; with None say that it is not written, and why."""
        path = self.inputs.get(option)
        if path is not None and save is not None:
            save(path)
        elif path is not None:
            flag = option.replace("_", "-")
            warnings.warn(f"--{flag} {path}: not written, {nothing}", BoundcheckWarning, stacklevel=2)

    def _write(self, document: "Document") -> None:
        from boundcheck.presentation import latex, plain, terminal

        details = self.verbose > 0
        if self.inputs.get("latex") == STANDARD_OUTPUT:
            sys.stdout.write(latex.text(document))
        elif self.format == "table":
            terminal.write(document, details=details)
        else:
            write = plain.to_csv if self.format == "csv" else plain.to_markdown
            sys.stdout.write(write(document, details=details))

    def _manifest(self, data_sha256: str | None) -> dict[str, Any]:
        from importlib.metadata import version

        jax = sys.modules.get("jax")
        used = [name for name, module in _ALSO.items() if module in sys.modules]
        return {
            "boundcheck": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            **{name: version(name) for name in ("jax", "numpy", "scipy", "sympy", *used)},
            "x64": bool(jax.config.jax_enable_x64) if jax else True,
            "device": jax.devices()[0].platform if jax else "none",
            "seed": self.seed,
            "data_sha256": data_sha256 if self.data is None else self.data.digest,
            "argv": sys.argv[1:],
            "seconds": round(time.monotonic() - self.started, 3),
            **({} if self.data is None else self.data.manifest()),
            **({"files": self.digests} if self.digests else {}),
        }


def _digests(files: Sequence[str | Path | None]) -> dict[str, str]:
    """SHA-256 of those files that are there (not stdin), by name."""
    if not any(files):
        return {}
    from boundcheck.datasets.files import file_sha256

    found = {str(path): file_sha256(Path(path)) for path in files if path is not None}
    return {name: sha for name, sha in found.items() if sha is not None}


@contextmanager
def session(context: typer.Context, inputs: Mapping[str, Any]) -> Iterator[Session]:
    """Run a command's body: warnings are collected, every expected error becomes one line and an exit code."""
    command = _name(context)
    quiet, verbose, seed = (inputs[name] for name in ("quiet", "verbose", "seed"))
    settings = config.settings.get()
    if settings.print_config:
        sys.stdout.write(config.written(command, inputs, settings.commands[command]))
        raise typer.Exit(HOLDS)
    this = Session(
        command, context, inputs, format=_format(inputs), quiet=quiet, verbose=verbose, seed=seed, log=settings.log
    )
    try:
        if settings.log is not None:
            settings.log.command = command
            settings.log.write("started: boundcheck " + " ".join(sys.argv[1:]))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", BoundcheckWarning)
            this.caught = caught
            streams.require_stdout()
            yield this
    except BoundcheckError as error:
        fail(str(error), error.exit_code, verbose)
    except BrokenPipeError:
        raise typer.Exit(streams.READER_GONE) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}; give another file, or free some space", streams.UNWRITTEN, verbose)
    except MemoryError:
        fail("not enough memory; use --subsample or a smaller problem", BAD_INPUT, verbose)
    except KeyboardInterrupt:
        fail("interrupted; what was finished is kept", INTERRUPTED, verbose)
    finally:
        if this.listener is not None:
            this.listener.close()


def _format(inputs: Mapping[str, Any]) -> FormatName:
    chosen: FormatName = inputs["format"]
    if inputs["json"] and chosen not in ("table", "json"):
        fail(f"--json and --format {chosen}: give one of them", BAD_INPUT)
    chosen = "json" if inputs["json"] else chosen
    if chosen == "json" and inputs.get("latex") == STANDARD_OUTPUT:
        fail("--latex -: stdout already carries --json; give --latex a file", BAD_INPUT)
    return chosen


def _name(context: Any) -> str:
    """The command's name below `boundcheck`: `labels make`."""
    names: list[str] = []
    while context.parent is not None:
        names, context = [str(context.info_name), *names], context.parent
    return " ".join(names)


def fail(message: str, exit_code: int, verbose: int = 0) -> NoReturn:
    """Print one line on stderr (the traceback too at -vv) and leave with `exit_code`."""
    if verbose >= 2:
        traceback.print_exc()
    line = f"error: {' '.join(message.split())}"
    sys.stderr.write(f"boundcheck: {line}\n")
    if (log := config.settings.get().log) is not None:
        with suppress(OutputError):  # perhaps what is being told here
            log.write(f"{line}; exit code {exit_code}")
    raise typer.Exit(exit_code)
