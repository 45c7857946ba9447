"""`report`: JSON files of finished runs -> one HTML page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boundcheck.errors import InputError, writing
from boundcheck.presentation.html import Html, element, join, page
from boundcheck.presentation.html_sections import COMMANDS, KINDS, Section, manifest, sections
from boundcheck.records import Record

MAX_BYTES = 2**28
SCHEMA = 1


@dataclass(frozen=True)
class ReportMade(Record):
    """A page that was written: its file, size, and the commands whose runs it shows."""

    file: str
    bytes: int
    commands: tuple[str, ...]


def report(runs: Sequence[Path], out: Path) -> ReportMade:
    """Write the runs (files that `boundcheck COMMAND --json` printed) to `out` as one self-contained HTML page.

    Raises InputError for files that are not such runs, OutputError for places that cannot be written.
    """
    found = [(path, _read(path)) for path in runs]
    parts: dict[str, list[Html]] = {kind: [] for kind in KINDS}
    notes = []
    for path, envelope in found:
        shown, note = _render(path, envelope)
        notes += [element("h3", path.name), note]
        for kind, heading, content in shown:
            parts[kind].append(join([element("h3", heading) if heading else "", content]))
    chapters = [(kind, KINDS[kind], join(parts[kind])) for kind in KINDS if parts[kind]]
    text = page("boundcheck report", [*chapters, ("manifest", "Manifest", join(notes))]).encode(
        errors="backslashreplace"
    )
    with writing(out):
        out.write_bytes(text)
    return ReportMade(str(out), len(text), tuple(envelope["command"] for _, envelope in found))


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
    if envelope["command"].split()[:1] not in [[command] for command in COMMANDS]:
        raise InputError(f"{path}: a run of {envelope['command']!r}; a report shows {', '.join(COMMANDS)}")
    return envelope


def _render(path: Path, envelope: dict[str, Any]) -> tuple[list[Section], Html]:
    """The sections of one run and its manifest. Raises InputError where the result has another shape."""
    try:
        formulas = _formulas(envelope["result"].get("formulas", ()))
        return sections(envelope["command"], envelope["result"], formulas), manifest(path.name, envelope)
    except KeyError as error:
        what = f"{error.args[0]!r} is missing" if error.args else "a key is missing"
    except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OverflowError) as error:
        what = f"a value is not what it should be ({error})"
    raise InputError(f"{path}: not a result of `boundcheck {envelope['command']}`, {what}; run the command again")


def _formulas(given: Sequence[dict[str, Any]]) -> dict[str, Html]:
    """MathML of each bound whose closed form is, to the letter, the one in the file; text is never evaluated."""
    if not given:
        return {}
    from sympy.printing.mathml import mathml

    from boundcheck import bounds

    known = {name: bounds.registry[name].width for name in bounds.ids()}
    same = [f["bound"] for f in given if str(known.get(f["bound"])) == f["formula"]]
    return {name: element("math", Html(mathml(known[name], printer="presentation")), display="block") for name in same}
