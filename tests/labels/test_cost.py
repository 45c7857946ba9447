"""What soft labels cost: the fit against another solver, its two bounds against the truth, the curve."""

import numpy as np
import pytest
from scipy.special import expit, rel_entr
from sklearn.linear_model import LogisticRegression

import boundcheck as bc
from boundcheck.errors import InputError
from boundcheck.kernels import limiting_kernel
from boundcheck.labels import cost
from boundcheck.labels.follow import clipped, fit, risk


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((40, 5))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def test_risk_is_the_kl_divergence_also_far_out() -> None:
    p, f = np.array([0.0, 0.3, 1.0, 0.5]), np.array([-1.0, 2.0, 40.0, 0.0])
    q = expit(f)
    assert risk(p, f) == pytest.approx((rel_entr(p, q) + rel_entr(1 - p, 1 - q)).mean(), rel=1e-12)


@pytest.mark.parametrize("ridge", [1e-1, 1e-3, 1e-5])
def test_the_fit_is_that_of_scikit_learn_on_explicit_features(rows: np.ndarray, ridge: float) -> None:
    """Soft labels are weighted pairs of hard ones; features L with LL' = K, weights in their plain norm."""
    p = expit(np.random.default_rng(1).normal(0, 3, 40))
    K = limiting_kernel(rows)
    found = fit(K, p, ridge)
    L = np.linalg.cholesky(K)
    other = LogisticRegression(C=1 / (40 * ridge), fit_intercept=False, solver="newton-cholesky", tol=1e-12)
    other.fit(np.concatenate([L, L]), np.repeat([1, 0], 40), sample_weight=np.concatenate([p, 1 - p]))
    f = L @ other.coef_[0]
    assert K @ found.weights == pytest.approx(f, abs=2e-4 * np.abs(f).max())
    assert found.norm == pytest.approx(np.linalg.norm(other.coef_), rel=1e-3)
    assert found.dual == pytest.approx(risk(p, f) + ridge / 2 * found.norm**2, rel=1e-5)


def test_no_function_of_the_ball_leaves_less_than_the_lower_bound(rows: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    K, p = limiting_kernel(rows), expit(rng.normal(0, 3, 40))
    fits = [fit(K, p, ridge) for ridge in 10.0 ** -np.arange(1, 7)]
    for found in fits:  # the best of its own ball, and near the bound there
        left = risk(p, K @ found.weights)
        assert found.least_risk(found.norm) == pytest.approx(left, abs=1e-6)
        assert max(other.least_risk(found.norm) for other in fits) <= left + 1e-12
    for radius in (0.5, 5.0, 50.0):
        least = max(found.least_risk(radius) for found in fits)
        for _ in range(200):
            a = rng.standard_normal(40) + rng.choice([0, 1]) * 40 * (p - 0.5)
            assert risk(p, K @ (a * radius / np.sqrt(a @ K @ a))) >= least


@pytest.mark.parametrize("draws", [1024, 16384])
def test_the_upper_bound_covers_what_the_field_leaves(rows: np.ndarray, draws: int) -> None:
    """A field that is not clipped has the logits Ka: there the truth is known."""
    rng = np.random.default_rng(3)
    K, p = limiting_kernel(rows), expit(rng.normal(0, 2, 40))
    a = fit(K, p, 1e-3).weights
    radius = np.array([np.abs(a).sum()])
    true = risk(p, K @ a)
    for seed in range(40):
        sample = clipped(rows, a, radius, draws=draws, seed=seed)
        assert sample.risk_upper(p, 0.01)[0] >= true
        rms = np.sqrt(np.mean((sample.logits[0] - K @ a) ** 2))
        assert rms <= 2 * np.sqrt(sample.variances[0] / draws)


def test_a_clipped_field_has_the_logits_of_its_definition() -> None:
    """On the line both fields are +-1 times a length; clipped at B they are B x/2 each way."""
    X, a = np.array([[1.0], [-0.5]]), np.array([3.0, 4.0])
    found = clipped(X, a, np.array([1.0, 2.5, 9.0]), draws=1 << 16, seed=0)
    expected = [[B1 / 2, -0.5 * -B2 / 2] for B1, B2 in ((1, 1), (2.5, 2), (3, 2))]
    assert found.logits == pytest.approx(np.array(expected), abs=0.03)


@pytest.fixture(scope="module")
def blobs() -> bc.Dataset:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(80, 4))
    return bc.dataset(X, np.where(X[:, 0] > 0, 1, -1), normalize="unit")


def test_softer_labels_need_fewer_neurons_and_the_best_is_the_lowest_good_temperature(blobs: bc.Dataset) -> None:
    logits = 6 * blobs.X[:, 0]
    found = bc.labels_cost(expit(logits), blobs, temperatures=(1, 4, 64, 256))
    widths = [row.width for row in found.curve]
    assert widths == sorted(widths, reverse=True)
    assert found.best == min(row.temperature for row in found.curve if row.width <= 2 * min(widths))
    for row in found.curve:
        assert 0 <= row.kl_floor.lower <= row.kl_floor.upper < 0.5 * row.untrained
        assert row.follower.value > 0.8
        uppers = [point.upper for point in row.front]
        assert uppers == sorted(uppers, reverse=True)
        assert all(point.lower <= point.upper for point in row.front)
    assert bc.labels_cost(expit(logits), blobs, temperatures=(4,), share=0.2).curve[0].width > widths[1]


def test_contradictory_labels_of_one_row_cannot_be_followed() -> None:
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]] * 5)
    data = bc.dataset(X + 0.0, np.array([1, -1, 1] * 5), normalize="none")
    p = np.array([0.99, 0.01, 0.5] * 5)
    found = bc.labels_cost(p, data, temperatures=(1, 16))
    assert found.best is None
    assert [row.width for row in found.curve] == [None, None]
    assert cost.Teacher(data, np.log(p / (1 - p)), 0).nearest(0.1).lower > 0.1


@pytest.mark.parametrize(
    "wrong", [{"share": 1.0}, {"share": 0.0}, {"delta": 0.4}, {"temperatures": (0.0,)}, {"temperatures": ()}]
)
def test_numbers_out_of_range_are_refused(blobs: bc.Dataset, wrong: dict) -> None:
    with pytest.raises(InputError):
        bc.labels_cost(np.full(80, 0.6), blobs, **wrong)


def test_labels_that_say_nothing_are_refused(blobs: bc.Dataset) -> None:
    with pytest.raises(InputError, match="nothing to follow"):
        bc.labels_cost(np.full(80, 0.5), blobs)
