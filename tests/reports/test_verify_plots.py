"""What the figures of `verify` show."""

from boundcheck.presentation.figures import new_figure
from boundcheck.presentation.views.verify_plots import ladder
from boundcheck.records.verification import Rung


def test_a_rung_that_was_not_reached_is_an_arrow_from_where_it_was_sought() -> None:
    rungs = [
        Rung("hard-sharp", "hard", "logistic", 5000, "proved", radius=1.0),
        Rung("certificate", "hard", "perceptron", None, "certified"),
        Rung("empirical", "hard", "logistic", None, "estimated", radius=1.0, bracket=(64, None), searched_to=64),
        Rung("empirical", "hard", "logistic", 8, "estimated", radius=50.0, bracket=(4, 8), searched_to=4),
    ]
    _, axes = new_figure(width=6.0, height=4.0)
    ladder(rungs)(axes)
    names = ["empirical, B=50 (hard)", "empirical, B=1 (hard)", "hard-sharp (hard)"]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    marks = {line.get_marker(): line.get_xdata()[0] for line in axes.lines}
    assert marks == {"o": 8, "|": 8, ">": 64, "s": 5000}
