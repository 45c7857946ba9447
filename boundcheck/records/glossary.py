"""What `explain` lists, and says of a term."""

from dataclasses import dataclass

from boundcheck.records.base import Record


@dataclass(frozen=True)
class Term(Record):
    """A term of the commands.  also: other names.  source: where its mathematics is, "" for nowhere."""

    name: str
    meaning: str
    also: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Glossary(Record):
    """What `explain` can be asked about."""

    bounds: tuple[str, ...]
    terms: tuple[Term, ...]
