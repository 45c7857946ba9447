"""Numbers of the reproduced experiments as they are printed."""

from boundcheck.experiments.estimates import Estimate, proportion
from boundcheck.reports.experiment_tables import interval


def test_an_interval_is_printed_in_per_cent_with_its_half_width_where_it_is_symmetric() -> None:
    assert interval(Estimate(0.96581, 0.96181, 0.96981, 20, 0.95)) == "96.6 ± 0.4"
    assert interval(proportion(9, 10)) == "90.0 (55.5, 99.7)"


def test_a_difference_that_rounds_to_zero_has_no_sign() -> None:
    assert interval(Estimate(-0.0004, -0.0074, 0.0066, 20, 0.95)) == "0.0 ± 0.7"
