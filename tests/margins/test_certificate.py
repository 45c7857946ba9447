"""The finite-sample certificate contains the exact margin at its stated rate, from any points of the simplex."""

import numpy as np
import pytest
from scipy import integrate

from boundcheck.datasets import load_dataset
from boundcheck.kernels import limiting_kernel
from boundcheck.margins import certificate
from boundcheck.margins.certificate import CertifiedMargin, Certifier
from boundcheck.margins.planar import planar_margin
from boundcheck.margins.problem import margin_problem

SEEDS = 200
MOST = 37  # more misses of 200 at confidence 0.9 have probability below 1e-4


def certify(
    X: np.ndarray, y: np.ndarray, q: np.ndarray, *, draws: int, confidence: float, seed: int
) -> CertifiedMargin:
    """The certificate of one point q."""
    return Certifier(margin_problem(X, y), draws=draws, pairs=draws, seed=seed).certify(q, confidence)


def certify_what_the_draws_favour(
    X: np.ndarray, y: np.ndarray, q: np.ndarray, seed: int
) -> tuple[CertifiedMargin, np.ndarray]:
    """The certificate of a point near q that the draws of the lower end choose (rows of little gain), and the point."""
    certifier = Certifier(margin_problem(X, y), draws=1024, pairs=1024, seed=seed)
    g = certifier.glance(q, np.arange(len(q)))
    chosen = q * np.exp(-5 * (g - g.mean()) / np.abs(g).max())
    chosen /= chosen.sum()
    return certifier.certify(chosen, 0.9), chosen


def plane(points: int) -> tuple[np.ndarray, np.ndarray]:
    """X and y of alternating points on the circle."""
    data = load_dataset(f"synthetic:circle:points={points}")
    return data.X, data.y.astype(float)


def misses(X: np.ndarray, y: np.ndarray, q: np.ndarray, gamma: float) -> int:
    """How many of SEEDS intervals at confidence 0.9 leave gamma out."""
    found = [certify(X, y, q, draws=1024, confidence=0.9, seed=seed).margin for seed in range(SEEDS)]
    return sum(not m.lower <= gamma <= m.upper for m in found)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["circle:points=5", "pair:angle=60"])
def test_in_the_plane_the_interval_contains_the_exact_margin_at_the_stated_rate(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load_dataset(f"synthetic:{family}")
    X, y = data.X, data.y.astype(float)
    exact = planar_margin(X, y)
    gamma, q = (exact.margin.lower + exact.margin.upper) / 2, exact.q
    assert misses(X, y, q, gamma) <= MOST
    favoured = [certify_what_the_draws_favour(X, y, q, seed)[0].margin for seed in range(SEEDS)]
    assert sum(not m.lower <= gamma <= m.upper for m in favoured) <= MOST
    monkeypatch.setattr(certificate, "log_risk", lambda confidence: 1e-6)
    assert misses(X, y, q, gamma) > MOST  # without the widths the same draws do not cover


def test_with_many_draws_the_interval_closes_on_the_exact_margin() -> None:
    X, y = plane(8)
    exact = planar_margin(X, y).margin.lower
    found = certify(X, y, np.full(8, 1 / 8), draws=1 << 19, confidence=0.99, seed=0).margin
    assert found.lower <= exact <= found.upper
    assert found.relative_width < 0.05


@pytest.mark.slow
def test_in_space_the_interval_contains_the_value_found_by_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    """d = 3, two opposite labels at 60 degrees: by symmetry q = (1/2, 1/2) is optimal, so gamma = E||s_q||."""
    X = np.array([[1.0, 0.0, 0.0], [0.5, np.sqrt(3) / 2, 0.0]])
    y, q = np.array([1.0, -1.0]), np.array([0.5, 0.5])

    def density(polar: float, turn: float) -> float:
        z = np.array([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)])
        s = ((X @ z > 0) * q * y) @ X
        return float(np.linalg.norm(s) * np.sin(polar) / (4 * np.pi))

    edges = np.sort(np.mod([np.pi / 2, -np.pi / 2, 5 * np.pi / 6, -np.pi / 6], 2 * np.pi))
    gamma = sum(
        integrate.dblquad(density, a, b, 0, np.pi, epsabs=1e-9)[0]
        for a, b in zip(edges, np.append(edges[1:], edges[0] + 2 * np.pi), strict=True)
    )
    assert misses(X, y, q, gamma) <= MOST
    monkeypatch.setattr(certificate, "log_risk", lambda confidence: 1e-6)
    assert misses(X, y, q, gamma) > MOST


def test_a_poor_point_costs_width_and_never_truth() -> None:
    X, y = plane(8)
    exact = planar_margin(X, y).margin.lower
    poor = np.array([0.9, *[0.1 / 7] * 7])
    good, bad = (certify(X, y, q, draws=1 << 14, confidence=0.99, seed=3).margin for q in (np.full(8, 1 / 8), poor))
    assert bad.lower <= exact <= bad.upper
    assert bad.upper - bad.lower > good.upper - good.lower


def test_the_same_seed_gives_the_same_interval_and_another_seed_another_one() -> None:
    X, y = plane(5)
    q = np.full(5, 0.2)
    first, again, other = (certify(X, y, q, draws=4096, confidence=0.99, seed=s).margin for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_logits_of_one_row_lie_within_their_stated_error() -> None:
    """The field of one row alone is its direction u: E[v.phi_i] = u.x_i (pi - theta) / (2 pi)."""
    X, y = plane(8)
    found = certify(X, y, np.eye(8)[0], draws=1 << 16, confidence=0.99, seed=5)
    expected = limiting_kernel(X)[0] * y[0]
    assert np.all(np.abs(found.z - expected) <= found.z_error)
    assert np.all(found.z_error < 0.05)


def test_logits_do_not_lean_on_the_draws_that_chose_the_point() -> None:
    """E[v.phi_i] by quadrature over the circle: errors average out over seeds, also where the draws chose q."""
    X, y = plane(5)
    lean = []
    for seed in range(12):
        found, q = certify_what_the_draws_favour(X, y, np.full(5, 0.2), seed)
        turn = (np.arange(100_000) + 0.5) * (2 * np.pi / 100_000)
        active = np.stack([np.cos(turn), np.sin(turn)], axis=1) @ X.T > 0
        s = (active * (q * y)) @ X
        floor = certificate.FLOOR * np.sqrt((s**2).sum(axis=1).mean())
        v = s / np.maximum(np.linalg.norm(s, axis=1, keepdims=True), floor)
        error = found.z - (active * (v @ X.T)).mean(axis=0)
        assert np.all(np.abs(error) <= found.z_error)
        lean.append(error)
        chose = Certifier(margin_problem(X, y), draws=1024, pairs=1024, seed=seed).glance(q, np.arange(5))
        assert np.abs(found.z * y - chose).max() > 1e-4
    assert np.all(np.abs(np.mean(lean, axis=0)) <= 5 * np.std(lean, axis=0) / np.sqrt(12))
