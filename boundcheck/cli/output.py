"""One way out for every command: JSON or tables on stdout, talk on stderr, errors on one line, exit codes."""

import json
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from boundcheck import __version__
from boundcheck.cli import config, streams
from boundcheck.cli.listener import Listener
from boundcheck.cli.logfile import Both, Log
from boundcheck.cli.options import DataOptions, FormatName
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

    def finish(
        self,
        result: Record | Mapping[str, Any],
        *,
        exit_code: int = HOLDS,
        data: "Dataset | None" = None,
        data_sha256: str | None = None,
        files: Sequence[str | Path | None] = (),
        notes: Sequence[str] = (),
        plot: Path | None = None,
        latex: str | None = None,
        given: Sequence[Any] = (),
    ) -> NoReturn:
        """Present `result` in the format asked for, write its figure and its LaTeX, and leave with `exit_code`.

        data: what the result is about, for the manifest and a line of the output; data_sha256 where only its digest is
        known.  files: others that it was made of, for both.  notes: further such lines.  latex: a file, or - for
        stdout.  given: what its view draws from besides the record.
        """
        from boundcheck.presentation import figures, present
        from boundcheck.presentation import latex as latex_writer

        if self.listener is not None:
            self.listener.close()
        notes = [str(w.message) for w in self.caught if isinstance(w.message, BoundcheckWarning)]
        document, digests = None, _digests(files)
        if not self.json or plot is not None or latex is not None:
            document = present(result, *given).typed(DataOptions.typed(self.inputs))
            if data is not None:
                plain = data.name.startswith("synthetic:") and not data.preparation.steps
                document = document.noting(data.provenance, detail=plain)
            for note in [*notes, *([f"made of {_digests_text(digests)}"] if digests else [])]:
                document = document.noting(note, detail=False)
            if plot is not None:
                figures.draw(document, plot)
            if latex is not None and latex != "-":
                latex_writer.save(document, Path(latex))
        with writing(streams.STDOUT):
            if self.format == "json":
                body, dropped = finite_or_none(result.to_json() if isinstance(result, Record) else jsonable(result))
                if dropped:
                    notes.append(f"{dropped} infinite or undefined numbers are null")
                envelope = {
                    "schema": 1,
                    "command": self.command,
                    "inputs": finite_or_none(jsonable(self.inputs))[0],
                    "result": body,
                    "warnings": notes,
                    "manifest": self._manifest(data_sha256 if data is None else data.digest)
                    | ({} if data is None else data.manifest())
                    | ({"files": digests} if digests else {}),
                }
                sys.stdout.write(json.dumps(envelope, indent=2, allow_nan=False, default=str) + "\n")
            elif document is not None and latex == "-":
                sys.stdout.write(latex_writer.text(document))
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

    def _write(self, document: "Document") -> None:
        details = self.verbose > 0
        from boundcheck.presentation import plain, terminal

        if self.format == "table":
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
            "data_sha256": data_sha256,
            "argv": sys.argv[1:],
            "seconds": round(time.monotonic() - self.started, 3),
        }


def _digests(files: Sequence[str | Path | None]) -> dict[str, str]:
    """SHA-256 of those files that are there (not stdin), by name."""
    if not any(files):
        return {}
    from boundcheck.datasets.files import file_sha256

    found = {str(path): file_sha256(Path(path)) for path in files if path is not None}
    return {name: sha for name, sha in found.items() if sha is not None}


def _digests_text(digests: Mapping[str, str]) -> str:
    return ", ".join(f"{name} (file {sha[:12]})" for name, sha in digests.items())


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
    return "json" if inputs["json"] else chosen


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
