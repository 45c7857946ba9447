"""A record that has no view of its own: its fields as facts, each list of records as a table."""

import dataclasses
from operator import attrgetter
from typing import Any

from boundcheck.presentation.document import Block, Column, Document, Facts, Table
from boundcheck.presentation.numbers import is_interval


def plain(record: Any) -> Document:
    """Facts first, then the tables; nested records in the same way."""
    title = str(getattr(record, "data", "") or getattr(record, "source", "") or type(record).__name__)
    return Document(title, _blocks(record, ""))


def _blocks(record: Any, title: str) -> list[Block]:
    values = [(f.name.replace("_", " "), getattr(record, f.name)) for f in dataclasses.fields(record)]
    blocks: list[Block] = [Facts([(name, value) for name, value in values if _is_simple(value)], title)]
    for name, value in values:
        if isinstance(value, tuple) and value and all(map(dataclasses.is_dataclass, value)):
            blocks.append(Table(_columns(value[0]), value, name))
        elif dataclasses.is_dataclass(value) and not is_interval(value):
            blocks += _blocks(value, name)
    return blocks


def _columns(row: Any) -> list[Column]:
    names = [f.name for f in dataclasses.fields(row) if _is_simple(getattr(row, f.name))]
    return [Column(name, name.replace("_", " "), attrgetter(name)) for name in names]


def _is_simple(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_simple(one) and not isinstance(one, tuple) for one in value)
    return is_interval(value) or value is None or isinstance(value, bool | int | float | str)
