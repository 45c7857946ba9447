"""Which widths are tried: doubling, bisection, proof; and what is concluded from the counts."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcheck.search.plan import Plan, doubling_widths, middle, most_widths
from boundcheck.search.statistics import SuccessTest


def carry_out(plan: Plan, succeeds: Callable[[int, int], bool]) -> int:
    """Run the plan to its end; `succeeds(width, index)` is one run. Returns the number of rounds."""
    rounds = 0
    while totals := plan.next_round():
        rounds += 1
        for width, total in totals.items():
            before = plan.counts[width].seeds if width in plan.counts else 0
            assert before < total <= plan.max_seeds, "every round adds seeds, within the cap"
            plan.record(width, total, sum(succeeds(width, i) for i in range(total)))
    return rounds


def new_plan(max_width: int = 1024, max_seeds: int = 200) -> Plan:
    return Plan(SuccessTest(0.9, 0.05 / most_widths(max_width)), max_width, max_seeds, 1024)


def test_doubling_ends_at_the_widest_network() -> None:
    assert doubling_widths(16) == [2, 4, 8, 16]
    assert doubling_widths(20) == [2, 4, 8, 16, 20]
    assert doubling_widths(2) == [2]


@given(st.integers(0, 5000), st.integers(2, 5000))
def test_middle_is_even_and_strictly_between(half: int, gap: int) -> None:
    low, high = 2 * half, 2 * (half + gap)
    assert middle(low, high) % 2 == 0
    assert low < middle(low, high) < high


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 512))
def test_a_sharp_threshold_is_found_exactly_with_one_proof(half: int) -> None:
    plan = new_plan()
    rounds = carry_out(plan, lambda width, _: width >= 2 * half)
    assert plan.smallest_success == 2 * half
    assert plan.largest_failure == 2 * half - 2
    assert not plan.undecided
    assert not plan.non_monotone
    proven = [w for w, c in plan.counts.items() if c.verdict == "succeeds" and w != 2 * half]
    assert all(w <= 12 for w in proven), "widths other than the answer are proven only where that costs nothing"
    assert sum(c.seeds for c in plan.counts.values()) < 500
    assert rounds <= 24


def test_seeds_that_a_tile_has_no_room_for_are_not_spent() -> None:
    """Where a tile holds few neurons, clear failures get the four seeds that show them, not what fits for nothing."""
    few, many = (Plan(SuccessTest(0.9, 0.05 / most_widths(1024)), 1024, 200, tile) for tile in (32, 1024))
    for plan in (few, many):
        carry_out(plan, lambda width, _: width >= 64)
        assert (plan.largest_failure, plan.smallest_success) == (62, 64)
    assert few.counts[2].seeds < 10 < 50 < many.counts[2].seeds
    assert sum(c.seeds for c in few.counts.values()) < 0.7 * sum(c.seeds for c in many.counts.values())


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**9))
def test_any_outcomes_end_within_the_widths_paid_for(seed: int) -> None:
    plan = new_plan(max_seeds=60)
    rates = {w: random.Random(seed + w).random() ** 0.3 for w in range(2, 1026, 2)}
    carry_out(plan, lambda width, i: random.Random(f"{seed} {width} {i}").random() < rates[width])
    assert len(plan.counts) <= most_widths(1024)
    assert all(2 <= w <= 1024 and w % 2 == 0 for w in plan.counts)
    success = plan.smallest_success
    if success is not None:
        assert plan.largest_failure < success
        assert all(plan.largest_failure < w < success for w in plan.undecided)


def test_no_width_above_the_answer_costs_more_than_its_proof() -> None:
    """Wide networks are looked at once the answer is known, and then at twice and four times its width only."""
    plan = new_plan()
    plan.tile = 128
    carry_out(plan, lambda width, _: width >= 90)
    assert plan.smallest_success == 90
    above = {w: c.seeds for w, c in plan.counts.items() if w > 128}
    assert above == {256: 4}, "4 x 90 < 512"
    assert sum(w * seeds for w, seeds in above.items()) < 90 * plan.counts[90].seeds / 4


def test_a_width_at_the_target_is_stepped_around() -> None:
    """Exactly nine of ten runs succeed at 16, so no number of seeds decides it."""
    plan = new_plan()
    carry_out(plan, lambda width, i: width > 16 or (width == 16 and i % 10 != 0))
    assert plan.counts[16].seeds == plan.max_seeds
    assert plan.undecided == (16,)
    assert (plan.largest_failure, plan.smallest_success) == (14, 20), "near an undecided width a quarter is near enough"


def test_the_largest_failure_is_sought_below_an_undecided_width() -> None:
    """Eight of nine runs succeed at 20, the first midpoint: below it nothing was tried since 8."""
    plan = new_plan()
    carry_out(plan, lambda width, i: width > 20 or (width == 20 and i % 9 != 0))
    assert plan.undecided == (20,)
    assert (plan.largest_failure, plan.smallest_success) == (16, 24)


def test_no_width_succeeds() -> None:
    plan = new_plan(max_width=64)
    carry_out(plan, lambda width, _: False)
    assert plan.smallest_success is None
    assert plan.largest_failure == 64


@pytest.mark.parametrize("max_seeds", [1, 4, 17])
def test_too_few_seeds_decide_nothing_but_end(max_seeds: int) -> None:
    plan = new_plan(max_width=64, max_seeds=max_seeds)
    carry_out(plan, lambda width, _: True)
    assert plan.smallest_success is None
    assert set(plan.undecided) >= {2, 4, 8, 16, 32}


def test_success_that_is_lost_again_at_larger_widths_is_reported() -> None:
    plan = new_plan()
    carry_out(plan, lambda width, _: 20 <= width < 40)
    assert plan.smallest_success == 20
    assert plan.non_monotone == ((20, 64),)


def test_a_dubious_width_above_the_answer_is_followed_up() -> None:
    """Two of three runs succeed at 64: a first look does not show failure, the search insists."""
    plan = new_plan()
    carry_out(plan, lambda width, i: width >= 20 and (width != 64 or i % 3 != 0))
    assert plan.counts[64].verdict == "fails"
    assert (20, 64) in plan.non_monotone
