"""The width search as a whole, on a trainer whose success probability is known at every width."""

import dataclasses
import math
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from search.bernoulli import SPEC, Bernoulli, X, Y

from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.numerics import clopper_pearson
from boundcheck.progress import SILENT
from boundcheck.records import Search, SearchSettings, TrainingRun
from boundcheck.search import Context, minimal_width, run_seed, succeeded
from boundcheck.search.executors import LocalExecutor
from boundcheck.search.statistics import SuccessTest

PATIENT = SearchSettings(max_width=8192, max_seeds=1000, time_limit=math.inf)
STEEP = {8: 0.3, 10: 0.6, 12: 1.0}
GRADUAL = {4: 0.2, 6: 0.7, 8: 0.88, 10: 0.895, 12: 0.905, 14: 0.93, 16: 0.97, 24: 1.0}
AT_TARGET = {2: 0.9}
LOST_AGAIN = {4: 0.5, 6: 0.96, 8: 0.86, 16: 0.92, 32: 0.85, 64: 1.0}


def search(curve: Mapping[int, float], **options: Any) -> Search:
    """options: of `minimal_width`, or fields of its settings and its context."""
    names = {f.name for f in dataclasses.fields(SearchSettings)} & options.keys()
    settings = dataclasses.replace(PATIENT, **{name: options.pop(name) for name in names})
    means = {f.name for f in dataclasses.fields(Context)} & options.keys()
    context = Context(**{name: options.pop(name) for name in means})
    options = {"eps": 0.05, "data_digest": "synthetic", "train": Bernoulli(curve), "context": context} | options
    return minimal_width(X, Y, None, SPEC, settings, **options)


def same(search: Search) -> dict[str, Any]:
    """All of a result but what depends on the clock and on what was in the store."""
    body = search.to_json()
    body["trials"] = [{k: v for k, v in trial.items() if k != "reused"} for trial in body["trials"]]
    return {k: v for k, v in body.items() if k not in ("seconds", "runs_reused")}


def wrong(found: Search, curve: Mapping[int, float]) -> bool:
    """Whether anything the search says about its trials is untrue."""
    truth = {t.width: Bernoulli(curve).probability(t.width) for t in found.trials}
    return any(
        not t.ci[0] <= truth[t.width] <= t.ci[1]
        or (t.verdict == "succeeds" and truth[t.width] < found.success_target)
        or (t.verdict == "fails" and truth[t.width] >= found.success_target)
        for t in found.trials
    )


def share_wrong(curve: Mapping[int, float], searches: int, **options: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundcheckWarning)
        results = [search(curve, seed=s, max_width=64, max_seeds=60, **options) for s in range(searches)]
    return sum(wrong(result, curve) for result in results) / searches


@pytest.mark.parametrize("curve", [STEEP, GRADUAL, AT_TARGET, LOST_AGAIN], ids=str)
def test_everything_said_is_true_as_often_as_promised(curve: Mapping[int, float]) -> None:
    """Over 1,000 searches in all; the promise here is only 0.7, so that a broken one would show."""
    assert share_wrong(curve, 250, confidence=0.7) <= 0.3


def test_the_coverage_test_exposes_intervals_that_ignore_repeated_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclasses.dataclass(frozen=True)
    class Naive(SuccessTest):
        def interval(self, seeds: int, successes: int) -> tuple[float, float]:
            return clopper_pearson(seeds, successes, 0.3)

        def verdict(self, seeds: int, successes: int) -> Any:
            low, high = self.interval(seeds, successes)
            return "succeeds" if low >= self.target else "fails" if high < self.target else "undecided"

    monkeypatch.setattr("boundcheck.search.widths.SuccessTest", Naive)
    assert share_wrong(GRADUAL, 60, confidence=0.7) > 0.5


def test_steep_success_is_located_exactly() -> None:
    found = search(STEEP)
    assert (found.minimal_width, found.bracket, found.decided, found.stopped) == (12, (10, 12), True, "finished")
    assert found.confidence == 0.95
    assert found.runs == sum(t.seeds for t in found.trials) < 400
    assert [t.width for t in found.trials] == sorted(t.width for t in found.trials)


def test_the_default_answer_in_json_has_the_binding_keys() -> None:
    body = search(STEEP).to_json()
    assert body.keys() >= {
        "labels", "loss", "eps", "success_target", "minimal_width", "bracket", "decided", "trials",
    }  # fmt: skip
    assert body["trials"][0].keys() >= {"width", "seeds", "successes", "ci", "mean_error"}
    assert body["bracket"] == [10, 12]


def test_a_width_at_the_target_stays_undecided_and_is_named() -> None:
    found = search({8: 0.2, 10: 0.9, 12: 1.0}, max_seeds=300)
    assert found.undecided == (10,)
    assert found.bracket == (8, 12)
    assert found.minimal_width == 12
    assert found.decided, "all that 300 seeds a width can show is shown, within a factor of two"
    assert not search({8: 0.2, 10: 0.9, 12: 1.0}, max_seeds=300, budget=400).decided


def test_a_wide_bracket_is_not_called_decided() -> None:
    found = search({2: 0.9, 16: 1.0}, max_seeds=300)
    assert found.bracket == (0, 16)
    assert found.stopped == "finished"
    assert not found.decided


def test_success_that_is_not_monotone_is_reported() -> None:
    with pytest.warns(BoundcheckWarning, match="not monotone in the width: 8 is shown to succeed and 16 to fail"):
        found = search({8: 1.0, 16: 0.1})
    assert found.non_monotone == ((8, 16),)


def test_the_budget_bounds_the_runs() -> None:
    found = search(GRADUAL, budget=100)
    assert found.runs <= 100
    assert not found.decided
    assert found.stopped == "budget"


def test_no_time_leaves_everything_open() -> None:
    found = search(STEEP, time_limit=0)
    assert (found.minimal_width, found.bracket, found.decided, found.stopped) == (None, (0, None), False, "time")
    assert found.trials == ()


def test_a_time_limit_keeps_what_was_finished() -> None:
    found = search(STEEP, train=Bernoulli(STEEP, pause=0.002), time_limit=0.1)
    assert found.stopped == "time"
    assert 0 < found.runs < search(STEEP).runs


def test_seeds_that_finish_out_of_order_do_not_count_early() -> None:
    """Which later seeds happen to be done when time is up may depend on their outcome, so they are left out."""

    class LastFirst(LocalExecutor):
        def run(self, task: Any, take: Any, within: Any) -> Any:
            for job in reversed(take(10**6)):
                yield task([job], progress=SILENT)
                time.sleep(0.01)

    found = search(STEEP, executor=LastFirst(), time_limit=0.05, max_width=2)
    assert found.stopped == "time"
    assert found.trials == ()


def test_no_width_up_to_the_widest_succeeds() -> None:
    found = search({2: 0.1}, max_width=64)
    assert (found.minimal_width, found.bracket, found.stopped) == (None, (64, None), "max_width")
    assert not found.decided


def test_two_neurons_may_be_enough() -> None:
    found = search({2: 1.0})
    assert (found.minimal_width, found.bracket, found.decided) == (2, (0, 2), True)


def test_same_seed_same_answer_and_another_seed_other_runs() -> None:
    first, again, other = search(GRADUAL), search(GRADUAL), search(GRADUAL, seed=1)
    assert same(first) == same(again)
    assert [t.mean_error for t in first.trials] != [t.mean_error for t in other.trials]


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = search(GRADUAL)
    monkeypatch.setattr("boundcheck.search.executors._LEAST_NEURONS", 2)
    assert same(search(GRADUAL)) == same(whole)


def test_seeds_of_different_searches_do_not_meet() -> None:
    assert run_seed(3, 17) == 3_000_017
    assert run_seed(0, 0) == 0
    assert 0 <= run_seed(10**9, 5) < 2**31


def test_trial_averages_are_those_of_its_runs() -> None:
    found = search({2: 1.0})
    first = found.trials[0]
    assert first.mean_error == pytest.approx(0.01)
    assert first.mean_error_bounds == pytest.approx((0.01, 0.01))
    assert (first.final_error, first.flip_fraction, first.movement) == pytest.approx((0.01 / 3, 0.25, 0.5))


def run_with(bounds: tuple[float, float] | None, average: float = 0.2) -> TrainingRun:
    return TrainingRun(8, 0, average, 0.1, 0.0, 0.0, 0.0, 0.0, 10, bounds is not None, bounds)


def test_a_run_stopped_early_is_judged_by_what_its_average_can_still_become() -> None:
    assert succeeded(run_with((0.01, 0.05)), 0.05)
    assert not succeeded(run_with((0.06, 0.9)), 0.05)
    with pytest.raises(ValueError, match="undecided average error"):
        succeeded(run_with((0.04, 0.06)), 0.05)
    assert succeeded(run_with(None, 0.05), 0.05)
    assert not succeeded(run_with(None, 0.0501), 0.05)


def test_eps_reaches_the_trainer_so_that_runs_stop_early() -> None:
    seen = []

    def train(*args: Any, eps: float | None, progress: Any) -> list[TrainingRun]:
        seen.append(eps)
        return Bernoulli(STEEP)(*args, eps=eps, progress=progress)

    search(STEEP, train=train)
    assert set(seen) == {0.05}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("eps", 0.0), ("eps", 1.0), ("eps", float("nan")), ("success_target", 1.0), ("confidence", 0.0),
        ("max_width", 7), ("max_width", 0), ("max_seeds", 0), ("budget", 0), ("time_limit", -1.0),
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused_in_one_line(option: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"--{option.replace('_', '-')} ") as refusal:
        search(STEEP, **{option: value})
    assert "\n" not in str(refusal.value)


def test_soft_labels_are_needed_exactly_for_soft_training() -> None:
    soft = dataclasses.replace(SPEC, labels="soft", loss="kl")
    with pytest.raises(InputError, match="p must be given"):
        minimal_width(X, Y, None, soft, PATIENT, eps=0.1, data_digest="", train=Bernoulli(STEEP))
    with pytest.raises(InputError, match="p must be left out"):
        minimal_width(X, Y, np.array([0.6, 0.4]), SPEC, PATIENT, eps=0.1, data_digest="", train=Bernoulli(STEEP))


def test_progress_tells_width_seeds_interval_and_what_is_left() -> None:
    class Listener:
        def __init__(self) -> None:
            self.said: list[tuple[str, float, float]] = []

        def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
            assert completed is not None
            assert total is not None
            self.said.append((message, completed, total))

    listener = Listener()
    found = search(STEEP, progress=listener, max_width=64)
    assert all(0 <= done <= total == 1 for _, done, total in listener.said)
    answer = next(trial for trial in found.trials if trial.width == found.minimal_width)
    low, high = answer.ci
    told = f"width {answer.width}: {answer.seeds} seeds, rate {low:.2f}-{high:.2f}"
    assert any(told in message for message, *_ in listener.said)
    assert listener.said[0][1] < 0.1
    assert listener.said[-1][1] > 0.9
