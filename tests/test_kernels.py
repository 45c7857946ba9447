"""What tests/kernels leaves open: angles to the last digits, positive definiteness, gradients by JAX itself."""

import jax
import jaxtyping
import mpmath as mp
import numpy as np
import pytest
from margin_oracles import textbook_kernel
from oracles import features

from boundcheck.kernels import limiting_kernel


def kernel_in_the_plane(t: float) -> mp.mpf:
    """cos t (pi - t) / (2 pi) for unit rows, from the angle itself."""
    return mp.cos(t) * (mp.pi - t) / (2 * mp.pi)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_kernel_at_one_part_in_a_hundred_million_of_0_and_pi_is_right_at_any_scale(scale: float) -> None:
    t = 1e-8
    X = scale * np.array([[1.0, 0.0], [1.0, t], [-1.0, t]])
    K = limiting_kernel(X / np.sqrt(scale), X / np.sqrt(scale)) / scale
    with mp.workdps(50):
        exact = mp.atan(mp.mpf(t))
        length = mp.sqrt(1 + mp.mpf(t) ** 2)
        assert abs(K[0, 1] - length * kernel_in_the_plane(exact)) <= 1e-15
        opposite = length * kernel_in_the_plane(mp.pi - exact)
        assert abs(K[0, 2] - opposite) <= 1e-16


def test_kernel_is_positive_semidefinite_and_definite_without_collinear_rows() -> None:
    X = np.random.default_rng(0).standard_normal((60, 5))
    assert np.linalg.eigvalsh(limiting_kernel(X)).min() > 1e-6
    with_opposites = np.concatenate([X, -X])
    assert np.linalg.eigvalsh(limiting_kernel(with_opposites)).min() > -1e-13


def test_only_more_than_d_antipodal_lines_make_the_kernel_singular() -> None:
    """phi_x - phi_{-x} = x is linear in x, so d + 1 antipodal pairs in R^d are dependent and d are not."""
    X = np.random.default_rng(1).standard_normal((4, 3))
    three, four = (limiting_kernel(np.concatenate([X[:k], -X[:k]])) for k in (3, 4))
    assert np.linalg.eigvalsh(three).min() > 1e-4
    assert np.linalg.eigvalsh(four).min() < 1e-14


def test_kernel_agrees_with_kahans_angle() -> None:
    X = np.random.default_rng(2).standard_normal((40, 6))
    np.testing.assert_allclose(limiting_kernel(X), textbook_kernel(X), atol=1e-14)


def test_features_are_the_gradients_of_a_two_layer_network() -> None:
    """d/dw_j of m^{-1/2} sum_j a_j relu(w_j.x) = m^{-1/2} a_j phi_x(w_j), by automatic differentiation."""
    rng = np.random.default_rng(3)
    X, W, a = rng.standard_normal((4, 3)), rng.standard_normal((7, 3)), rng.choice([-1.0, 1.0], 7)

    def network(weights: jax.Array, x: jax.Array) -> jax.Array:
        return a @ jax.nn.relu(weights @ x) / np.sqrt(7)

    phi = features(X, W)
    for i in range(4):
        gradient = np.asarray(jax.grad(network)(W, X[i]))
        np.testing.assert_allclose(gradient, a[:, None] * phi[:, i] / np.sqrt(7), atol=1e-15)


def test_shapes_and_types_are_checked_against_the_annotations_here() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        limiting_kernel(np.ones(3))
