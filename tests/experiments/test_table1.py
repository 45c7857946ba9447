"""Table 1: splits, soft targets, the choice on validation rows, what is kept, and the claims."""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from boundcheck.datasets import Dataset, load_dataset
from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.experiments.distill import Students, Study, Trained
from boundcheck.experiments.equal_footing import equal_footing
from boundcheck.experiments.split import stratified
from boundcheck.experiments.table1_result import ALL, PAPER, REDUCED, assemble
from boundcheck.experiments.targets import soft_targets
from boundcheck.records import Interval, TrainingSpec
from boundcheck.records.reproduce import Choice, DistillSettings, MarginDraw, Table1
from boundcheck.training import fit

TINY = DistillSettings(
    widths=(4, 8),
    runs=3,
    steps=60,
    teacher_width=32,
    selection_neurons=16,
    hard_grid=(Choice(1e-3, np.inf), Choice(16.0, np.inf), Choice(1e9, 1e-9)),
    soft_grid=(Choice(16.0, np.inf, 1.0), Choice(16.0, np.inf, 5.0)),
)


class Kept:
    """A store in memory that counts what is written."""

    def __init__(self) -> None:
        self.cells: dict[str, str] = {}
        self.writes: list[str] = []

    def load_cell(self, key: str) -> str | None:
        return self.cells.get(key)

    def keep_cell(self, key: str, kind: str, value: str) -> None:
        self.writes.append(key)
        self.cells[key] = value


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_dataset("synthetic:teacher:n=150,d=5,neurons=4,gap=0.05")


@pytest.fixture(scope="module")
def kept() -> Kept:
    return Kept()


@pytest.fixture(scope="module")
def trained(data: Dataset, kept: Kept) -> Trained:
    return Study(REDUCED, data, TINY, cells=kept).train()


def test_a_split_is_a_partition_with_both_classes_in_proportion() -> None:
    y = np.where(np.arange(1000) % 10 < 3, 1, -1)
    split = stratified(y, 0.6, seed=1)
    assert sorted([*split.train, *split.valid, *split.test]) == list(range(1000))
    assert [len(split.train), len(split.valid), len(split.test)] == [600, 200, 200]
    assert [(y[part] > 0).mean() for part in (split.train, split.valid, split.test)] == pytest.approx([0.3] * 3)
    assert not np.array_equal(split.train, stratified(y, 0.6, seed=2).train)


def test_a_class_too_small_to_split_is_refused() -> None:
    with pytest.raises(InputError, match="2 rows of one class"):
        stratified(np.array([1, 1, *[-1] * 50]), 0.6, seed=0)


def test_soft_targets_have_the_two_limits_of_temperature() -> None:
    z = np.array([-3.0, -1e-3, 1e-3, 2.0])
    assert soft_targets(z, 1e-9) == pytest.approx([0, 0, 1, 1], abs=1e-15)
    assert soft_targets(z, 1e9) == pytest.approx([0.5] * 4, abs=1e-8)
    assert soft_targets(z, 2.0) == pytest.approx(1 / (1 + np.exp(-z / 2)))
    assert np.all((soft_targets(z, 1e-300) > 0) & (soft_targets(z, 1e-300) < 1)), "strictly inside, as the KL loss asks"


def test_at_temperature_zero_the_soft_student_is_the_hard_student(data: Dataset) -> None:
    p = soft_targets(data.y.astype(float), 1e-6)
    hard = fit(data.X, data.y, TrainingSpec("hard", "logistic", np.inf, 8.0, 50, precision="float64"), 8, 3)
    soft = fit(data.X, p, TrainingSpec("soft", "kl", np.inf, 8.0, 50, precision="float64"), 8, 3)
    warm = fit(data.X, soft_targets(data.y * 1.0, 2), TrainingSpec("soft", "kl", np.inf, 8.0, 50), 8, 3)
    np.testing.assert_allclose(hard.displacement, soft.displacement, atol=1e-12)
    assert abs(hard.displacement - warm.displacement).max() > 1e-3


def test_hard_and_soft_choose_among_equally_many_and_the_same_step_sizes() -> None:
    default = DistillSettings()
    assert len(default.hard_grid) == len(default.soft_grid) == 30
    assert {c.step_size for c in default.hard_grid} == {c.step_size for c in default.soft_grid}
    assert {(c.step_size, c.radius) for c in default.soft_grid} <= {(c.step_size, c.radius) for c in default.hard_grid}
    assert {c.temperature for c in default.hard_grid} == {1.0}
    assert {1.0, 20.0} <= {c.temperature for c in default.soft_grid}


def test_validation_rows_choose_the_way_that_learns(trained: Trained) -> None:
    """A step size of 1e-3 learns nothing in 60 steps; 16 does."""
    assert {trained.students["hard", width].choice.step_size for width in TINY.widths} == {16}
    assert trained.teacher.mean() > 0.8


def test_right_is_what_a_network_trained_on_its_own_gets_right(data: Dataset, trained: Trained) -> None:
    students = trained.students["hard", 8]
    spec = TrainingSpec("hard", "logistic", students.choice.radius, students.choice.step_size, TINY.steps)
    rows, test = trained.split.train, trained.split.test
    for run in range(TINY.runs):
        network = fit(data.X[rows], data.y[rows], spec, 8, run)
        np.testing.assert_array_equal(students.right[run], network.predict(data.X[test]) * data.y[test] > 0)


def test_a_repeated_experiment_trains_nothing(data: Dataset, kept: Kept, trained: Trained) -> None:
    written = len(kept.writes)
    assert len(set(kept.writes)) == written, "no cell is written twice"
    assert written == 1 + (3 + 2) * 2 * 2 + (2 + 1) * 1 + 2 * 2 * 3, (
        "teacher + choice (2 seeds at both widths; a third of the better half at width 4) + evaluation"
    )
    again = Study(REDUCED, data, TINY, cells=kept).train()
    assert len(kept.writes) == written
    assert again.cells_reused == written
    for key, students in trained.students.items():
        np.testing.assert_array_equal(again.students[key].right, students.right)
        assert again.students[key].choice == students.choice


def test_an_interrupted_experiment_repeats_no_cell(data: Dataset, trained: Trained) -> None:
    class Dies(Kept):
        def keep_cell(self, key: str, kind: str, value: str) -> None:
            if len(self.writes) == 11:
                raise KeyboardInterrupt
            super().keep_cell(key, kind, value)

    first = Dies()
    with pytest.raises(KeyboardInterrupt):
        Study(REDUCED, data, TINY, cells=first).train()
    second = Kept()
    second.cells = dict(first.cells)
    resumed = Study(REDUCED, data, TINY, cells=second).train()
    assert not set(second.writes) & set(first.writes)
    assert resumed.cells_reused == 11
    for key, students in trained.students.items():
        np.testing.assert_array_equal(resumed.students[key].right, students.right)


def test_a_choice_at_the_end_of_the_step_sizes_is_told(data: Dataset, kept: Kept) -> None:
    """Without the absurd third way, 16 is the largest step size, and it is the best."""
    with pytest.warns(BoundcheckWarning, match="largest step size 16 was chosen for hard 4, hard 8, soft 4, soft 8"):
        Study(REDUCED, data, replace(TINY, hard_grid=TINY.hard_grid[:2]), cells=kept).train()


@pytest.mark.parametrize("change", [{"steps": 61}, {"train_share": 0.5}])
def test_other_settings_find_no_students(data: Dataset, kept: Kept, change: dict[str, float]) -> None:
    copy = Kept()
    copy.cells = dict(kept.cells)
    again = Study(REDUCED, data, replace(TINY, **change), cells=copy).train()
    assert again.cells_reused == ("steps" in change), "the teacher does not depend on the students' steps"


def test_more_runs_reuse_the_ones_made(data: Dataset, kept: Kept) -> None:
    copy = Kept()
    copy.cells = dict(kept.cells)
    more = Study(REDUCED, data, replace(TINY, runs=4), cells=copy).train()
    assert len(copy.writes) == 2 * 2 + (2 + 1), "one more run a cell, and one more to choose by at width 4"
    assert more.students["soft", 4].right.shape[0] == 4


def test_on_equal_footing_both_kinds_are_trained_the_hard_labels_best_way(data: Dataset, kept: Kept) -> None:
    """Each accuracy is that of networks trained on their own, on validation rows."""
    grid = tuple(Choice(step, radius) for step in (1e-3, 16.0) for radius in (30.0, 7.0))
    study = Study(REDUCED, data, replace(TINY, hard_grid=grid, selection_rows=60), cells=Kept())
    found = equal_footing(study)
    assert [(one.width, one.way) for one in found] == [(w, Choice(16.0, 30.0, t)) for w in TINY.widths for t in (1, 5)]
    trial, valid = study.split.trial, study.split.valid
    assert len(trial) == 60
    assert not set(trial) & set(valid)
    one, targets = found[1], soft_targets(study.teacher_logits[trial], 5.0)
    accuracies = [
        np.mean(fit(data.X[trial], targets, TrainingSpec("soft", "kl", 30.0, 16.0, 60), 4, seed).predict(data.X[valid])
                * data.y[valid] > 0)
        for seed in range(5000, 5003)
    ]  # fmt: skip
    assert one.soft.mean == pytest.approx(np.mean(accuracies))
    assert one.gain.mean == pytest.approx(one.soft.mean - one.hard.mean)
    assert found[0].hard == one.hard


def made_up(name: str, data: Dataset, accuracy: Mapping[tuple[str, int], float]) -> Trained:
    """Students that are right independently with these probabilities."""
    rng = np.random.default_rng(len(name))
    split = stratified(data.y, 0.6, seed=0)
    students = {
        key: Students(Choice(1.0, 1.0), 0.9, rng.random((40, 2000)) < probability)  # type: ignore[misc]
        for key, probability in accuracy.items()
    }
    return Trained(name, data, split, np.ones(2000, bool), students, {}, 0)  # type: ignore[arg-type]


def verdicts(data: Dataset, easy: tuple[float, float], hard: tuple[float, float]) -> dict[str, str]:
    """Verdicts for gains (at widths 4 and 8, at width 64) without and with the four digits."""
    settings = replace(TINY, widths=(4, 8, 64))

    def both(gains: tuple[float, float]) -> dict[tuple[str, int], float]:
        found = {("hard", width): 0.7 for width in settings.widths}
        return found | {("soft", width): 0.7 + gains[width == 64] for width in settings.widths}

    result = assemble("x", made_up(REDUCED, data, both(easy)), made_up(ALL, data, both(hard)), settings, [], [])
    return {claim.id: claim.verdict for claim in result.claims}


def test_claims_follow_the_data_both_ways(data: Dataset) -> None:
    assert verdicts(data, (0.05, 0.0), (0.15, 0.0)) == {"a": "holds", "b": "holds", "c": "holds"}
    assert verdicts(data, (0.15, 0.2), (0.05, 0.2)) == {"a": "holds", "b": "refuted", "c": "refuted"}
    assert verdicts(data, (0.1, 0.1), (-0.1, -0.1))["a"] == "refuted", "soft labels must win on both data sets"
    assert verdicts(data, (0.0, 0.0), (0.0, 0.0)) == {"a": "undecided", "b": "undecided", "c": "undecided"}


def test_the_margin_claim_needs_disjoint_margins(data: Dataset, trained: Trained) -> None:
    other = replace(trained, name=ALL)

    def claim(gap: float) -> str:
        lowers = [0.05 + gap + i * 1e-4 for i in range(5)]
        draws = [MarginDraw(100, Interval(low, max(low, 0.06)), Interval(0.04, 0.05)) for low in lowers]
        return {c.id: c.verdict for c in assemble("x", trained, other, TINY, [], draws).claims}["d"]

    assert claim(0.01) == "holds"
    assert claim(-0.02) == "refuted"


def test_the_result_is_json_and_rows_carry_the_papers_numbers(trained: Trained) -> None:
    result = assemble("digits", trained, replace(trained, name=ALL), TINY, [], [])
    assert isinstance(result, Table1)
    body = json.loads(json.dumps(result.to_json()))
    assert [(row["data"], row["width"]) for row in body["rows"]] == [(n, w) for n in (REDUCED, ALL) for w in (4, 8)]
    assert body["rows"][0]["paper"] == PAPER[REDUCED, 4] == {"teacher": 98.75, "hard": 93.04, "soft": 95.83}
    row = result.rows[0]
    hard, soft = (trained.students[labels, 4].right.mean() for labels in ("hard", "soft"))
    assert (row.hard.mean, row.soft.mean) == pytest.approx((hard, soft))
    assert row.gain.mean == pytest.approx(soft - hard)
    assert row.paper_gain_inside == (row.gain.lower <= 0.0279 <= row.gain.upper)
