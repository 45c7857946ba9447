"""What `boundcheck doctor` finds: what is installed, where it runs, and whether it computes what it should."""

from dataclasses import dataclass

from boundcheck.records.base import Record


@dataclass(frozen=True)
class Check(Record):
    """A small computation whose result is known.  found: what came out, in words.  seconds: that it took."""

    name: str
    found: str
    holds: bool
    seconds: float


@dataclass(frozen=True)
class Health(Record):
    """version: of boundcheck.  facts: versions, device, threads, run store.  extras: installed, or how to get them."""

    version: str
    facts: dict[str, str]
    extras: dict[str, str]
    checks: tuple[Check, ...]
