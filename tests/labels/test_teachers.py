"""Teachers: their logits, radii and temperatures."""

import math
from pathlib import Path

import numpy as np
import pytest

from boundcheck.crowds import Answers, attach_crowd, from_matrix
from boundcheck.datasets import from_arrays, load_dataset
from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.kernels import limiting_kernel
from boundcheck.labels import teachers
from boundcheck.labels.files import load_labels
from boundcheck.pipeline.labels import TeacherSettings, labels_make
from boundcheck.pipeline.margin import margin


def blobs(n: int = 60, gap: float = 1.0, seed: int = 0):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) % 2, 1, -1)
    return from_arrays(rng.normal(size=(n, 5)) + gap * y[:, None] * np.eye(5)[0] * 2, y, name="blobs")


@pytest.mark.filterwarnings("ignore:.*may reach")
@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_the_kernel_teacher_is_the_maximiser_at_any_logit_scale(tmp_path: Path, scale: float) -> None:
    """Octagon: every logit is kappa gamma, gamma = .13529902503654928; B = kappa for the sup norm."""
    data = load_dataset("synthetic:circle:points=8")
    made = labels_make(data, "kernel", tmp_path / "k.npz", settings=TeacherSettings(logit_scale=scale))
    found = load_labels(tmp_path / "k.npz")
    assert np.allclose(found.labels.scores[:, 1], data.y * scale * 0.13529902503654928, atol=1e-9)
    assert found.radius == made.radius == scale
    assert found.digest == data.digest
    assert found.rows is not None
    assert found.rows.tolist() == list(range(8))


def test_the_rkhs_teacher_reaches_its_margin_and_its_radius_bounds_the_field(tmp_path: Path) -> None:
    """y z >= gamma_rkhs on every row; sup over directions of ||v|| by brute force stays below B."""
    data = blobs(20)
    with pytest.warns(BoundcheckWarning, match="stored with the labels"):
        labels_make(data, "kernel", tmp_path / "k.npz", settings=TeacherSettings(norm="rkhs", logit_scale=2.0))
    found = load_labels(tmp_path / "k.npz")
    report = margin(data, norm="rkhs")
    assert (data.y * found.labels.scores[:, 1]).min() == pytest.approx(2 * report.gamma_rkhs.lower, rel=1e-6)
    assert report.teacher is not None
    a = report.teacher.q * data.y
    norm = math.sqrt(a @ limiting_kernel(data.X) @ a)
    directions = np.random.default_rng(0).normal(size=(20_000, data.X.shape[1]))
    field = ((directions @ data.X.T > 0) * (2.0 * a / norm)) @ data.X
    largest = np.linalg.norm(field, axis=1).max()
    assert largest <= found.radius
    assert largest > 0.3 * found.radius


def test_a_larger_scale_warns_that_the_hypothesis_fails(tmp_path: Path) -> None:
    data = load_dataset("synthetic:circle:points=8")
    with pytest.warns(BoundcheckWarning, match=r"0\.6765, which exceeds 1/2.*B = 5, stored"):
        labels_make(data, "kernel", tmp_path / "k.npz", settings=TeacherSettings(logit_scale=5.0))
    with pytest.warns(BoundcheckWarning, match=r"\|\|v\|\| = 3\.6 > 1.*B = 3\.6, stored"):
        labels_make(data, "kernel", tmp_path / "k.npz", settings=TeacherSettings(logit_scale=3.6))
    labels_make(data, "kernel", tmp_path / "k.npz")


def test_a_field_that_may_exceed_one_warns_even_where_logits_are_small() -> None:
    small = np.array([0.1, -0.1])
    with pytest.warns(BoundcheckWarning, match=r"\|\|v\|\| = 4 > 1"):
        teachers.warn_beyond_hypothesis(small, 4.0)
    teachers.warn_beyond_hypothesis(small, 1.0)
    teachers.warn_beyond_hypothesis(small, math.nan)


def test_no_margin_no_kernel_teacher(tmp_path: Path) -> None:
    with pytest.raises(teachers.NoTeacherError, match=r"margin is exactly 0.*--prepare bias") as caught:
        labels_make(load_dataset("synthetic:circle:points=6"), "kernel", tmp_path / "k.npz")
    assert caught.value.exit_code == 1
    assert not (tmp_path / "k.npz").exists()


@pytest.mark.parametrize("alpha", [1e-6, 0.1, 0.9])
def test_smoothing(alpha: float) -> None:
    made = teachers.smoothing_labels(np.array([1, -1]), alpha)
    assert np.allclose(made.p, [1 - alpha / 2, alpha / 2], rtol=1e-9)
    assert math.isnan(made.radius)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_smoothing_out_of_range(alpha: float) -> None:
    with pytest.raises(InputError, match="--smoothing"):
        teachers.smoothing_labels(np.array([1, -1]), alpha)


def test_smoothing_says_that_it_looked_at_the_answers(tmp_path: Path) -> None:
    with pytest.warns(BoundcheckWarning, match="no radius"):
        made = labels_make(blobs(), "smoothing", tmp_path / "s.npz")
    assert not made.quality.certified
    assert "same true labels" in made.quality.assumption


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_folds_keep_classes_in_proportion_and_copies_together(folds: int) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 2)), np.where(np.arange(90) < 30, 1, -1)
    X[80:] = X[40:50]
    fold = teachers.assign_folds(X, y, folds, seed=1)
    assert (fold[80:] == fold[40:50]).all()
    share = [np.mean(y[fold == i] > 0) for i in range(folds)]
    assert max(share) - min(share) < 0.35
    sizes = np.bincount(fold[:80], minlength=folds)
    assert sizes.max() - sizes.min() <= 2
    assert (fold == teachers.assign_folds(X, y, folds, seed=1)).all()
    assert (fold != teachers.assign_folds(X, y, folds, seed=2)).any()


def test_folds_need_both_classes_in_training() -> None:
    X, y = np.arange(6.0)[:, None], np.array([1, -1, -1, -1, -1, -1])
    with pytest.raises(InputError, match="--no-cross-fit"):
        teachers.assign_folds(X, y, 2, seed=0)
    with pytest.raises(InputError, match="at least 2"):
        teachers.assign_folds(X, y, 1, seed=0)


def test_a_cross_fitted_network_never_labels_what_it_has_seen() -> None:
    """Random labels in high dimension: learnt by heart from one's own points, not predictable from the others."""
    rng = np.random.default_rng(0)
    data = from_arrays(rng.normal(size=(40, 60)), np.where(rng.random(40) < 0.5, 1, -1), name="noise")
    memorised = teachers.network_labels(data, width=64, folds=None, steps=400)
    honest = teachers.network_labels(data, width=64, folds=4, steps=400)
    assert (data.y * memorised.logits > 0).all()
    assert np.mean(data.y * honest.logits > 0) < 0.8


def test_each_fold_is_the_network_trained_without_it() -> None:
    from boundcheck.records import TrainingSpec
    from boundcheck.training import fit

    data = blobs(30)
    made = teachers.network_labels(data, width=16, folds=3, steps=50, seed=5)
    fold = teachers.assign_folds(data.X, data.y, 3, seed=5)
    alone = fit(data.X[fold != 1], data.y[fold != 1], TrainingSpec("hard", "logistic", math.inf, 4.0, 50), 16, 5)
    assert np.allclose(made.logits[fold == 1], alone.predict(data.X[fold == 1]), rtol=1e-5, atol=1e-7)


def test_temperature_divides_logits_radius_and_error() -> None:
    made = teachers.kernel_labels(
        np.array([0.1, -0.3]), kind="sup", radius=1.0, scale=2.0, error=np.array([0.01, 0.02])
    )
    warm = teachers.tempered(made, 4.0)
    assert warm.logits.tolist() == [0.05, -0.15]
    assert (warm.radius, warm.temperature) == (0.5, 4.0)
    assert warm.logits_error is not None
    assert np.allclose(warm.logits_error, [0.005, 0.01])
    assert teachers.tempered(made, 1.0).source == made.source


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_scales_and_temperatures_out_of_range(bad: float) -> None:
    z = np.array([0.1])
    with pytest.raises(InputError, match="--logit-scale"):
        teachers.kernel_labels(z, kind="sup", radius=1.0, scale=bad, error=z)
    with pytest.raises(InputError, match="--temperature"):
        teachers.tempered(teachers.MadeLabels(z, "x"), bad)


def test_automatic_temperature_calibrates() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=8000) * 2
    y = np.where(rng.random(8000) < 1 / (1 + np.exp(-z)), 1, -1)
    assert teachers.held_out_temperature(5 * z, y) == pytest.approx(5, rel=0.1)
    with pytest.raises(InputError, match="all right"):
        teachers.held_out_temperature(y * 1.0, y)
    with pytest.raises(InputError, match="chance"):
        teachers.held_out_temperature(-z, y)


def test_own_training_points_cannot_calibrate(tmp_path: Path) -> None:
    settings = TeacherSettings(no_cross_fit=True, temperature=None, width=16, steps=20)
    with pytest.raises(InputError, match="cross-fit"):
        labels_make(blobs(), "network", tmp_path / "n.npz", settings=settings)


@pytest.mark.filterwarnings("ignore:.*favour another class")
def test_a_file_of_ones_own_keeps_its_source_and_divides_its_radius(tmp_path: Path) -> None:
    data = load_dataset("synthetic:circle:points=8")
    labels_make(data, "kernel", tmp_path / "k.npz")
    settings = TeacherSettings(source=tmp_path / "k.npz", temperature=2.0)
    labels_make(data, "file", tmp_path / "f.npz", settings=settings)
    first, second = load_labels(tmp_path / "k.npz"), load_labels(tmp_path / "f.npz")
    assert np.allclose(second.labels.scores, first.labels.scores / 2)
    assert second.radius == first.radius / 2
    assert second.deterministic
    np.savez(tmp_path / "p.npz", p=np.linspace(0.1, 0.9, 8))
    with pytest.warns(BoundcheckWarning, match="no radius"):
        made = labels_make(data, "file", tmp_path / "g.npz", settings=TeacherSettings(source=tmp_path / "p.npz"))
    assert np.allclose(load_labels(tmp_path / "g.npz").labels.weights[:, 1], np.linspace(0.1, 0.9, 8))
    assert made.source == "file p.npz"


def crowd_of(y: np.ndarray, names: list[str] | None = None, seed: int = 0) -> Answers:
    """Seven workers of reliability .2 to .8 answer every task."""
    return attach_crowd(y, np.zeros(len(y), int), np.linspace(0.2, 0.8, 7)[None], tasks=names, seed=seed)


def test_the_crowd_labels_each_row_of_a_subsample_by_its_number_in_the_source() -> None:
    """The answers of rows that are left out still teach how reliable the workers are."""
    data = load_dataset("sklearn:breast_cancer")
    part = load_dataset("sklearn:breast_cancer", subsample=100, seed=4)
    answers = crowd_of(data.y)
    whole = teachers.crowd_labels(data, answers, method="ds1")
    with pytest.warns(BoundcheckWarning, match="469 tasks are no rows"):
        some = teachers.crowd_labels(part, answers, method="ds1")
    assert (some.logits == whole.logits[part.rows]).all()
    assert np.mean(np.sign(some.logits) == part.y) > 0.9
    assert some.source == "crowd one, 7 workers"


def test_the_order_of_the_tasks_does_not_matter() -> None:
    data = blobs()
    order = np.random.default_rng(1).permutation(len(data.y))
    straight = teachers.crowd_labels(data, crowd_of(data.y), method="wls")
    X = crowd_of(data.y).X
    mixed = from_matrix(X[:, order], tasks=[str(j) for j in order])
    assert np.allclose(teachers.crowd_labels(data, mixed, method="wls").logits, straight.logits, rtol=1e-6)


def test_a_majority_vote_is_the_posterior_of_workers_of_one_reliability() -> None:
    """Logits rise with the votes for +1 of that row: the oracle counts them."""
    data = blobs(n=40)
    answers = crowd_of(data.y)
    votes = np.asarray(answers.X.sum(axis=0)).ravel()
    logits = teachers.crowd_labels(data, answers, method="mv").logits
    assert (np.sign(logits) == np.sign(votes)).all()
    assert (np.argsort(logits, kind="stable") == np.argsort(votes, kind="stable")).all()


def test_rows_without_a_task_are_named() -> None:
    data = blobs(n=40)
    from_one = crowd_of(data.y, [str(j + 1) for j in range(40)])
    with pytest.raises(InputError, match=r"no task for 1 of 40 rows \('0'\)"):
        teachers.crowd_labels(data, from_one)
    with pytest.raises(InputError, match="no task for 40 of 40 rows"):
        teachers.crowd_labels(data, crowd_of(data.y, [f"photo{j}" for j in range(40)]))


def test_probabilities_stay_inside_the_unit_interval() -> None:
    p = teachers.MadeLabels(np.array([-2000.0, 2000.0]), "x").p
    assert 0 < p[0] < p[1] < 1
