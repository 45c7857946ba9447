"""What a reader is told of a long computation: the share that is done, what is left, and early when it is much."""

import sys

import pytest

from boundcheck import progress
from boundcheck.cli import listener as module
from boundcheck.cli.listener import Listener
from boundcheck.pipeline import verify as pipeline
from boundcheck.progress import Notice, takes_long
from boundcheck.records import SearchSettings, TrainingRun, TrainingSpec
from boundcheck.search import Context, train_runs


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_what_is_left_follows_the_pace_of_the_stage(clock: Clock) -> None:
    told = Listener()
    told.update("kernel", 10, 10)
    assert told.seconds_left() is None
    clock.now = 100.0
    told.update("training", 0, 50)
    clock.now = 110.0
    told.update("training", 5, 50)
    assert told.seconds_left() == pytest.approx(90.0), "the stage began at 100 s, and 5 in 50 took 10 s"
    told.update("certificate")
    assert told.seconds_left() is None


def test_a_complete_stage_says_nothing_of_the_next(clock: Clock) -> None:
    """A bar that was once full showed 0:00:00 left for ever after."""
    told = Listener()
    told.update("one", 0, 1.0)
    clock.now = 4.0
    told.update("one", 1.0, 1.0)
    told.update("two", 0.0, 1.0)
    clock.now = 5.0
    told.update("two", 0.1, 1.0)
    assert told.seconds_left() == pytest.approx(9.0)


def test_a_terminal_shows_what_is_left(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = Listener()
    for now, done in ((0.0, 1.0), (3.0, 0.0), (4.0, 0.2)):
        clock.now = now
        told.update("stage", done, 1.0)
    assert told._bar is not None
    (task,) = told._bar.tasks
    *_, left = told._bar.columns
    assert not task.finished
    assert left.render(task).plain == "0:00:04 left"
    told.close()


def test_a_stage_that_takes_long_is_foretold_once(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    told = Listener()
    told.update("training", 0, 1000)
    for now in (5.0, 11.0, 20.0, 60.0):
        clock.now = now
        told.update("training", now, 1000)
    assert capsys.readouterr().err == "this takes about 16 min; what is finished is kept, Ctrl-C stops it\n"


def test_a_notice_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Listener().update(Notice(takes_long(progress.LONG_SECONDS, most=7200.0)))
    assert capsys.readouterr().err.startswith("this takes about 10 min, at most 2 hours;")
    assert takes_long(599.0) == takes_long(9999.0, most=300.0) == ""


def test_a_batch_under_way_is_heard_of() -> None:
    """`verify --width 64 --seeds 5` said nothing until its one batch was trained."""
    heard = []

    class Hears:
        def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
            heard.append((message, completed, total))

    spec = TrainingSpec("hard", "logistic", 1.0, 0.5, 10)

    def slow(X, y, p, spec, jobs, *, eps, progress):
        for share in (0.25, 0.75):
            progress.update("training", share, 1.0)
        return [TrainingRun(width, seed, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 10) for width, seed in jobs]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boundcheck.search.runs._trainer", lambda train: (slow, "1"))
        train_runs(
            [[1.0]], [1], None, spec, [(64, 0), (64, 1)], eps=None, data_digest="d", context=Context(progress=Hears())
        )
    assert heard == [
        ("0 of 2 runs", 0.0, 128),
        ("0 of 2 runs", 32.0, 128),
        ("0 of 2 runs", 96.0, 128),
        ("2 of 2 runs", 128.0, 128),
    ]


def test_the_cost_of_a_search_is_foretold_where_it_is_long() -> None:
    """115,000 numbers and 2,000 steps: 138 s a search at 5,000 neurons; a cluster of 10,000 images: its time limits."""
    specs = [TrainingSpec("soft", "kl", 1.0, 0.5, 2000)] * 3
    assert pipeline._cost(specs, 115_000, SearchSettings()) == ""
    line = pipeline._cost(specs, 7_840_000, SearchSettings(time_limit=600.0))
    assert line.startswith("this takes about 30 min, at most 33 min;")
