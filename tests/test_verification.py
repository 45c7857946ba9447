"""What a verdict may and may not say."""

from dataclasses import replace

import pytest

from boundcheck.records import BoundRow, Interval, Search, TrainingSpec
from boundcheck.records.base import confidence_text
from boundcheck.records.verification import Rung, Verdict
from boundcheck.verification import (
    EXIT_CODE,
    compare_searches,
    follows_theorem,
    judge_runs,
    judge_searches,
    with_factors,
)

ROW = BoundRow(
    "soft-sharp", "soft", 0.1, 0.05, 1000, 500, 0.25, 1.0, 0.15, False, "theory: Sharp soft bound", 1.0, "error", 0.05
)
SPEC = TrainingSpec("soft", "kl", 1.0, 0.25, 500)
GAMMA = Interval(0.1, 0.1)


def search(labels: str = "soft", bracket: tuple[int, int | None] = (8, 10), **changes: object) -> Search:
    """A search that ended with this bracket."""
    base = Search(
        labels=labels,  # type: ignore[arg-type]
        loss="kl",
        eps=0.05,
        success_target=0.9,
        minimal_width=bracket[1],
        bracket=bracket,
        decided=True,
        trials=(),
        undecided=(),
        non_monotone=(),
        stopped="finished",
        confidence=0.95,
        radius=1.0,
        step_size=1.0,
        steps=100,
        temperature=1.0,
        precision="float32",
        max_width=4096,
        seed=0,
        runs=0,
        runs_reused=0,
        seconds=0.0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def rate(lower: float, upper: float) -> Interval:
    return Interval(lower, upper, 0.95, exact=False)


def test_many_failures_at_the_bound_refute_it() -> None:
    assert judge_runs(ROW, GAMMA, SPEC, 1000, 60, 100, rate(0.5, 0.7)).verdict is Verdict.REFUTED


def test_a_verdict_at_a_sampled_margin_supposes_its_lower_end() -> None:
    supposed = "from width 1000 on if gamma >= 0.1238, which holds at 99 % confidence"  # never rounded up
    sampled = Interval(0.12389, 0.2, 0.99, exact=False)
    for row, spec in ((ROW, SPEC), (replace(ROW, labels="hard"), replace(SPEC, labels="hard", loss="logistic"))):
        judged = judge_runs(row, sampled, spec, 1000, 60, 100, rate(0.5, 0.7))
        assert judged.verdict is Verdict.REFUTED
        assert supposed in judged.reason
        assert "gamma" not in judge_runs(row, GAMMA, spec, 1000, 60, 100, rate(0.5, 0.7)).reason


def test_a_hypothesis_in_doubt_refutes_nothing() -> None:
    judged = judge_runs(ROW, GAMMA, SPEC, 1000, 60, 100, rate(0.5, 0.7), doubt="the labels are not the teacher's")
    assert judged.verdict is Verdict.UNDECIDED
    assert "not the teacher's" in judged.reason


def test_failures_below_the_bound_never_refute_it() -> None:
    assert judge_runs(ROW, GAMMA, SPEC, 998, 100, 100, rate(0.96, 1.0)).verdict is Verdict.CONSISTENT


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, steps=499),
        replace(SPEC, step_size=0.2),
        replace(SPEC, radius=2.0),
        replace(SPEC, labels="hard", loss="logistic"),
    ],
)
def test_training_other_than_prescribed_never_refutes(other: TrainingSpec) -> None:
    assert not follows_theorem(other, ROW)
    assert judge_runs(ROW, GAMMA, other, 1000, 100, 100, rate(0.96, 1.0)).verdict is Verdict.CONSISTENT


def test_more_steps_than_prescribed_are_within_the_theorem() -> None:
    assert follows_theorem(replace(SPEC, steps=501), ROW)


def test_too_few_seeds_leave_the_failure_rate_undecided() -> None:
    assert judge_runs(ROW, GAMMA, SPEC, 1000, 0, 5, rate(0.0, 0.52)).verdict is Verdict.UNDECIDED
    assert judge_runs(ROW, GAMMA, SPEC, 1000, 0, 40, rate(0.0, 0.09)).verdict is Verdict.CONSISTENT


def test_a_theorem_without_a_finite_schedule_is_followed_by_no_run() -> None:
    assert not follows_theorem(SPEC, replace(ROW, steps=None))


def test_disjoint_brackets_order_the_searches() -> None:
    hard = search("hard", (32, 40))
    assert compare_searches(search("soft", (8, 10)), hard).smaller == "soft B=1"
    assert compare_searches(search("soft", (40, 64)), hard).smaller == "hard B=1"
    assert compare_searches(search("soft", (8, 32)), hard).separated  # (8, 32] and (32, 40] share no width


@pytest.mark.parametrize("soft", [(8, 34), (8, None), (32, 40)])
def test_overlapping_brackets_are_not_told_apart(soft: tuple[int, int | None]) -> None:
    found = compare_searches(search("soft", soft), search("hard", (32, 40)))
    assert not found.separated
    assert found.smaller is None


def test_hard_labels_never_shown_to_succeed_still_lose_to_a_smaller_soft_width() -> None:
    found = compare_searches(search("soft", (8, 10)), search("hard", (64, None)))
    assert found.smaller == "soft B=1"
    assert found.statement == (
        "soft B=1 needs fewer neurons than hard B=1, if success grows with the width: "
        "(8, 10] against (64, ...) (both at once: 90 %)"
    )


def test_the_risks_of_two_searches_add_up_to_at_most_one() -> None:
    unsure = compare_searches(search("soft", confidence=0.4), search("hard", (32, 40), confidence=0.4))
    assert unsure.statement.endswith("(both at once: 0 %)")


def test_widths_are_not_compared_where_success_is_shown_not_to_grow() -> None:
    """Soft succeeds from 64 on; hard at 18 to 30, and again from 256: soft does not need fewer neurons."""
    found = compare_searches(search("soft", (32, 64)), search("hard", (128, 256), non_monotone=((24, 128),)))
    assert not found.separated
    assert found.smaller is None
    assert "hard B=1 succeeds at width 24 and fails at 128" in found.statement


@pytest.mark.parametrize(
    ("level", "said"),
    [(0.95, "95 %"), (0.999, "99.9 %"), (0.9999999, "99.99999 %"), (0.9 - 1e-16, "90 %"), (1.0, "100 %"), (0.0, "0 %")],
)
def test_a_confidence_is_never_rounded_up(level: float, said: str) -> None:
    assert confidence_text(level) == said
    assert (confidence_text(0.9934567), confidence_text(1 - 1e-15)) == ("99.34 %", "99.9999999999999 %")


def test_a_search_cut_short_is_undecided_unless_one_on_the_same_labels_was_shown_to_succeed() -> None:
    for stopped in ("budget", "time"):
        cut = search(bracket=(8, None), stopped=stopped, decided=False)
        assert judge_searches([cut], [ROW]).verdict is Verdict.UNDECIDED
        assert judge_searches([cut, search("hard")], [ROW]).verdict is Verdict.UNDECIDED
        assert judge_searches([cut, search(radius=50.0)], [ROW]).verdict is Verdict.CONSISTENT
        assert judge_searches([search(stopped=stopped, decided=False)], [ROW]).verdict is Verdict.CONSISTENT
    assert judge_searches([search(stopped="finished", decided=False)], [ROW]).verdict is Verdict.CONSISTENT


def test_a_practical_search_wider_than_a_bound_says_so_without_refuting() -> None:
    found = judge_searches([search(bracket=(1200, 1202))], [ROW])
    assert found.verdict is Verdict.CONSISTENT
    assert "--width" in found.reason


def test_a_search_without_success_is_measured_against_the_least_bound_of_its_labels() -> None:
    other = replace(ROW, bound="hard-sharp", labels="hard", width=10)
    for widest, beyond in ((998, False), (1000, True)):
        silent = search(bracket=(8, None), stopped="max_width", decided=False, max_width=widest)
        found = judge_searches([silent], [ROW, replace(ROW, width=5000), other])
        assert found.verdict is Verdict.CONSISTENT
        assert f"up to width {widest}" in found.reason
        assert ("soft B=1 (no success shown up to width 1000) needed more neurons" in found.reason) is beyond
        assert ("--training theorem" in found.reason) is beyond
        assert ("no bound promises any there" in found.reason) is not beyond


def test_exit_codes_are_those_of_the_design() -> None:
    assert {v.value: EXIT_CODE[v] for v in Verdict} == {
        "consistent": 0,
        "refuted": 1,
        "assumption fails": 1,
        "undecided": 3,
    }


def test_factors_stop_at_the_end_of_each_chain_and_at_missing_widths() -> None:
    rungs = [
        Rung("soft-published", "soft", "kl", 1000, "proved"),
        Rung("soft-sharp", "soft", "kl", 100, "proved"),
        Rung("empirical", "soft", "kl", None, "estimated"),
        Rung("hard-published", "hard", "logistic", 50, "proved"),
    ]
    assert [r.factor for r in with_factors(rungs)] == [10.0, None, None, None]


def test_factors_compare_rungs_of_one_loss_only() -> None:
    rungs = [
        Rung("hard-sharp", "hard", "logistic", 1000, "proved"),
        Rung("hard-perceptron", "hard", "perceptron", 400, "proved"),
        Rung("certificate", "hard", "perceptron", 20, "certified"),
        Rung("empirical", "hard", "logistic", 100, "estimated"),
        Rung("empirical", "hard", "logistic", 10, "estimated"),
    ]
    assert [r.factor for r in with_factors(rungs)] == [10.0, 20.0, None, None, None]
