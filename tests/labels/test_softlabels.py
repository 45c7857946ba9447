"""What is accepted as soft labels, and the top-k sets."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcheck.errors import InputError
from boundcheck.softlabels.probabilities import SoftLabels, soft_labels, top_k, true_classes


def random_labels(n: int, classes: int, seed: int = 0) -> SoftLabels:
    return soft_labels(np.random.default_rng(seed).dirichlet(np.ones(classes), n))


@pytest.mark.parametrize(
    ("p", "says"),
    [
        ([[0.5, np.nan]], "row 0 is not finite"),
        ([[0.5, 0.5], [np.inf, 0.0]], "row 1 is not finite"),
        ([[1.2, -0.2]], "negative"),
        ([[0.4, 0.4]], "sums to 0.8"),
        ([[1.0]], "one class only"),
        ([], "no rows"),
        (np.zeros((0, 3)), "no rows"),
        ([1.5, 0.2], "exceeds 1"),
        ([-0.5, 0.2], "negative"),
        (np.zeros((2, 2, 2)), "shape"),
        ([["a", "b"]], "not an array of numbers"),
        ([[0.5, 0.5], [1.0]], "different lengths"),
        (np.array([{}, {}]), "not an array of numbers"),
        (np.array([1 + 2j]), "not an array of numbers"),
        (0.5, "shape"),
    ],
)
def test_bad_weights_are_named(p: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        soft_labels(p, where="labels.npz")
    assert str(caught.value).startswith("labels.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([0, 1.5, 2], "not a whole number"),
        ([0, np.nan, 2], "not a whole number"),
        ([0, 3, 1], "outside 0..2"),
        ([0, -1, 1], "outside 0..2"),
        ([0, 1], "for 3 soft labels"),
        (["a", "b", "c"], "not numbers"),
        ([[0, 1, 2]], "for 3 soft labels"),
    ],
)
def test_bad_truth_is_named(y: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        true_classes(y, 3, 3)


def test_two_classes_may_be_called_minus_one_and_plus_one() -> None:
    assert true_classes([-1, 1, 1], 3, 2).tolist() == [0, 1, 1]
    assert true_classes([1, 1, 0], 3, 2).tolist() == [1, 1, 0]
    assert true_classes([True, False], 2, 2).tolist() == [1, 0]


def test_binary_shorthand_is_the_weight_of_class_one() -> None:
    labels = soft_labels([0.2, 0.9])
    assert np.allclose(labels.weights, [[0.8, 0.2], [0.1, 0.9]])
    assert top_k(labels, 1).argmax(1).tolist() == [0, 1]


def test_logits_and_weights_that_disagree_are_refused() -> None:
    with pytest.raises(InputError, match="disagree at row 1"):
        soft_labels([0.5, 0.9], logits=[0.0, 1.0])
    with pytest.raises(InputError, match="shape"):
        soft_labels([0.5, 0.5], logits=[[0.0, 0.0], [0.0, 0.0]])
    soft_labels([0.5, 1 / (1 + np.exp(-1))], logits=[0.0, 1.0])


def test_scores_need_not_sum_to_one() -> None:
    with pytest.raises(InputError, match="negative"):
        soft_labels([[1.3, -0.2, 0.1]])
    labels = soft_labels([[1.3, -0.2, 0.1]], normalised=False)
    assert top_k(labels, 2).tolist() == [[True, False, True]]


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(1, 6), st.sampled_from(["random", "inclusive", "exclusive"]), st.integers(0, 99))
def test_ties_against_a_sorted_list(classes: int, k: int, ties: str, seed: int) -> None:
    """Every rule keeps all labels strictly above the k-th weight and none strictly below it."""
    k = min(k, classes)
    weights = np.random.default_rng(seed).integers(0, 3, (20, classes)) + 0.0
    labels = soft_labels(weights, normalised=False)
    members = top_k(labels, k, ties=ties, seed=seed)  # type: ignore[arg-type]
    for row, inside in zip(weights, members, strict=True):
        kth = sorted(row, reverse=True)[k - 1]
        above, tied = (row > kth).sum(), (row == kth).sum()
        assert inside[row > kth].all() or (ties == "exclusive" and above == 0)
        assert not inside[row < kth].any()
        fits = above + tied == k
        expected = {"random": k, "inclusive": above + tied, "exclusive": k if fits else above}[ties]
        assert inside.sum() == expected


def test_random_ties_are_fair_and_seeded() -> None:
    labels = soft_labels(np.full((30_000, 3), 1 / 3))
    share = top_k(labels, 1, seed=5).mean(0)
    assert np.abs(share - 1 / 3).max() < 4.5 * np.sqrt(2 / 9 / 30_000)
    assert (top_k(labels, 1, seed=5) == top_k(labels, 1, seed=5)).all()
    assert (top_k(labels, 1, seed=5) != top_k(labels, 1, seed=6)).any()


@pytest.mark.parametrize("ties", ["random", "inclusive", "exclusive"])
def test_sets_are_nested_in_k(ties: str) -> None:
    weights = np.random.default_rng(1).integers(0, 4, (500, 6)) + 0.0
    labels = soft_labels(weights, normalised=False)
    sets = [top_k(labels, k, ties=ties) for k in range(1, 7)]  # type: ignore[arg-type]
    for smaller, larger in itertools.pairwise(sets):
        assert (larger | ~smaller).all()
    assert sets[-1].all()


def test_one_hot_labels_need_drop_zero_beyond_k_one() -> None:
    labels = soft_labels(np.eye(4)[[0, 1, 2]])
    assert top_k(labels, 2).sum() == 6
    assert (top_k(labels, 2, drop_zero=True) == np.eye(4, dtype=bool)[[0, 1, 2]]).all()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_temperature_smoothing_and_monotone_maps_leave_the_sets_alone(k: int) -> None:
    logits = np.random.default_rng(0).normal(size=(400, 5)) * 4
    base = soft_labels(logits=logits)
    smoothed = 0.7 * base.weights + 0.3 / 5
    cubed = base.weights**3 / (base.weights**3).sum(1, keepdims=True)
    for other in (
        soft_labels(logits=logits / 7.3),
        soft_labels(logits=logits * 1e3),
        soft_labels(smoothed),
        soft_labels(cubed),
    ):
        assert (top_k(other, k) == top_k(base, k)).all()


def test_logits_rank_labels_whose_weights_underflow() -> None:
    """At temperature 1e-3 all but one weight is 0; the logits still order them."""
    logits = np.array([[3.0, 2.0, 1.0, 0.0]] * 50) / 1e-3
    labels = soft_labels(logits=logits)
    assert (labels.weights[:, 1:] == 0).all()
    assert (top_k(labels, 2) == [True, True, False, False]).all()


@pytest.mark.parametrize("k", [0, 4, -1])
def test_k_outside_its_range_is_refused(k: int) -> None:
    with pytest.raises(InputError, match="outside"):
        top_k(random_labels(4, 3), k)
