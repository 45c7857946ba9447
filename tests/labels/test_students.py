"""Students of biased soft labels: a teacher that is always wrong teaches well (theory: Wrong teachers)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import skillful_but_bad
from students import Student, student_loss, train_student

from boundcheck.labels.assess import soft_label_report
from boundcheck.records.labels import LabelSettings
from boundcheck.softlabels.probabilities import soft_labels


def digits(seed: int) -> tuple[np.ndarray, ...]:
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    train, test = order[:1400], order[1400:]
    return X[train] / 16, y[train], X[test] / 16, y[test]


@pytest.mark.slow
def test_a_teacher_that_is_always_wrong_teaches_well_through_its_top_two() -> None:
    """Digits: 0 % top-1 accuracy, yet about 90 % by soft cross-entropy, 98 % by the superset loss, 0 % by argmax."""
    soft, superset, hard = [], [], []
    for seed in range(2):
        X, y, X_test, y_test = digits(seed)
        labels = skillful_but_bad(y, 10, seed=seed)
        assert (labels.argmax(1) == y).mean() == 0

        def accuracy(
            targets: np.ndarray,
            loss: str,
            data: tuple[np.ndarray, ...] = (X, X_test, y_test),
            seed: int = seed,
        ) -> float:
            student: Student = train_student(data[0], targets, loss=loss, seed=seed)  # type: ignore[arg-type]
            return student.accuracy(data[1], data[2])

        soft.append(accuracy(labels, "soft"))
        superset.append(accuracy((labels > 0).astype(float), "superset"))
        hard.append(accuracy(np.eye(10)[labels.argmax(1)], "soft"))
        report = soft_label_report(soft_labels(labels), y, LabelSettings(deterministic=False))
        assert report.k == 2
        assert report.certified
    assert 0.87 <= np.mean(soft) <= 0.96
    assert np.mean(superset) >= 0.96
    assert np.mean(hard) <= 0.05
    assert np.mean(superset) > np.mean(soft)


def test_student_losses_by_hand() -> None:
    rng = np.random.default_rng(0)
    z, d, s = rng.normal(size=(20, 4)), rng.dirichlet(np.ones(4), 20), (rng.random((20, 4)) < 0.5).astype(float)
    s[:, 0] = 1
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    assert np.allclose(student_loss("soft")(jnp.asarray(z), jnp.asarray(d)), -(d * np.log(p)).sum(1))
    assert np.allclose(student_loss("superset")(jnp.asarray(z), jnp.asarray(s)), -np.log((p * s).sum(1)))
    gradient = jax.grad(lambda w: student_loss("superset")(w, jnp.asarray(s)).sum())(jnp.asarray(z))
    assert np.allclose(gradient, p - p * s / (p * s).sum(1, keepdims=True))


def test_training_is_deterministic_and_learns() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    X = np.eye(3)[y] * 2 + rng.normal(size=(300, 3)) * 0.3
    students = [train_student(X, np.eye(3)[y], loss="soft", seed=4, epochs=15, step_size=0.02) for _ in range(2)]
    assert (students[0].logits(X) == students[1].logits(X)).all()
    assert students[0].accuracy(X, y) > 0.97
