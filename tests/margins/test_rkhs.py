"""The RKHS margin against libsvm, every support, closed forms, and its own duality gap."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from margin_oracles import rkhs_by_libsvm, rkhs_by_supports, textbook_kernel

from boundcheck.kernels import limiting_kernel
from boundcheck.margins import problem as problem_module
from boundcheck.margins import rkhs
from boundcheck.margins.problem import Gram, LazyGram, MarginProblem
from boundcheck.margins.rkhs import evaluate, rkhs_margin


def problem(seed: int, n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) % 2, 1.0, -1.0)
    return rng.standard_normal((n, d)) / np.sqrt(d), y


def signed(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(textbook_kernel(X) * np.outer(y, y))


def of_gram(H: np.ndarray | Gram) -> MarginProblem:
    """The problem whose matrix is H; the RKHS norm asks for nothing else."""
    gram = Gram(H) if isinstance(H, np.ndarray) else H
    return MarginProblem(np.zeros((gram.size, 1)), np.ones(gram.size), gram)


def gamma(X: np.ndarray, y: np.ndarray) -> float:
    found = rkhs_margin(of_gram(signed(X, y))).margin
    assert 0 <= found.upper - found.lower <= 1e-9 * found.upper
    return found.upper


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 5))
def test_margin_is_the_best_over_all_supports(seed: int, n: int, d: int) -> None:
    X, y = problem(seed, n, d)
    assert gamma(X, y) == pytest.approx(rkhs_by_supports(signed(X, y)), rel=1e-7)


@pytest.mark.parametrize(("n", "d"), [(40, 3), (150, 10)])
def test_libsvm_never_gets_below_the_margin_and_comes_as_near_as_float32_lets_it(n: int, d: int) -> None:
    H = signed(*problem(n, n, d))
    found, svm = rkhs_margin(of_gram(H)).margin, rkhs_by_libsvm(H)
    assert svm >= found.lower
    assert svm <= found.upper * (1 + 2e-5)


@pytest.mark.parametrize(("n", "d"), [(3, 12), (60, 12), (1210, 4)])
def test_interval_is_the_duality_gap_at_q(n: int, d: int) -> None:
    """Both ends, recomputed from q: min (Hq) / sqrt(q'Hq) <= gamma <= sqrt(q'Hq). 1210 rows use a working set."""
    X, y = problem(n, n, d)
    if n > 1200:  # a linear rule, so that few rows support the margin
        y = np.where(X[:, 0] > 0, 1.0, -1.0)
        X[:, 0] += y
    H = signed(X, y)
    found = rkhs_margin(of_gram(H))
    assert found.q.min() >= 0
    assert found.q.sum() == pytest.approx(1, abs=1e-12)
    Hq = H @ found.q
    root = np.sqrt(found.q @ Hq)
    np.testing.assert_allclose(found.gradient, Hq, atol=1e-14)
    assert found.margin.upper == pytest.approx(root, rel=1e-12)
    assert found.margin.lower == pytest.approx(min(Hq.min() / root, root), rel=1e-12)
    assert found.margin.relative_width <= 1e-10
    assert found.margin.exact
    assert found.margin.confidence == 1


def test_a_poor_point_certifies_a_wide_interval_around_the_margin() -> None:
    H = signed(*problem(0, 30, 4))
    best = rkhs_margin(of_gram(H)).margin
    for seed in range(5):
        poor = evaluate(of_gram(H), np.arange(30), np.random.default_rng(seed).random(30)).margin
        assert poor.lower <= best.lower
        assert poor.upper > best.upper * 1.001


@pytest.mark.parametrize(
    ("points", "expected"), [(3, 0.423659), (5, 0.256218), (7, 0.107010), (8, 0.135299), (9, 0.092585), (12, 0.086273)]
)
def test_alternating_circles_have_their_known_margins(points: int, expected: float) -> None:
    angles = 2 * np.pi * np.arange(points) / points
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert gamma(X, np.where(np.arange(points) % 2, -1.0, 1.0)) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("t", [0.1, 1.0, 2.5])
def test_two_unit_points_have_their_closed_form(t: float, sign: int) -> None:
    """gamma^2 = (1 +- cos t (1 - t/pi)) / 4 with + for equal labels (theory: Margins in closed form)."""
    X = np.array([[1.0, 0.0], [np.cos(t), np.sin(t)]])
    assert gamma(X, np.array([1.0, sign])) ** 2 == pytest.approx((1 + sign * np.cos(t) * (1 - t / np.pi)) / 4, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_margin_respects_the_symmetries_of_the_problem(seed: int, c: float) -> None:
    X, y = problem(seed, 8, 3)
    before = gamma(X, y)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    assert gamma(X @ rotation, y) == pytest.approx(before, rel=1e-7)
    assert gamma(X, -y) == pytest.approx(before, rel=1e-9)
    assert gamma(c * X, y) == pytest.approx(c * before, rel=1e-7)
    twice = rkhs_margin(of_gram(signed(np.concatenate([X, X]), np.append(y, y)))).margin
    assert twice.lower <= before * (1 + 1e-6)
    assert twice.upper == pytest.approx(before, rel=1e-6)
    more, labels = problem(seed + 1, 3, 3)
    assert gamma(np.concatenate([X, more]), np.append(y, labels)) <= before * (1 + 1e-9)


def test_margin_zero_gives_an_interval_that_contains_zero() -> None:
    H = signed(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([1.0, -1.0, 1.0]))
    found = rkhs_margin(of_gram(H)).margin
    assert found.lower == 0
    assert found.upper <= 1e-5


@pytest.fixture
def many_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Working sets so small that 300 rows need many exchanges, some of which drop rows, and wider scopes."""
    for name, value in {"_AT_ONCE": 20, "_FIRST": 10, "_SCOPE": 60, "_KEEP": 0.0, "_GROW": 0.1}.items():
        monkeypatch.setattr(rkhs, name, value)


class Calls:
    """A progress listener that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
        self.heard.append(message)


@pytest.mark.usefixtures("many_rounds")
@pytest.mark.parametrize(("n", "d"), [(300, 3), (300, 8), (300, 40)])
def test_many_small_exchanges_end_at_the_optimum_of_all_rows(n: int, d: int) -> None:
    H = signed(*problem(1, n, d))
    listener = Calls()
    found = rkhs_margin(of_gram(H), progress=listener)
    assert len(listener.heard) > 5
    assert found.gap <= 1e-10
    assert found.margin.relative_width <= 1e-8
    Hq = H @ found.q
    assert Hq.min() >= (1 - 1e-9) * found.q @ Hq
    assert found.margin.lower <= rkhs_by_libsvm(H)


@pytest.mark.usefixtures("many_rounds")
def test_matrix_in_blocks_gives_the_same_margin_as_the_matrix_itself() -> None:
    X, y = problem(2, 64, 10)
    dense = rkhs_margin(of_gram(signed(X, y)))
    for rows_kept in (0, 7, 64):
        lazy = rkhs_margin(MarginProblem(X, y, LazyGram(X, y, memory=rows_kept * 64 * 8)))
        np.testing.assert_allclose(lazy.q, dense.q, atol=1e-10)
        np.testing.assert_allclose(lazy.gradient, signed(X, y) @ lazy.q, atol=1e-14)
        assert lazy.margin.relative_width <= 1e-10


def test_lazy_matrix_computes_a_row_that_fits_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def counting(X: np.ndarray, Z: np.ndarray) -> np.ndarray:
        computed.append(len(X) * len(Z))
        return limiting_kernel(X, Z)

    monkeypatch.setattr(problem_module, "limiting_kernel", counting)
    X, y = problem(3, 30, 4)
    rows, weights = np.arange(10), np.ones(10)
    for memory, expected in ((30 * 30 * 8, 10 * 30), (4 * 30 * 8, 4 * 30 + 3 * 6 * 30)):
        gram = LazyGram(X, y, memory=memory)
        computed.clear()
        for _ in range(3):
            gram.times(np.arange(30), rows, weights)
        assert sum(computed) == expected


def test_lazy_matrix_is_the_dense_one() -> None:
    X, y = problem(3, 30, 4)
    rows, columns = np.array([4, 1, 29]), np.array([0, 4, 7, 1, 2])
    weights = np.arange(5.0)
    for gram in (LazyGram(X, y), LazyGram(X, y, memory=2 * 30 * 8), LazyGram(X, y, memory=0), Gram(signed(X, y))):
        assert gram.size == 30
        np.testing.assert_allclose(gram.block(rows, columns), signed(X, y)[np.ix_(rows, columns)], atol=1e-15)
        np.testing.assert_allclose(gram.block(rows, rows), signed(X, y)[np.ix_(rows, rows)], atol=1e-15)
        expected = signed(X, y)[np.ix_(rows, columns)] @ weights
        np.testing.assert_allclose(gram.times(rows, columns, weights), expected, atol=1e-14)


class SlowGram(Gram):
    """Every product takes a tenth of a second."""

    def times(self, *arguments, **options) -> np.ndarray:  # type: ignore[no-untyped-def]
        time.sleep(0.1)
        return super().times(*arguments, **options)


@pytest.mark.usefixtures("many_rounds")
def test_time_limit_ends_the_rounds_with_a_gap_that_is_true() -> None:
    H = signed(*problem(4, 300, 40))
    started = time.monotonic()
    found = rkhs_margin(of_gram(SlowGram(H)), time_limit=0.25)
    assert time.monotonic() - started < 1.0
    Hq = H @ found.q
    root = np.sqrt(found.q @ Hq)
    assert found.margin.upper == pytest.approx(root, rel=1e-12)
    assert found.margin.lower == pytest.approx(max(Hq.min() / root, 0.0), rel=1e-9, abs=1e-15)
    assert found.margin.relative_width > 1e-3
    best = rkhs_margin(of_gram(H)).margin
    assert found.margin.lower <= best.lower
    assert found.margin.upper >= best.upper


@pytest.mark.parametrize("rounds", [0, 2])
def test_an_interrupt_leaves_the_interval_reached(rounds: int) -> None:
    """Ctrl-C while the first rows are looked through, and two rounds later."""
    X, y = problem(5, 3000, 30)
    H, left = signed(X, y), [rounds]

    class Impatient:
        def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1

    found, exact = rkhs_margin(of_gram(H), progress=Impatient()), rkhs_margin(of_gram(H))
    assert found.interrupted
    assert not exact.interrupted
    assert found.margin.lower <= exact.margin.lower <= exact.margin.upper <= found.margin.upper
    assert found.margin.upper - found.margin.lower > 1e-6 * found.margin.upper
    assert found.margin.upper == pytest.approx(np.sqrt(found.q @ H @ found.q), rel=1e-9)
