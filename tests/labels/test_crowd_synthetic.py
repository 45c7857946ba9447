"""Synthetic crowds do what they are asked to, and their posterior feeds the other label tools."""

import numpy as np
import pytest

from boundcheck.crowds import SCENARIOS, attach_crowd, crowd_soft_labels, reliabilities, scenario
from boundcheck.errors import InputError
from boundcheck.labels.assess import soft_label_report
from boundcheck.records.labels import LabelSettings
from boundcheck.softlabels.probabilities import soft_labels


def test_each_worker_is_right_as_often_as_asked() -> None:
    """Share of right answers per worker and type within four standard errors of (1 + r)/2."""
    rng = np.random.default_rng(0)
    y, types = rng.choice([-1, 1], 20_000), rng.integers(0, 2, 20_000)
    r = np.array([[0.9, 0.1, -0.5, 0.0], [0.2, 0.8, 1.0, -1.0]])
    X = attach_crowd(y, types, r, seed=1).X
    for k in (0, 1):
        right = (X[:, types == k] == y[types == k]).mean(axis=1)
        error = np.sqrt((1 - r[k] ** 2) / 4 / (types == k).sum())
        assert (np.abs(right - (1 + r[k]) / 2) <= 4 * error + 1e-12).all()


def test_density_and_answers_per_task() -> None:
    y, types, r = np.ones(5_000, dtype=int), np.zeros(5_000, dtype=int), np.full((1, 40), 0.5)
    few = attach_crowd(y, types, r, answers_per_task=5, seed=0)
    assert (few.per_task == 5).all()
    assert few.per_worker.std() < 5 * np.sqrt(5_000 * 0.125)
    some = attach_crowd(y, types, r, density=0.3, seed=0)
    assert some.n_answers == pytest.approx(0.3 * 200_000, rel=0.01)


def test_tasks_are_the_rows_of_the_labels() -> None:
    answers = attach_crowd(np.array([1, -1, 1]), np.zeros(3, dtype=int), np.ones((1, 2)), seed=0)
    assert answers.tasks == ("0", "1", "2")
    np.testing.assert_array_equal(np.asarray(answers.X), [[1, -1, 1], [1, -1, 1]])


def test_the_same_seed_gives_the_same_crowd_and_another_seed_another() -> None:
    one, two, three = (scenario("hardeasy", 10, tasks_per_type=30, seed=s).answers.digest for s in (1, 1, 2))
    assert one == two != three


def test_reliabilities_and_answers_are_drawn_independently() -> None:
    """One seed for both: their streams must differ, or strong workers would all be right on the same tasks."""
    r = reliabilities("one", 200, seed=3)
    answers = attach_crowd(np.ones(50, dtype=int), np.zeros(50, dtype=int), np.zeros((1, 200)), seed=3)
    shares = (np.asarray(answers.X) > 0).mean(axis=1)
    assert abs(np.corrcoef(r[0], shares)[0, 1]) < 0.25


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_stay_in_their_ranges(name: str) -> None:
    r = reliabilities(name, 101, seed=0)
    assert r.shape == (2, 101)
    assert np.abs(r).max() <= 0.9
    assert (r.sum(axis=1) > 0).all()
    if name == "parallel":
        np.testing.assert_allclose(r[1], 0.3 * r[0])
    if name == "one":
        np.testing.assert_array_equal(r[0], r[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.array([0, 1, 1])}, "y: "),
        ({"y": np.array([])}, "y: "),
        ({"types": np.array([0, 1, 2])}, "types: "),
        ({"types": np.array([0.0, 1.0, 1.0])}, "types: "),
        ({"types": np.array([0, 1])}, "types: "),
        ({"reliability": np.full((2, 3), 1.1)}, "reliability: "),
        ({"reliability": np.full(3, 0.5)}, "reliability: "),
        ({"reliability": np.full((2, 3), np.nan)}, "reliability: "),
        ({"density": 0.0}, "density"),
        ({"answers_per_task": 4}, "answers_per_task"),
    ],
)
def test_crowds_that_are_refused(change: dict[str, object], message: str) -> None:
    good = {"y": np.array([1, -1, 1]), "types": np.array([0, 1, 1]), "reliability": np.full((2, 3), 0.5)}
    with pytest.raises(InputError, match=message):
        attach_crowd(**(good | change))  # type: ignore[arg-type]


def test_unknown_scenarios_and_empty_crowds_are_refused() -> None:
    with pytest.raises(InputError, match="scenario 'easy' is unknown"):
        reliabilities("easy", 5, seed=0)
    with pytest.raises(InputError, match="at least one"):
        reliabilities("one", 0, seed=0)


def test_a_crowd_with_easy_and_hard_tasks_becomes_soft_labels_that_can_be_checked() -> None:
    """Crowd posterior -> labels check: hard tasks get softer labels, and k = 1 is certified."""
    rng = np.random.default_rng(0)
    y, hard = rng.choice([-1, 1], 600), np.arange(600) % 2
    r = np.stack([np.full(25, 0.6), np.full(25, 0.15)])
    found = crowd_soft_labels(attach_crowd(y, hard, r, seed=0), method="types", types=2)
    doubt = np.minimum(found.p, 1 - found.p)
    assert doubt[hard == 1].mean() > 5 * doubt[hard == 0].mean()
    report = soft_label_report(
        soft_labels(found.p, found.logits), (y > 0).astype(int), settings=LabelSettings(deterministic=False)
    )
    assert report.certified
    assert report.delta.value == pytest.approx(np.mean(np.sign(found.logits) != y))
