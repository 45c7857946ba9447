"""`report`: JSON files of finished runs -> records -> one HTML page; `load_result`: one file -> its record."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from boundcheck.errors import InputError, writing
from boundcheck.presentation import html, present
from boundcheck.presentation.document import Document, Facts
from boundcheck.records import Record
from boundcheck.records.runs import ReportMade

MAX_BYTES = 2**28
SCHEMA = 1
RECORDS = {
    "margin": "margin:MarginReport",
    "compare": "comparison:Comparison",
    "explain": "comparison:Explanation",
    "verify": "verification:WidthSearchReport",
    "audit": "audit:Audit",
    "distill": "distill:Distilled",
    "labels check": "labels:QualityReport",
    "labels cost": "label_cost:LabelsCost",
    "labels make": "labels:LabelsMade",
    "crowd": "crowd:CrowdReport",
    "reproduce table1": "reproduce:Table1",
    "reproduce figure1": "reproduce:Figure1",
    "reproduce crowd": "crowd:CrowdStudent",
    "reproduce scaling": "scaling:Scaling",
    "reproduce temperature": "scaling:LogitScales",
}
"""Command -> the module of records and the class of its result."""
ONE_WIDTH = "verification:WidthReport"


def report(runs: Sequence[Path], out: Path) -> ReportMade:
    """Write the runs (files that `boundcheck COMMAND --json` printed) to `out` as one self-contained HTML page.

    Raises InputError for files that are not such runs, OutputError for places that cannot be written.
    """
    found = [(path, _read(path)) for path in runs]
    documents = [_rebuilt(path, envelope)[1] for path, envelope in found]
    made = [_manifest(path, envelope) for path, envelope in found]
    text = html.page("boundcheck report", documents, made).encode(errors="backslashreplace")
    with writing(out):
        out.write_bytes(text)
    return ReportMade(str(out), len(text), tuple(envelope["command"] for _, envelope in found))


def load_result(run: str | Path) -> Record:
    """The record of a run that `boundcheck COMMAND --json` printed to the file `run`. Raises InputError."""
    path = Path(run)
    return _rebuilt(path, _read(path))[0]


def _read(path: Path) -> dict[str, Any]:
    """The JSON envelope in a file, its frame checked."""
    remedy = "write one with `boundcheck margin DATA --json > run.json`"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: above {MAX_BYTES // 2**20} MiB, not the JSON of a run; {remedy}")
        envelope = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; {remedy}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise InputError(f"{path}: not JSON ({error}); {remedy}") from error
    if not isinstance(envelope, dict) or "schema" not in envelope:
        raise InputError(f"{path}: JSON, but not of a boundcheck run; {remedy}")
    if envelope["schema"] != SCHEMA or isinstance(envelope["schema"], bool):
        raise InputError(f"{path}: schema {envelope['schema']!r}, this version reads {SCHEMA}; run the command again")
    for key, kind in (("command", str), ("result", dict), ("warnings", list), ("manifest", dict)):
        if not isinstance(envelope.get(key), kind):
            raise InputError(f"{path}: {key!r} is missing or not what a run has; {remedy}")
    if envelope["command"] not in RECORDS:
        raise InputError(f"{path}: a run of {envelope['command']!r}; a report shows {', '.join(RECORDS)}")
    return envelope


def _rebuilt(path: Path, envelope: dict[str, Any]) -> tuple[Record, Document]:
    """One run's record and its document. Raises InputError where the result has another shape."""
    result = envelope["result"]
    try:
        home = ONE_WIDTH if envelope["command"] == "verify" and "runs" in result else RECORDS[envelope["command"]]
        module, _, name = home.partition(":")
        record: Record = getattr(import_module(f"boundcheck.records.{module}"), name).from_json(result)
        return record, present(record)
    except KeyError as error:
        what = f"{error.args[0]!r} is missing"
    except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OverflowError) as error:
        what = f"a value is not what it should be ({error})"
    raise InputError(f"{path}: not a result of `boundcheck {envelope['command']}`, {what}; run the command again")


def _manifest(path: Path, envelope: dict[str, Any]) -> Facts:
    """How one run was made: command line, versions, seed, digest and its warnings."""
    made = envelope["manifest"]
    argv = made.get("argv", [])
    if not isinstance(argv, list):
        raise InputError(f"{path}: 'argv' of its manifest is not what it should be; run the command again")
    pairs = [("command", " ".join(["boundcheck", *map(str, argv)]))]
    pairs += [(key.replace("_", " "), str(value)) for key, value in made.items() if key != "argv"]
    return Facts([*pairs, *(("warning", str(note)) for note in envelope["warnings"])], path.name)
