"""The eps-margin: against linear and cone programmes, closed forms, its definition, and on contradictory rows."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from margin_oracles import margin_is_zero, planar_by_quadrature, textbook_kernel
from scipy.optimize import linprog, minimize
from typer.testing import CliRunner

from boundcheck.cli import app
from boundcheck.datasets import from_arrays, load_dataset
from boundcheck.margins import certificate, supnorm
from boundcheck.margins.certificate import Certifier
from boundcheck.margins.outward import cvar
from boundcheck.margins.planar import planar_margin
from boundcheck.margins.problem import Gram, MarginProblem, margin_problem
from boundcheck.margins.rkhs import RkhsMargin, rkhs_margin
from boundcheck.margins.zero import find_rays, nu_zero
from boundcheck.pipeline.margin import margin
from boundcheck.records import Interval


def problem(seed: int, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1).max(), np.where(np.arange(n) % 2, 1.0, -1.0)


def signed(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(textbook_kernel(X) * np.outer(y, y))


def capped(H: np.ndarray, nu: float) -> RkhsMargin:
    """gamma_nu in the RKHS norm, which asks for the matrix H only."""
    return rkhs_margin(MarginProblem(np.zeros((len(H), 1)), np.ones(len(H)), Gram(H)).capped(nu))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.floats(0.01, 1))
def test_cvar_is_its_linear_programme(seed: int, n: int, nu: float) -> None:
    values = np.random.default_rng(seed).standard_normal(n)
    cap = min(1.0, 1 / (nu * n))
    found = linprog(values, A_eq=np.ones((1, n)), b_eq=[1], bounds=(0, cap))
    assert cvar(values, cap) == pytest.approx(found.fun, abs=1e-9)
    assert cvar(values, cap) <= found.fun + 1e-12


@pytest.mark.parametrize("nu", [0.02, 0.1, 0.3, 0.7, 1.0])
@pytest.mark.parametrize(("n", "d"), [(60, 3), (80, 20)])
def test_rkhs_interval_is_narrow_and_holds_what_any_feasible_point_and_libsvm_say(n: int, d: int, nu: float) -> None:
    H = signed(*problem(n, n, d))
    found = capped(H, nu)
    assert found.gap <= 1e-10
    assert found.margin.relative_width <= 1e-8
    assert found.q.min() >= 0
    assert found.q.max() <= 1 / (nu * n) * (1 + 1e-15)
    assert found.q.sum() == pytest.approx(1, abs=1e-12)
    rng = np.random.default_rng(1)
    for _ in range(20):
        other = np.clip(rng.dirichlet(np.ones(n)), 0, 1 / (nu * n))
        other += (1 - other.sum()) * (1 / (nu * n) - other) / max((1 / (nu * n) - other).sum(), 1e-300)
        assert found.margin.lower <= np.sqrt(other @ H @ other) * (1 + 1e-12)
    if nu < 1:
        svm = pytest.importorskip("sklearn.svm").OneClassSVM(kernel="precomputed", nu=nu, tol=1e-9).fit(H)
        q = np.zeros(n)
        q[svm.support_] = svm.dual_coef_[0] / (nu * n)
        assert found.margin.upper == pytest.approx(np.sqrt(q @ H @ q), rel=2e-5)
        assert found.margin.lower <= np.sqrt(q @ H @ q)


def test_without_an_active_cap_it_is_the_margin_and_with_all_rows_the_mean_feature() -> None:
    H = signed(*problem(3, 50, 4))
    assert capped(H, 1 / 50).margin.upper == pytest.approx(capped(H, 1 / len(H)).margin.upper, rel=1e-9)
    assert capped(H, 1.0).margin.upper == pytest.approx(np.sqrt(H.sum()) / 50, rel=1e-12)
    ends = [capped(H, nu).margin for nu in (0.02, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert all(a.lower <= b.upper for a, b in pairwise(ends))
    assert ends[0].upper < ends[-1].lower


@pytest.mark.parametrize("nu", [0.1, 0.35, 0.6, 0.9])
def test_in_the_plane_it_is_the_minimum_over_capped_weights(nu: float) -> None:
    """F(q) by 20,000 directions, minimised by a general method; and any feasible q lies above."""
    X, y = problem(7, 9, 2)
    cap = min(1.0, 1 / (9 * nu))
    found = planar_margin(X, y, cap)
    turns = 2 * np.pi * (np.arange(20_000) + 0.3) / 20_000
    active = np.stack([np.cos(turns), np.sin(turns)], axis=1) @ X.T > 0

    def value(q: np.ndarray) -> float:
        return float(np.hypot(*((active * (q * y)) @ X).T).mean())

    sum_to_one = {"type": "eq", "fun": lambda q: q.sum() - 1}
    best = minimize(value, np.full(9, 1 / 9), bounds=[(0, cap)] * 9, constraints=[sum_to_one], method="SLSQP")
    assert found.margin.relative_width <= 1e-9
    assert found.margin.upper == pytest.approx(value(found.q), rel=1e-3, abs=1e-5)
    assert found.margin.upper <= best.fun * (1 + 1e-3) + 1e-5
    assert found.margin.lower >= best.fun * (1 - 5e-2)
    assert found.q.max() <= cap
    rkhs = capped(signed(X, y), nu).margin
    assert rkhs.lower**2 <= found.margin.upper
    assert found.margin.lower <= rkhs.upper


def test_in_the_plane_the_whole_simplex_is_the_margin() -> None:
    X, y = problem(2, 4, 2)
    low, high = planar_by_quadrature(X, y)
    assert low * (1 - 1e-3) <= planar_margin(X, y).margin.upper <= high * (1 + 1e-3)


# More misses than these have probability below 1e-4: of 200 at 1/2, of 100 at 1/2, of 100 at 1/100.
OF_200, OF_100, RARE = 129, 69, 7


def halves() -> MarginProblem:
    """12 rows of unequal lengths in the plane, labelled by a line, but for one of them."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((12, 2))
    X /= np.linalg.norm(X, axis=1).max()
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    y[0] *= -1
    return margin_problem(X, y)


def test_sampled_interval_contains_the_exact_value_in_the_plane_at_the_stated_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Too wide a cap, and no width at all, are found out."""
    nu = 0.45
    exact = planar_margin(halves().X, halves().y, halves().capped(nu).cap)
    gamma = exact.margin.upper

    def misses(q: np.ndarray, confidence: float, seeds: int, level: float = nu) -> int:
        problem = halves().capped(level)
        drawn = (Certifier(problem, draws=1024, pairs=1024, seed=seed) for seed in range(seeds))
        found = [one.certify(q, confidence).margin for one in drawn]
        return sum(not one.lower <= gamma <= one.upper for one in found)

    assert gamma > 0.02
    assert exact.q.max() == pytest.approx(halves().capped(nu).cap)
    assert misses(exact.q, 0.5, 200) <= OF_200
    assert misses(np.full(12, 1 / 12), 0.5, 20) == 0
    assert misses(np.full(12, 1 / 12), 0.5, 20, level=1.0) == 20
    monkeypatch.setattr(certificate, "log_risk", lambda confidence: 1e-6)
    assert misses(exact.q, 0.99, 100) > RARE


def test_intervals_of_several_rounds_contain_the_exact_value_at_the_stated_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each round chooses its point by the very draws of its lower end."""
    for name, value in {"_FEWEST": 1024, "_MOST": 1024, "_WARM_UP": 512, "_GROWTH": 2.0}.items():
        monkeypatch.setattr(supnorm, name, value)
    problem = halves().capped(0.45)
    gamma, q = planar_margin(problem.X, problem.y, problem.cap).margin.upper, rkhs_margin(problem).q
    missed = 0
    for seed in range(100):
        found = supnorm.sup_margin(
            problem, q, Interval(0.0, 0.5), confidence=0.5, tolerance=0.0, seed=seed, draws=3 * 1024
        )
        assert len(found.history) == 2
        assert found.q.max() <= problem.cap
        missed += not found.margin.lower <= gamma <= found.margin.upper
    assert missed <= OF_100


def zero_level(X: np.ndarray, y: list[int]) -> float:
    labels = np.array(y)
    return nu_zero(find_rays(X, labels).line, X.astype(float), labels.astype(float))


def test_nu_zero_counts_what_contradictions_can_carry() -> None:
    """k contradictory pairs give 2k/n; 2 and 2 duplicates give 4/n; unequal lengths and counts less."""
    apart = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert zero_level(np.array([*apart, [1, 2, 3], [1, 2, 3]]), [1, 1, -1, 1, -1]) == pytest.approx(2 / 5)
    assert zero_level(np.array([*apart, *[[1, 2, 3]] * 4]), [1, 1, -1, 1, -1, 1, -1]) == pytest.approx(4 / 7)
    assert zero_level(np.array([*apart, *[[1, 2, 3]] * 3]), [1, 1, -1, 1, -1, 1]) == pytest.approx(2 / 6)
    assert zero_level(np.array([*apart, [1, 2, 3], [2, 4, 6]]), [1, 1, -1, 1, -1]) == pytest.approx(1.5 / 5)
    assert zero_level(np.array(apart), [1, 1, -1]) == 0


def test_nu_zero_of_antipodal_pairs_needs_them_to_cancel() -> None:
    ring = np.array([[2, 0], [-1, 1], [-1, -1]])
    labels = [1, 1, 1, -1, -1, -1]
    assert zero_level(np.concatenate([ring, -ring]), labels) == pytest.approx(1.0)
    apart = np.array([[2, 0], [1, 1], [1, -1]])
    assert zero_level(np.concatenate([apart, -apart]), labels) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_nu_zero_is_positive_exactly_where_the_margin_is_zero(seed: int, lines: int) -> None:
    rng = np.random.default_rng(seed)
    half = rng.integers(-1, 2, (lines, 2))
    half[~half.any(axis=1), 0] = 1
    X = np.concatenate([half, -half[: lines - 1]])
    y = rng.choice([-1, 1], len(X))
    level = zero_level(X, y.tolist())
    assert (level > 0) == margin_is_zero(X.astype(float), y)
    n, data = len(y), X / 2
    if 0 < level < 1:
        above = min(1.0, level + 0.05)
        assert planar_margin(data, y.astype(float), min(1.0, 1 / (above * n))).margin.lower > 0
        under = planar_margin(data, y.astype(float), min(1.0, 1 / (level * n))).margin
        assert under.lower == 0
        assert under.upper < 1e-6


@pytest.mark.parametrize("kind", ["flipped", "duplicates"])
def test_noisy_digits_have_a_positive_profile_although_assumption_1_fails_or_hardly_holds(kind: str) -> None:
    """150 digits: 5 % of the labels flipped, or 10 contradictory duplicates added."""
    pytest.importorskip("sklearn")
    data = load_dataset("sklearn:digits", positive=tuple("56789"), subsample=150)
    rng = np.random.default_rng(0)
    chosen = rng.choice(150, 8 if kind == "flipped" else 10, replace=False)
    X, y = data.raw, data.y.astype(int)
    if kind == "flipped":
        y = y.copy()
        y[chosen] *= -1
    else:
        X, y = np.concatenate([X, X[chosen]]), np.concatenate([y, -y[chosen]])
    report = margin(from_arrays(X, y), nu=(0.02, 0.3), draws=20_000)
    assert bool(report.conflicts) == (kind == "duplicates")
    assert report.nu_zero == pytest.approx(0.0 if kind == "flipped" else 20 / 160)
    for level in report.profile:
        positive = level.nu > report.nu_zero
        assert (level.gamma_rkhs.lower > 0) == (level.gamma_sup.lower > 0) == positive
        assert level.gamma_rkhs.relative_width <= 1e-6
        assert level.gamma_sup.upper <= level.gamma_rkhs.upper
        assert (level.draws > 0) == positive
    wide = report.profile[-1].gamma_sup
    assert wide.confidence == 0.99
    assert wide.relative_width < 0.3
    assert wide.lower > 2 * report.profile[-1].gamma_rkhs.lower ** 2  # far above what is known without sampling


def run(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    shown = CliRunner().invoke(app, ["margin", *map(str, arguments), "--json"])
    assert shown.exit_code == exit_code, shown.stderr
    body: dict[str, Any] = json.loads(shown.stdout)["result"]
    return body


def test_command_prints_the_profile_and_by_default_one_where_the_margin_is_zero(tmp_path: Path) -> None:
    body = run("synthetic:circle:points=8", "--nu", ".1,.5")
    assert [level["nu"] for level in body["profile"]] == [0.1, 0.5]
    assert body["nu_zero"] == 0
    assert body["profile"][0]["gamma_sup"]["upper"] == pytest.approx(body["gamma_sup"]["upper"], rel=1e-9)
    path = tmp_path / "noisy.npz"
    X = np.random.default_rng(0).standard_normal((30, 3))
    np.savez(path, X=np.concatenate([X, X[:1]]), y=np.append(np.resize([1, -1], 30), -1))
    body = run(path, exit_code=1)
    assert body["nu_zero"] == pytest.approx(2 / 31)
    assert [level["gamma_rkhs"]["lower"] > 0 for level in body["profile"]] == [False, True, True]
    assert "profile" in body
    assert run("synthetic:circle:points=8")["nu_zero"] is None
    shown = " ".join(CliRunner().invoke(app, ["margin", str(path)]).stdout.split())
    assert "gamma = 0 exactly" in shown
    assert "0 up to nu = 0.06452 and positive beyond" in shown


@pytest.mark.parametrize("nu", ["0", "1.5", "nan", "many"])
def test_levels_out_of_range_are_one_line_and_exit_2(nu: str) -> None:
    shown = CliRunner().invoke(app, ["margin", "synthetic:circle:points=8", "--nu", nu])
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1
    assert "--nu" in shown.stderr


def test_profile_is_drawn_and_reported_also_where_the_margin_is_zero(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "noisy.npz"
    X = np.random.default_rng(0).standard_normal((30, 3))
    np.savez(path, X=np.concatenate([X, X[:1]]), y=np.append(np.resize([1, -1], 30), -1))
    for data, code in ((path, 1), ("synthetic:circle:points=5", 0)):
        figure, saved, page = (tmp_path / name for name in ("profile.svg", "margin.json", "page.html"))
        shown = CliRunner().invoke(
            app, ["margin", str(data), "--nu", ".1,.4,.8", "--draws", "9000", "--plot", str(figure), "--json"]
        )
        assert shown.exit_code == code, shown.stderr
        assert "<!-- margin of the worst rows" in figure.read_text()
        saved.write_text(shown.stdout)
        assert CliRunner().invoke(app, ["report", str(saved), "-o", str(page)]).exit_code == 0
        assert "gamma_nu, sup norm" in page.read_text()
