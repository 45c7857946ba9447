"""The ladder claims no more of a search than the search has shown."""

from test_verification import search

from boundcheck.pipeline.verify import _ladder


def test_a_search_cut_short_excludes_only_the_widths_shown_to_fail() -> None:
    cut = search(bracket=(10, None), stopped="time", decided=False, minimal_width=None)
    (rung,) = _ladder([], [], [cut], foreign=False)
    assert (rung.width, rung.searched_to) == (None, 10)


def test_a_finished_search_is_a_rung_at_its_smallest_width() -> None:
    (rung,) = _ladder([], [], [search(bracket=(8, 10))], foreign=False)
    assert (rung.width, rung.bracket, rung.kind) == (10, (8, 10), "estimated")
