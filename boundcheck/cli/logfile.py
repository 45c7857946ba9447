"""A plain log of one run: when it began, where it is, what it warned of, how it ended."""

import time
from datetime import datetime
from pathlib import Path

from boundcheck.errors import InputError, writing
from boundcheck.progress import Progress

_EVERY_SECONDS = 10.0


class Log:
    """Lines `time command: text` appended to a file, each written through at once. Listens to progress."""

    def __init__(self, path: Path) -> None:
        """Open for appending. Raises InputError where that fails."""
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise InputError(f"--log-file {path}: cannot be written ({error.strerror})") from error
        self._path = path
        self.command = "boundcheck"
        self._message = ""
        self._last = 0.0

    def write(self, text: str) -> None:
        """One line, with the local time and the command. Raises OutputError."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        line = f"{now} {self.command}: {' '.join(text.split())}\n"
        with writing(f"--log-file {self._path}"):
            self._file.write(line.encode(errors="backslashreplace"))

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        """A line for every new message, and every ten seconds for the same one."""
        now = time.monotonic()
        if message == self._message and now - self._last < _EVERY_SECONDS:
            return
        self._message, self._last = message, now
        self.write(
            message if completed is None else f"{message} ({completed:g} of {'?' if total is None else f'{total:g}'})"
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Both:
    """Two listeners as one."""

    def __init__(self, first: Progress, second: Progress) -> None:
        self._listeners = (first, second)

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        """Tell both."""
        for listener in self._listeners:
            listener.update(message, completed, total)
