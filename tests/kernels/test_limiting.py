"""The limiting kernel against three independent oracles: 50 digits, the features themselves, a finite network."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import features

from boundcheck.errors import InputError
from boundcheck.kernels import limiting_kernel, rounding_error


def in_fifty_digits(x: np.ndarray, z: np.ndarray) -> mp.mpf:
    """x.z (pi - theta) / (2 pi) with tan(theta) = ||(x.x) z - (x.z) x|| / ((x.z) ||x||)."""
    with mp.workdps(50):
        a, b = ([mp.mpf(float(v)) for v in u] for u in (x, z))
        product, square = mp.fdot(a, b), mp.fdot(a, a)
        residual = mp.sqrt(sum((square * v - product * u) ** 2 for u, v in zip(a, b, strict=True)))
        return product * (mp.pi - mp.atan2(residual, product * mp.sqrt(square))) / (2 * mp.pi)


def at_angle(angle: float, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, v = rng.standard_normal((2, d))
    v -= x * (v @ x) / (x @ x)
    return x, np.cos(angle) * x + np.sin(angle) * np.linalg.norm(x) * v / np.linalg.norm(v)


@pytest.mark.parametrize("d", [2, 7, 64])
@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-8, 1e-5, 1e-3, 0.014142, 0.3, 1.5, 2.0, 3.0])
def test_kernel_agrees_with_fifty_digits_near_parallel_and_near_antipodal(d: int, angle: float) -> None:
    x, z = at_angle(angle, d, seed=d)
    for other in (z, -z):
        exact = in_fifty_digits(x, other)
        scale = float(np.linalg.norm(x) * np.linalg.norm(other))
        computed = limiting_kernel(x[None], other[None])[0, 0]
        assert abs(computed - exact) <= min(1e-15, rounding_error(d)) * scale


@pytest.mark.parametrize("d", [2, 64])
def test_arccos_alone_would_lose_half_the_digits(d: int) -> None:
    """The tolerance of the test above is one that the textbook formula misses near both ends."""
    x, z = at_angle(1e-8, d, seed=1)
    scale = float(np.linalg.norm(x) * np.linalg.norm(z))
    cosine = min(1.0, float(x @ z) / scale)
    naive = float(x @ z) * (np.pi - np.arccos(cosine)) / (2 * np.pi)
    assert abs(naive - in_fifty_digits(x, z)) > 1e-10 * scale


def test_rounding_stays_below_its_bound_where_it_is_largest() -> None:
    """Just inside and outside the window of Kahan's formula, |cos| = 1 - 1e-3, and for long rows."""
    for d in (2, 30, 784):
        for angle in np.arccos(1 - 1e-3) * np.array([0.99, 1.01]):
            x, z = at_angle(float(angle), d, seed=d)
            scale = float(np.linalg.norm(x) * np.linalg.norm(z))
            for other in (z, -z):
                error = abs(limiting_kernel(x[None], other[None])[0, 0] - in_fifty_digits(x, other))
                assert error <= rounding_error(d) * scale / 4


def test_duplicates_and_antipodes_are_exact() -> None:
    X = np.random.default_rng(0).standard_normal((5, 9))
    K = limiting_kernel(np.concatenate([X, X, -X, 2 * X]))
    squares = (X**2).sum(axis=1)
    for i in range(5):
        assert K[i, i + 5] == pytest.approx(squares[i] / 2, rel=4e-16)
        assert K[i, i + 10] == 0
        assert K[i, i + 15] == pytest.approx(squares[i], rel=4e-16)
        assert K[i + 10, i + 15] == 0


def test_kernel_is_the_expectation_of_the_features() -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((4, 6))
    Z = rng.standard_normal((400_000, 6))
    phi = features(X, Z)
    products = np.einsum("mid,mjd->mij", phi, phi)
    error = products.std(axis=0) / np.sqrt(len(Z))
    assert np.all(np.abs(products.mean(axis=0) - limiting_kernel(X)) < 5 * error + 1e-12)


def test_kernel_is_the_limit_of_a_finite_networks_gradients() -> None:
    """f(x) = m^{-1/2} sum_j a_j relu(w_j.x): the Gram matrix of its gradients in w tends to K."""
    rng = np.random.default_rng(4)
    X = rng.standard_normal((5, 3))
    m = 200_000
    W, a = rng.standard_normal((m, 3)), rng.choice([-1.0, 1.0], m)
    gradients = ((X @ W.T > 0) * a)[:, :, None] * X[:, None, :] / np.sqrt(m)
    gram = np.einsum("imd,jmd->ij", gradients, gradients)
    scale = np.outer(*[np.linalg.norm(X, axis=1)] * 2)
    assert np.all(np.abs(gram - limiting_kernel(X)) < 5 * 0.5 * scale / np.sqrt(m))


def test_blocks_agree_with_single_entries_and_the_matrix_is_symmetric() -> None:
    rng = np.random.default_rng(5)
    X, Z = rng.standard_normal((1500, 3)), rng.standard_normal((40, 3))
    K = limiting_kernel(X)
    np.testing.assert_array_equal(K, K.T)
    rectangle = limiting_kernel(X, Z)
    assert rectangle.shape == (1500, 40)
    for i, j in ((0, 0), (1023, 1024), (1024, 1023), (1499, 2)):
        assert K[i, j] == pytest.approx(limiting_kernel(X[[i]], X[[j]])[0, 0], abs=1e-15)
    np.testing.assert_allclose(rectangle[1400:], limiting_kernel(X[1400:], Z), atol=1e-15)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-100, 1e100))
def test_kernel_is_homogeneous(seed: int, scale: float) -> None:
    """K(cx, x') = c K(x, x') for c > 0, whatever the size of the rows."""
    x, z = np.random.default_rng(seed).standard_normal((2, 1, 4))
    assert limiting_kernel(scale * x, z)[0, 0] == pytest.approx(scale * limiting_kernel(x, z)[0, 0], rel=1e-13)


def test_zero_rows_are_refused() -> None:
    with pytest.raises(InputError, match="row 1 is zero"):
        limiting_kernel(np.array([[1.0, 0.0], [0.0, 0.0]]))
