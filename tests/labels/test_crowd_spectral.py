"""The task similarity: its mean, its eigenvectors, its noise; k-means against brute force."""

import numpy as np
import pytest
from crowd_oracles import best_two_groups, line_split
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from boundcheck.crowds import attach_crowd, from_matrix, reliabilities, scenario
from boundcheck.crowds.clusters import plane_split, symmetric_k_means, symmetric_means, two_means
from boundcheck.crowds.spectral import (
    eigenpairs,
    embedding,
    predicted_type_error,
    refreshed,
    spectrum,
    task_types,
)


def type_error(found: np.ndarray, truth: np.ndarray) -> float:
    wrong = float(np.mean(found != truth))
    return min(wrong, 1 - wrong)


def similarity(X: np.ndarray) -> np.ndarray:
    T = X.T @ X / len(X)
    np.fill_diagonal(T, 0)
    return T


@given(st.lists(st.integers(-6, 6), min_size=2, max_size=12))
@settings(max_examples=200)
def test_two_means_is_optimal_and_never_splits_ties(numbers: list[int]) -> None:
    """Against every split; equal numbers stay together; all equal explains nothing."""
    x = np.array(numbers, dtype=float)
    labels, explained = two_means(x)
    spread = float(((x - x.mean()) ** 2).sum())
    groups = [x[labels == g] for g in (0, 1) if (labels == g).any()]
    within = sum(float(((g - g.mean()) ** 2).sum()) for g in groups)
    assert within == pytest.approx(best_two_groups(x), abs=1e-9)
    assert not set(x[labels == 0]) & set(x[labels == 1])
    assert explained == pytest.approx(1 - within / spread if spread else 0.0, abs=1e-9)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-9, 7.0])
def test_equal_numbers_are_one_group_in_floating_point(value: float) -> None:
    """The mean of seven times .1 is not .1, yet nothing may be split."""
    labels, explained = two_means(np.full(7, value))
    assert not labels.any()
    assert explained == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_plane_split_is_optimal_on_few_clustered_points(seed: int) -> None:
    """Every assignment of 7 points to +-c_0, +-c_1 enumerated. (Points without clusters can defeat any start.)"""
    rng = np.random.default_rng(seed)
    centres = np.array([[2.0, 0.2], [0.3, -1.2]])
    F = centres[np.arange(7) % 2] * rng.choice([-1, 1], (7, 1)) + 0.3 * rng.normal(size=(7, 2))
    best = np.inf
    for code in range(4**6):  # the first point's sign and group are free
        choice = np.array([0] + [(code >> (2 * j)) & 3 for j in range(6)])
        signed = np.where(choice[:, None] & 1, -F, F)
        groups = (signed[choice >> 1 == g] for g in (0, 1))
        within = sum(float(((g - g.mean(0)) ** 2).sum()) for g in groups if len(g))
        best = min(best, within)
    labels, centres, within = plane_split(F)
    assert within == pytest.approx(best, rel=1e-9)
    assert set(labels) <= {0, 1}
    assert centres.shape == (2, 2)


def test_flipping_points_changes_no_group() -> None:
    rng = np.random.default_rng(0)
    F, signs = rng.normal(size=(300, 2)), rng.choice([-1.0, 1.0], (300, 1))
    np.testing.assert_array_equal(plane_split(F)[0], plane_split(F * signs)[0])
    np.testing.assert_array_equal(symmetric_k_means(F, 3, seed=1)[0], symmetric_k_means(F * signs, 3, seed=1)[0])


def test_k_means_finds_separated_centres() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 400)
    centres = np.array([[5, 0, 0], [0, 4, 0], [0, 0, 3], [3, 3, 3.0]])
    F = centres[truth] * rng.choice([-1, 1], (400, 1)) + 0.2 * rng.normal(size=(400, 3))
    labels, _, within = symmetric_k_means(F, 4, seed=0)
    assert len({(a, b) for a, b in zip(labels, truth, strict=True)}) == 4
    assert within == pytest.approx(400 * 3 * 0.04, rel=0.2)


def test_identical_points_make_no_nan() -> None:
    F = np.ones((12, 2))
    assert symmetric_means(F, F[:2])[2] == pytest.approx(0)
    assert symmetric_k_means(F, 3, seed=0)[2] == pytest.approx(0)
    assert plane_split(F)[2] == pytest.approx(0)


def test_the_mean_similarity_is_the_block_formula() -> None:
    """E T_jj' = q^2 y_j y_j' <r_t, r_t'>/n for j != j': 300 draws, every entry within 4.5 standard deviations."""
    rng = np.random.default_rng(0)
    y, types = rng.choice([-1, 1], 16), np.arange(16) % 2
    r, q = reliabilities("hardeasy", 20, seed=1), 0.6
    draws = []
    for seed in range(300):
        X = attach_crowd(y, types, r, density=q, seed=seed).X
        draws.append(similarity(np.asarray(X)))
    expected = q**2 * np.outer(y, y) * (r.T[:, types].T @ r.T[:, types]) / 20
    np.fill_diagonal(expected, 0)
    found = np.array(draws)
    error = found.std(axis=0, ddof=1) / np.sqrt(300)
    off = ~np.eye(16, dtype=bool)
    assert (np.abs(found.mean(axis=0) - expected)[off] < 4.5 * error[off]).all()


def test_the_leading_eigenvector_reduces_to_two_by_two() -> None:
    """Of the mean similarity: v_j = y_j u_t with u the top eigenvector of G diag(d) - diag(G)."""
    rng = np.random.default_rng(2)
    types = np.repeat([0, 1], [70, 40])
    y = rng.choice([-1.0, 1.0], 110)
    r = rng.uniform(0, 0.8, (2, 25))
    G = r @ r.T / 25
    T = np.outer(y, y) * G[types][:, types]
    np.fill_diagonal(T, 0)
    values, vectors = np.linalg.eigh(T)
    sizes = np.array([70.0, 40.0])
    small, u = np.linalg.eig(G * sizes - np.diag(np.diag(G)))
    top = int(np.argmax(small))
    assert values[-1] == pytest.approx(float(small[top]), rel=1e-10)
    expected = y * u[types, top] / np.sqrt((sizes * u[:, top] ** 2).sum())
    assert min(np.abs(vectors[:, -1] - s * expected).max() for s in (1, -1)) < 1e-10


@pytest.mark.parametrize("density", [1.0, 0.1])
def test_eigenpairs_are_those_of_the_dense_matrix(density: float) -> None:
    """By Lanczos, on dense and on sparse answers."""
    answers = scenario("hardeasy", 30, density=density, tasks_per_type=150, seed=3).answers
    X = answers.X.toarray() if sparse.issparse(answers.X) else answers.X
    values, vectors = eigenpairs(answers, 3)
    expected = np.linalg.eigvalsh(similarity(X))[::-1][:3]
    np.testing.assert_allclose(values, expected, rtol=1e-10)
    np.testing.assert_allclose(similarity(X) @ vectors, vectors * values, atol=1e-8)
    scaled = X / np.sqrt(np.maximum(np.abs(X).sum(0), 1))
    np.testing.assert_allclose(
        eigenpairs(answers, 2, kind="corr")[0], np.linalg.eigvalsh(similarity(scaled))[::-1][:2], rtol=1e-10
    )


@pytest.mark.parametrize(("density", "n"), [(1.0, 60), (0.3, 200)])
def test_the_noise_edge_is_marchenko_pasturs_where_every_pair_is_equally_likely(density: float, n: int) -> None:
    """q ((1 + sqrt(d/n))^2 - 1), up to fluctuations of the largest eigenvalue of a finite matrix."""
    found = spectrum(scenario("hardeasy", n, density=density, tasks_per_type=400, seed=0).answers)
    assert found.edge == pytest.approx(found.marchenko_pastur, rel=0.06)


@pytest.mark.parametrize(
    ("name", "types"), [("hardeasy", 2), ("mislead", 2), ("specialist", 2), ("opposed", 2), ("one", 1), ("parallel", 1)]
)
def test_eigenvalues_above_the_edge_count_the_directions_of_reliability(name: str, types: int) -> None:
    """One per type, and one only where the types' reliabilities are parallel."""
    assert spectrum(scenario(name, 60, seed=5).answers).above == types


def test_four_types_are_counted_and_told_apart() -> None:
    """Four groups of specialists, each good on its own type."""
    rng = np.random.default_rng(0)
    types, y = rng.integers(0, 4, 800), rng.choice([-1, 1], 800)
    r = np.where(np.arange(80) // 20 == np.arange(4)[:, None], 0.75, 0.1)
    found = spectrum(attach_crowd(y, types, r, seed=1))
    assert found.above == 4
    groups = task_types(found, 4)
    purity = sum(np.bincount(types[groups == g]).max() for g in range(4)) / 800
    assert purity > 0.93


def test_the_partition_does_not_see_the_labels() -> None:
    """Flipping the answers to any set of tasks leaves the types alone, exactly."""
    crowd = scenario("hardeasy", 40, tasks_per_type=150, seed=7)
    flip = np.random.default_rng(1).choice([-1.0, 1.0], 300)
    one, other = spectrum(crowd.answers), spectrum(from_matrix(crowd.answers.X * flip))
    assert one.above == other.above
    np.testing.assert_array_equal(task_types(one, 2), task_types(other, 2))
    np.testing.assert_array_equal(line_split(one.vectors), line_split(other.vectors))


@pytest.mark.parametrize("name", ["hardeasy", "mislead"])
def test_the_plane_errs_as_often_as_predicted(name: str) -> None:
    """Phi(-SNR/2) within 2 points over six crowds, and far fewer errors than the line."""
    plane, line, predicted = [], [], []
    for seed in range(6):
        crowd = scenario(name, 60, seed=seed)
        found = spectrum(crowd.answers)
        plane.append(type_error(task_types(found, 2), crowd.types))
        line.append(type_error(line_split(found.vectors), crowd.types))
        predicted.append(predicted_type_error(crowd.reliability, 1.0))
    assert np.mean(plane) == pytest.approx(np.mean(predicted), abs=0.02)
    assert np.mean(plane) < np.mean(line) - 0.03


def test_orthogonal_types_of_one_size_have_equal_strength() -> None:
    """Balanced specialists: |v| of the leading eigenvector cannot separate the types, the plane can."""
    crowd = scenario("specialist", 60, seed=3)
    found = spectrum(crowd.answers)
    assert type_error(task_types(found, 2), crowd.types) < 0.02
    assert type_error(line_split(found.vectors), crowd.types) > 0.15


def test_refreshed_eigenvectors_keep_the_number_of_directions() -> None:
    crowd = scenario("hardeasy", 60, tasks_per_type=200, seed=1)
    found = spectrum(crowd.answers)
    _, _, values = crowd.answers.triples()
    fewer = crowd.answers.with_values(np.where(np.arange(len(values)) % 5 == 0, 0.0, values))
    again = refreshed(found, fewer)
    assert (again.above, again.edge) == (found.above, found.edge)
    assert again.vectors.shape == (400, 2)
    assert embedding(again.eigenvalues, again.vectors, 2).shape == (400, 2)
    np.testing.assert_allclose(again.eigenvalues, eigenpairs(fewer, 2)[0], rtol=1e-9)
