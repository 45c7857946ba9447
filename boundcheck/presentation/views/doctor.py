"""`doctor`: whether everything works, and what is installed."""

from boundcheck.presentation.document import Answer, Column, Document, Facts, Table
from boundcheck.records.doctor import Health

CHECKS = (
    Column("name", "name"),
    Column("holds", "", format=lambda holds: "holds" if holds else "FAILS"),
    Column("seconds", "seconds", format="{:.2f}".format),
    Column("found", "value", prose=True),
)


def health(found: Health) -> Document:
    """The checks, then versions and extras."""
    failed = [check.name for check in found.checks if not check.holds]
    said = f"these checks fail: {', '.join(failed)}" if failed else f"all {len(found.checks)} checks hold"
    without = [name for name, state in found.extras.items() if state != "installed"]
    missing = f"; optional parts not installed: {', '.join(without)}" if without else ""
    blocks = [
        Answer(f"boundcheck {found.version}: {said}{missing}."),
        Table(CHECKS, found.checks),
        Facts([*found.facts.items()], "where it runs"),
        Facts([*found.extras.items()], "optional parts"),
    ]
    return Document("is this installation sound?", blocks)
