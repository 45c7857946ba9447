"""What boundcheck raises. The command line prints the message on one line and exits with `exit_code`."""

from collections.abc import Iterator
from contextlib import contextmanager


class BoundcheckError(Exception):
    """Base class: one line saying which file or option, what is wrong, and what to do."""

    exit_code = 2


class InputError(BoundcheckError):
    """Something the user gave (a file, an option, an array) cannot be used."""


class MissingExtraError(InputError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: pip install 'boundcheck[{extra}]'")


class AssumptionFailsError(BoundcheckError):
    """The input is well formed, but no theorem applies to it (its margin is exactly 0)."""

    exit_code = 1


class OutputError(BoundcheckError):
    """A file or a stream could not be written."""

    exit_code = 4


@contextmanager
def writing(place: object) -> Iterator[None]:
    """Raise OutputError where the block cannot write to `place`, InputError where there is no such place.

    That the reader of a pipe went away stays a BrokenPipeError.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        wrong = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError | PermissionError)
        kind = InputError if wrong else OutputError
        raise kind(f"{place}: cannot be written ({error.strerror or error}); choose another place") from error


class BoundcheckWarning(UserWarning):
    """Something the reader of a result should know. The command line lists it under `warnings`."""


def quoted(text: str, limit: int = 40) -> str:
    """`text` in quotes, on one line and at most `limit` characters of it, for a message."""
    return repr(text) if len(text) <= limit else repr(text[:limit])[:-1] + "...'"


def listed(names: tuple[str, ...] | list[str], limit: int = 10) -> str:
    """The first `limit` names, quoted and comma-separated, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(quoted(name) for name in names[:limit]) + more
