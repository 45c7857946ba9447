"""Numbers of the reproduced experiments as they are printed."""

import pytest

from boundcheck.experiments.estimates import proportion
from boundcheck.presentation import present, terminal
from boundcheck.presentation.views.experiments import interval
from boundcheck.records.reproduce import MeanInterval


def test_an_interval_is_printed_in_per_cent_with_its_half_width_where_it_is_symmetric() -> None:
    assert interval(MeanInterval(0.96581, 0.96181, 0.96981, 20, 0.95)) == "96.6 ± 0.4"
    assert interval(proportion(9, 10)) == "90.0 (55.5, 99.7)"


def test_a_difference_that_rounds_to_zero_has_no_sign() -> None:
    assert interval(MeanInterval(-0.0004, -0.0074, 0.0066, 20, 0.95)) == "0.0 ± 0.7"


def test_only_teachers_that_may_be_guessing_are_named() -> None:
    figure1 = pytest.importorskip("boundcheck.experiments.figure1")

    def row(noise: float, lower: float):  # type: ignore[no-untyped-def]
        teacher, zero = MeanInterval(0.8, lower, 0.9, 5, 0.95), MeanInterval(0.0, -0.1, 0.1, 5, 0.95)
        return figure1.Figure1Row("x", noise, teacher, teacher, teacher, zero, None)

    result = figure1.Figure1("x", "0" * 64, 9, figure1.SMALL, (row(0.1, 0.6), row(0.2, 0.49)), (), 0)
    assert "not shown to beat a coin at variance 0.2:" in terminal.text(present(result))
