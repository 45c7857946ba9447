"""How a long stage says where it is, without knowing who listens."""

from typing import Protocol, runtime_checkable

LONG_SECONDS = 600.0  # from here on the reader is told before, or as soon as it can be told


@runtime_checkable
class Progress(Protocol):
    """A listener; `completed` and `total` are in the stage's own unit, None where the end is unknown."""

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        """Show `message` and, where given, the fraction completed / total."""


class Notice(str):
    """A message to be kept for the reader and not only shown for a moment."""


class Silent:
    """A listener that ignores everything."""

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        """Do nothing."""


SILENT = Silent()


def takes_long(seconds: float, most: float = float("inf")) -> str:
    """The sentence that says what a stage of so many seconds, and at most `most`, costs; empty below LONG_SECONDS."""
    if min(seconds, most) < LONG_SECONDS:
        return ""
    limit = "" if most == float("inf") else f", at most {_duration(most)}"
    return f"this takes about {_duration(min(seconds, most))}{limit}; what is finished is kept, Ctrl-C stops it"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{seconds / 3600:.3g} hours"
