"""`runs`: what the store of finished runs holds. `report`: the page that was written."""

from datetime import datetime
from typing import Any

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Column, Document, Facts, Next, Table

SETTINGS = (
    Column("id", "number"),
    Column("data", "data", lambda s: s.setting.name or s.setting.data[:12]),
    Column("labels", "labels", lambda s: f"{s.setting.spec.labels} {s.setting.spec.loss}"),
    Column("temperature", "tau", lambda s: s.setting.spec.temperature),
    Column("radius", "B", lambda s: s.setting.spec.radius),
    Column("step_size", "eta", lambda s: s.setting.spec.step_size),
    Column("steps", "T", lambda s: s.setting.spec.steps),
    Column("eps", "eps", lambda s: s.setting.eps),
    Column("widths", "widths", lambda s: f"{s.widths[0]}-{s.widths[-1]}"),
    Column("runs", "runs"),
    Column("last", "last run", lambda s: datetime.fromtimestamp(s.last_finished).strftime("%m-%d %H:%M")),
)
WIDTHS = (
    Column("width", "width"),
    Column("runs", "runs"),
    Column("mean_error", "mean error"),
    Column("smallest_error", "least"),
    Column("largest_error", "most"),
    Column("final_error", "last step"),
    Column("flip_fraction", "flips"),
    Column("movement", "movement"),
)


def listing(found: Any) -> Document:
    """Every setting with runs."""
    if not found.settings:
        return Document("finished runs", [Answer(f"{found.store}: no runs yet")])
    count = sum(stored.runs for stored in found.settings)
    said = f"{found.store}: {count:,} runs of {len(found.settings)} settings"
    table = Table(SETTINGS, found.settings)
    return Document("finished runs", [Answer(said), table, Next([f"boundcheck runs show {found.settings[0].id}"])])


def setting(found: Any) -> Document:
    """The runs of one setting, width by width."""
    kept = found.setting.setting
    spec = [(name.replace("_", " "), value) for name, value in kept.spec.to_json().items()]
    stopped = [] if kept.eps is None else [("stopped early at eps", numbers.number(kept.eps))]
    said = f"{kept.name or kept.data[:12]}: runs at {len(found.widths)} widths"
    facts = Facts([("data", kept.data[:12]), ("numerics", kept.numerics), *spec, *stopped])
    return Document("finished runs", [Answer(said), Table(WIDTHS, found.widths), facts])


def exported(done: Any) -> Document:
    """A file written."""
    return Document("finished runs", [Answer(f"{done.file}: {done.runs} runs")])


def pruned(done: Any) -> Document:
    """Runs deleted."""
    return Document("finished runs", [Answer(f"{done.store}: {done.removed} runs deleted")])


def report(made: Any) -> Document:
    """The page that was written."""
    return Document("report", [Answer(f"{made.file}: {', '.join(made.commands)} ({made.bytes:,} bytes)")])
