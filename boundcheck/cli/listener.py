"""Who listens to the progress of a command: a bar on a terminal, and single lines that anyone should read."""

import sys
import time
from typing import TYPE_CHECKING, Any

from boundcheck.progress import Notice, takes_long

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

SLOW_SECONDS = 2.0  # no bar for what is over by then
SURE_SECONDS = 10.0  # of a stage, before what is left of it is foretold
SURE_SHARE = 0.002


class Listener:
    """A bar, from two seconds on, where stderr is a terminal; a line for a `Notice`, and for a stage that takes long.

    A stage ends when it is complete, or when another unit of progress or none at all is reported: its time begins anew.
    """

    def __init__(self) -> None:
        self._began = self._stage_began = time.monotonic()
        self._completed: float | None = None
        self._total: float | None = None
        self._first = 0.0
        self._foretold = False
        self._bar: RichProgress | None = None
        self._task: Any = None

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        """Show where a stage is."""
        if isinstance(message, Notice):
            self.say(message)
            return
        ended = self._total is not None and self._completed is not None and self._completed >= self._total
        anew = ended or total != self._total
        self._completed, self._total = completed, total
        if anew:
            self._stage_began, self._first = time.monotonic(), completed or 0.0
        self._draw(message, anew=anew)
        self._foretell()

    def seconds_left(self) -> float | None:
        """Of the stage, at its pace so far; None where nothing can be said."""
        if self._completed is None or self._total is None or self._completed <= self._first:
            return None
        pace = (self._completed - self._first) / max(time.monotonic() - self._stage_began, 1e-9)
        return max(self._total - self._completed, 0.0) / pace

    def say(self, line: str) -> None:
        """Write a line on stderr, above the bar if there is one."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{line}\n")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _foretell(self) -> None:
        left = self.seconds_left()
        if self._foretold or left is None or self._total is None or self._completed is None:
            return
        share = (self._completed - self._first) / self._total
        if time.monotonic() - self._stage_began > SURE_SECONDS and share > SURE_SHARE and (line := takes_long(left)):
            self._foretold = True
            self.say(line)

    def _draw(self, message: str, *, anew: bool) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            if time.monotonic() - self._began < SLOW_SECONDS:
                return
            self._bar = _make_bar(self)
            self._task = self._bar.add_task(message, total=None)
            self._bar.start()
        if anew:
            self._bar.reset(self._task, total=self._total, completed=int(self._completed or 0))
        self._bar.update(self._task, description=message, completed=self._completed, total=self._total)


def _make_bar(listener: Listener) -> "RichProgress":
    from datetime import timedelta

    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column
    from rich.text import Text

    class Left(ProgressColumn):
        """What is left of the stage; empty where that is not known."""

        def render(self, task: Any) -> Text:
            left = listener.seconds_left()
            return Text("" if not left else f"{timedelta(seconds=round(left))} left", style="progress.remaining")

    return Progress(
        TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=10),
        TimeElapsedColumn(),
        Left(),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
