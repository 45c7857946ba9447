"""Standard output and error as they may be: closed, full, without an alphabet, or read by someone who went away."""

import errno
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from boundcheck.errors import OutputError, writing

STDOUT = "standard output"
UNWRITTEN, READER_GONE = 4, 141  # 128 + SIGPIPE, as a shell reports it


class _Closed:
    """Stands where there is no standard output: every write fails, so that no result is lost in silence."""

    encoding, errors = "utf-8", "backslashreplace"

    def write(self, _: str) -> int:
        raise OSError(errno.EBADF, "it is closed")

    def flush(self) -> None:
        """Nothing waits to be written."""

    def isatty(self) -> bool:
        return False


class _Harmless:
    """A standard error whose troubles end no computation: what cannot be written there is left out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def prepare() -> None:
    """Make the standard streams of this process such that writing raises OSError on stdout, and nothing on stderr."""
    for descriptor in range(3):  # a file opened later must not become one of the three
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = _Harmless(sys.stderr)
    if sys.stdout is None:
        sys.stdout = _Closed()
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def require_stdout() -> None:
    """Raise OutputError where standard output is closed: worth asking before a long computation."""
    if isinstance(sys.stdout, _Closed):
        raise OutputError(f"{STDOUT}: is closed; open it, or send it to /dev/null")


def settle(code: int) -> int:
    """Write what waits for standard output; the exit code, `code` unless that fails."""
    try:
        with writing(STDOUT):
            sys.stdout.flush()
    except BrokenPipeError:
        code = READER_GONE
    except OutputError as error:
        sys.stderr.write(f"boundcheck: error: {error}\n")
        code = error.exit_code
    if code in (READER_GONE, UNWRITTEN):
        _forget()
    return code


def _forget() -> None:
    """Let nothing more be said at the end of the process about what standard output did not take."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
