"""A document as CSV, with every digit, and as Markdown."""

import csv
import io
from typing import Any

from boundcheck.presentation import document as doc
from boundcheck.presentation import numbers


def to_csv(document: doc.Document, *, details: bool = False) -> str:
    """The tables, each under a line of its columns' keys; several are apart by an empty line."""
    return "\n".join(_csv(table) for table in document.tables(details=details))


def _csv(table: doc.Table) -> str:
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([column.key for column in table.columns])
    rows.writerows([["" if value is None else _raw(value) for value in row] for row in table.values()])
    return file.getvalue()


def _raw(value: Any) -> Any:
    """Numbers as they are; an interval as its ends."""
    return f"{value.lower} {value.upper}" if numbers.is_interval(value) else value


def to_markdown(document: doc.Document, *, details: bool = False) -> str:
    """The whole document, as far as Markdown can say it."""
    parts = [_block(block, details) for block in document.blocks if details or not block.detail]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: doc.Block, details: bool) -> str:
    match block:
        case doc.Answer():
            return f"**{_escape(block.text)}**"
        case doc.Note():
            return _escape(block.text)
        case doc.Facts():
            return _titled(block.title, [f"- {_escape(k)}: {_escape(numbers.text(v))}" for k, v in block.pairs])
        case doc.Items():
            lines = [f"- {f'**{_escape(i.mark)}** ' if i.mark else ''}{_escape(i.text)}" for i in block.items]
            return _titled(block.title, lines)
        case doc.Formula():
            return _titled(block.title, [f"$${block.latex}$$"])
        case doc.Verdict():
            return f"**{_escape(block.word)}**: {_escape(block.text)}"
        case doc.Next():
            return "Next:\n\n" + "\n".join(f"    {command}" for command in block.commands)
        case doc.Passage():
            inside = [_block(b, details) for b in block.blocks if details or not b.detail]
            return _titled(block.title, ["\n\n".join(part for part in inside if part)])
        case doc.Table():
            heads = [_escape(column.head) for column in block.columns]
            rule = ["---:" if right else "---" for right in block.right()]
            rows = [heads, rule, *([_escape(cell) for cell in row] for row in block.cells())]
            return _titled(block.title, ["| " + " | ".join(row) + " |" for row in rows])
        case _:
            return ""


def _titled(title: str, lines: list[str]) -> str:
    return (f"{_escape(title)}\n\n" if title else "") + "\n".join(lines)


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in r"\*_<>|[]" else " " if c == "\n" else c for c in text)
