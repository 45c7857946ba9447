"""A record as notebooks and data frames show it: what `_repr_html_`, `to_frame` and `plot` of records do."""

import io
from functools import partial
from typing import Any

from boundcheck.errors import InputError, MissingExtraError
from boundcheck.presentation import figures, present
from boundcheck.presentation import html as writer
from boundcheck.records import Record


def html(record: Record) -> str | None:
    """The record's document as HTML; None, so that its repr is shown, without jinja2 and matplotlib."""
    try:
        return writer.fragment(present(record))
    except MissingExtraError:
        return None


def frame(record: Record) -> Any:
    """The first table of the record's document. Raises InputError where it has none, MissingExtraError."""
    try:
        from pandas import DataFrame
    except ImportError as error:
        raise MissingExtraError("to_frame", "data") from error
    tables = present(record).tables(details=False)
    if not tables:
        raise InputError(f"{type(record).__name__}: it has no table")
    return DataFrame(tables[0].values(), columns=[column.key for column in tables[0].columns])


def figure(record: Record) -> Any:
    """The record's figure, which notebooks show. Raises InputError where it has none, MissingExtraError."""
    drawn = figures.drawn(present(record), type(record).__name__)
    drawn._repr_png_ = partial(_png, drawn)  # IPython knows figures of pyplot only
    return drawn


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80)
    return file.getvalue()
