"""Students on soft and on hard labels: held-out rows, both footings, the teachers, the verdict in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from experiments.test_table1 import TINY

import boundcheck as bc
from boundcheck.errors import InputError
from boundcheck.experiments.distill import Students, Study, Trained
from boundcheck.experiments.distill_result import distilled
from boundcheck.experiments.split import parts, stratified
from boundcheck.presentation import present
from boundcheck.presentation.document import Answer
from boundcheck.records.reproduce import Choice, DistillSettings
from boundcheck.training import fit

pytestmark = pytest.mark.filterwarnings("ignore:.*largest step size")
SMALL: dict[str, Any] = {"widths": (4,), "runs": 2, "steps": 20}


@pytest.fixture(scope="module")
def data() -> bc.Dataset:
    return bc.load_dataset("synthetic:teacher:n=150,d=5,neurons=4,gap=0.05")


@pytest.fixture(scope="module")
def with_test_rows(tmp_path_factory: pytest.TempPathFactory, data: bc.Dataset) -> bc.Dataset:
    path = tmp_path_factory.mktemp("keras") / "set.npz"
    np.savez(path, x_train=data.X[:100], y_train=data.y[:100], x_test=data.X[100:], y_test=data.y[100:])
    return bc.load_dataset(str(path), prepare="center")


def test_held_out_rows_are_the_test_rows_and_no_one_trains_on_them(with_test_rows: bc.Dataset) -> None:
    trained = Study("x", with_test_rows, TINY).train()
    split = parts(with_test_rows, TINY.train_share, 0, TINY.selection_rows)
    assert trained.split.test.tolist() == list(range(100, 150))
    assert sorted([*split.train, *split.valid]) == list(range(100))
    students = trained.students["hard", 8]
    held_out = with_test_rows.held_out
    assert held_out is not None
    spec = bc.records.TrainingSpec("hard", "logistic", students.choice.radius, students.choice.step_size, TINY.steps)
    network = fit(with_test_rows.X[split.train], with_test_rows.y[split.train], spec, 8, 0)
    np.testing.assert_array_equal(students.right[0], network.predict(held_out.X) * held_out.y > 0)
    report = bc.distill(with_test_rows, **SMALL)
    assert (report.n_train + report.n_validation, report.n_test, report.held_out) == (100, 50, True)
    with pytest.raises(InputError, match="--test-fraction"):
        bc.distill(with_test_rows, test_fraction=0.3, **SMALL)


def test_on_the_first_footing_both_kinds_have_one_radius(data: bc.Dataset) -> None:
    grids = {
        "hard_grid": (Choice(16.0, 2.0), Choice(16.0, 50.0), Choice(16.0, np.inf)),
        "soft_grid": (Choice(16.0, 2.0), Choice(16.0, 50.0, 4.0)),
    }
    trained = Study("x", data, replace(TINY, **grids)).train()
    assert trained.same.keys() == trained.students.keys()
    for width in TINY.widths:
        hard, soft = (trained.same[labels, width] for labels in ("hard", "soft"))
        assert hard.choice.radius == soft.choice.radius
        assert soft.validation_accuracy == trained.students["soft", width].validation_accuracy
        assert hard.validation_accuracy <= trained.students["hard", width].validation_accuracy


class OneByOne:
    """Hands back each network alone, the last one first: as workers elsewhere may."""

    def run(self, task: Any, take: Any, within: Any) -> Any:
        jobs = [job for batch in iter(lambda: take(1), []) for job in batch]
        for job in reversed(jobs):
            within([job], 0.5)
            yield task([job])


def test_students_do_not_depend_on_where_they_are_trained(data: bc.Dataset) -> None:
    here, elsewhere = (bc.distill(data, **SMALL, executor=executor) for executor in (None, OneByOne()))
    assert here.rows == elsewhere.rows


def test_given_labels_are_what_soft_students_learn(data: bc.Dataset) -> None:
    """Labels of the contrary class teach the contrary; the hard students do not read them."""
    right = bc.distill(data, labels=1 / (1 + np.exp(-4.0 * data.y)), **SMALL)
    with pytest.warns(bc.errors.BoundcheckWarning, match="swapped"):
        wrong = bc.distill(data, labels=1 / (1 + np.exp(4.0 * data.y)), **SMALL)
    assert (right.teacher_accuracy.mean, wrong.teacher_accuracy.mean) == (1, 0)
    own = [[r.hard for r in report.rows if r.footing == "each its own"] for report in (right, wrong)]
    assert own[0] == own[1]
    assert all(r.soft.mean > w.soft.mean + 0.2 for r, w in zip(right.rows, wrong.rows, strict=True))


def test_the_kernel_teacher_learns_from_training_rows_alone(with_test_rows: bc.Dataset) -> None:
    """Were the held-out rows of the contrary class, the teacher would be the same and wrong where it was right."""
    report = bc.distill(with_test_rows, teacher="kernel", **SMALL)
    assert report.teacher_accuracy.mean > 0.75
    held_out = with_test_rows.held_out
    assert held_out is not None
    contrary = replace(with_test_rows, held_out=replace(held_out, y=-held_out.y))
    other = bc.distill(contrary, teacher="kernel", **SMALL)
    assert other.teacher_accuracy.mean == pytest.approx(1 - report.teacher_accuracy.mean)


def test_a_crowd_needs_its_answers(data: bc.Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--answers"):
        bc.distill(data, teacher="crowd", **SMALL)
    rng = np.random.default_rng(0)
    lines = [f"{i},w{j},{y if rng.random() < 0.9 else -y}" for i, y in enumerate(data.y.tolist()) for j in range(5)]
    (tmp_path / "answers.csv").write_text("task,worker,label\n" + "\n".join(lines))
    report = bc.distill(data, teacher="crowd", answers=tmp_path / "answers.csv", **SMALL)
    assert report.teacher.startswith("crowd")
    assert report.teacher_accuracy.mean > 0.9


@pytest.mark.parametrize("wrong", [{"widths": (3,)}, {"widths": ()}, {"runs": 1}, {"test_fraction": 0.5}, {"steps": 0}])
def test_settings_out_of_range_are_refused(data: bc.Dataset, wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        bc.distill(data, **(SMALL | wrong))


def test_the_verdict_names_the_widths_where_soft_labels_help(data: bc.Dataset) -> None:
    settings = DistillSettings(widths=(4, 8, 32), runs=40)
    rng = np.random.default_rng(0)

    def made_up(gains: dict[int, float]) -> Trained:
        students = {
            (labels, width): Students(Choice(1.0, 1.0), 0.9, rng.random((40, 2000)) < 0.7 + gain * (labels == "soft"))
            for width, gain in gains.items()
            for labels in ("hard", "soft")
        }
        return Trained("x", data, stratified(data.y, 0.6, 0), None, students, {}, 0)  # type: ignore[arg-type]

    def said(gains: dict[int, float]) -> str:
        document = present(distilled(made_up(gains), "t", settings))
        return next(block.text for block in document.blocks if isinstance(block, Answer))

    helps = said({4: 0.1, 8: 0.1, 32: 0.0})
    assert "soft labels help at widths 4 to 8 (+1" in helps
    assert "neither is shown at 32" in helps
    assert "hurt at widths 4 to 32 (-" in said({4: -0.1, 8: -0.1, 32: -0.1})
    assert "not shown to help or to hurt" in said(dict.fromkeys((4, 8, 32), 0.0))
