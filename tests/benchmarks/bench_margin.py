"""Kernel, RKHS margin, zero test and Newton on one sample beside named peers, in one run and with one BLAS thread.

Run as a script, `python tests/benchmarks/bench_margin.py [--json]`: one table with the goals of the project; with the
other benchmarks it is run as a process of its own, because JAX must start with one thread.  Times are seconds of CPU,
best of a few, so that other load on the machine weighs on all alike; a peer that is not installed is left out.  MNIST
is taken from MNIST10K=FILE.npz (keys X, y) and otherwise replaced by Gaussian rows.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

if __name__ == "__main__":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"  # one thread here too; read when JAX starts

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from boundcheck.blas import threads_for
from boundcheck.kernels import limiting_kernel
from boundcheck.margins.descent import curvature, newton_point
from boundcheck.margins.problem import Gram, LazyGram, MarginProblem
from boundcheck.margins.rkhs import evaluate, rkhs_margin
from boundcheck.margins.zero import find_rays

ROWS: list[tuple[str, str, str, str, str]] = []
"""What, seconds of CPU, ratio to ours, gap or error, goal."""


def timed(work: Callable[[], object], rounds: int = 3) -> tuple[float, object]:
    """The best CPU time and the last result."""
    best = np.inf
    for _ in range(rounds):
        started = time.process_time()
        result = work()
        best = min(best, time.process_time() - started)
    return best, result


@contextmanager
def peer(name: str) -> Iterator[bool]:
    """Whether a package is there; says so where it is not."""
    there = find_spec(name) is not None
    if not there:
        ROWS.append((f"  {name}: not installed", "", "", "", ""))
    yield there


def row(what: str, seconds: float, ours: float, note: str = "", goal: str = "") -> None:
    ROWS.append((what, f"{seconds:.4g}", f"{seconds / ours:.3g}", note, goal))


def digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    X, target = load_digits(return_X_y=True)
    return X / np.linalg.norm(X, axis=1).max(), np.where(target >= 5, 1.0, -1.0)


def large(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of MNIST where the file is given and n, d fit, otherwise Gaussian ones with random labels."""
    rng = np.random.default_rng(0)
    if d == 784 and (path := os.environ.get("MNIST10K")):
        with np.load(path) as file:
            X, y = file["X"].reshape(-1, 784) / 255.0, np.where(file["y"] >= 5, 1.0, -1.0)
        chosen = rng.permutation(len(X))[:n]
        X, y = X[chosen], y[chosen]
    else:
        X, y = rng.standard_normal((n, d)), rng.choice([-1.0, 1.0], n)
    return X / np.linalg.norm(X, axis=1).max(), y


def of_matrix(H: np.ndarray) -> MarginProblem:
    """The problem whose matrix is H; the RKHS norm asks for nothing else."""
    return MarginProblem(np.zeros((len(H), 1)), np.ones(len(H)), Gram(H))


def signed(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    H = limiting_kernel(X)
    H *= y
    H *= y[:, None]
    return H


def kernel(n: int = 5000) -> None:
    """The kernel matrix against the textbook formula under jax.jit, in float64."""
    import jax
    import jax.numpy as jnp

    X, _ = large(n, 784)

    @jax.jit
    def naive(X):  # type: ignore[no-untyped-def]
        norms = jnp.linalg.norm(X, axis=1)
        products = X @ X.T
        return products * (jnp.pi - jnp.arccos(jnp.clip(products / jnp.outer(norms, norms), -1, 1))) / (2 * jnp.pi)

    for work in (lambda: limiting_kernel(X[:64]), lambda: limiting_kernel(X[:2100]), lambda: naive(X)):
        work()
    ours, K = timed(lambda: limiting_kernel(X))
    theirs, textbook = timed(lambda: np.asarray(naive(X)))
    squares = (X**2).sum(axis=1) / 2
    row(f"kernel, n = {n}, d = 784, float64", ours, ours, f"diagonal {np.abs(np.diag(K) - squares).max():.1g}")
    row("  naive jax.jit", theirs, ours, f"diagonal {np.abs(np.diag(textbook) - squares).max():.1g}", "ratio 1.4")


def growth() -> None:
    """Exponents of the kernel in n and d, and of the solver in n, from four sizes each."""
    limiting_kernel(large(2100, 64)[0])
    sizes = [1000, 1600, 2500, 4000]
    by_n = [timed(lambda n=n: limiting_kernel(large(n, 64)[0]))[0] for n in sizes]
    widths = [200, 400, 800, 1600]
    rows = {d: large(2000, d)[0] for d in widths}
    for X in rows.values():
        limiting_kernel(X)
    by_d = [timed(lambda d=d: limiting_kernel(rows[d]))[0] for d in widths]
    matrices = [signed(*large(n, 784)) for n in sizes]
    solver = [timed(lambda H=H: rkhs_margin(of_matrix(H)), 2)[0] for H in matrices]
    for what, x, t in (
        ("kernel in n (d = 64)", sizes, by_n),
        ("kernel in d (n = 2000)", widths, by_d),
        ("RKHS solver in n (d = 784)", sizes, solver),
    ):
        slope = np.polyfit(np.log(x), np.log(t), 1)[0]
        ROWS.append((f"growth of {what}", ", ".join(f"{s:.3g}" for s in t), "", f"exponent {slope:.2f}", ""))


def rkhs() -> None:
    """min a'Ha/2 - sum a over a >= 0 on the digits; every peer's gap is recomputed from its solution."""
    H = signed(*digits())
    n, ones = len(H), np.ones(len(H))

    def gap(a: np.ndarray) -> str:
        return f"gap {evaluate(of_matrix(H), np.arange(n), np.maximum(a, 0)).gap:.1g}"

    rkhs_margin(of_matrix(H))
    ours, found = timed(lambda: rkhs_margin(of_matrix(H)), 7)
    row(f"RKHS margin, digits, n = {n}", ours, ours, f"gap {found.gap:.1g}")  # type: ignore[attr-defined]
    with peer("sklearn") as there:
        if there:
            from sklearn.svm import OneClassSVM

            seconds, machine = timed(lambda: OneClassSVM(kernel="precomputed", nu=1 / n, tol=1e-9).fit(H), 3)
            a = np.zeros(n)
            a[machine.support_] = machine.dual_coef_[0]  # type: ignore[attr-defined]
            row("  sklearn OneClassSVM", seconds, ours, gap(a), "ratio 1")
    with peer("piqp") as there:
        if there:
            import piqp

            def solve() -> np.ndarray:
                solver = piqp.DenseSolver()
                solver.settings.eps_abs = solver.settings.eps_rel = 1e-12
                solver.setup(H, -ones, None, None, None, None, None, np.zeros(n), np.full(n, np.inf))
                solver.solve()
                return np.asarray(solver.result.x)

            seconds, a = timed(solve, 1)
            row("  piqp", seconds, ours, gap(a), "ratio 20")  # type: ignore[arg-type]
    with peer("scipy"):
        from scipy.optimize import nnls

        factor = np.linalg.cholesky(H).T  # H = R'R: ||Ra - R^-T 1||^2 / 2
        goal = np.linalg.solve(factor.T, ones)
        seconds, a = timed(lambda: nnls(factor, goal, maxiter=30 * n)[0], 1)
        row("  scipy nnls", seconds, ours, gap(a), "ratio 40")  # type: ignore[arg-type]
    with peer("clarabel") as there:
        if there:
            import clarabel
            from scipy import sparse

            def solve() -> np.ndarray:
                settings = clarabel.DefaultSettings()
                settings.verbose, settings.max_threads = False, 1
                P, A = sparse.csc_matrix(np.triu(H)), -sparse.identity(n, format="csc")
                cones = [clarabel.NonnegativeConeT(n)]
                return np.array(clarabel.DefaultSolver(P, -ones, A, np.zeros(n), cones, settings).solve().x)

            seconds, a = timed(solve, 1)
            row("  clarabel", seconds, ours, gap(a), "ratio 75")  # type: ignore[arg-type]


def end_to_end(n: int = 10_000) -> None:
    """Kernel and solver, and the most memory the process has held so far."""
    X, y = large(n, 784)
    started = time.perf_counter()
    ours, found = timed(lambda: rkhs_margin(of_matrix(signed(X, y))), 1)
    wall = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    note = f"gap {found.gap:.1g}; {wall:.1f} s wall; {memory:.2f} GiB"  # type: ignore[attr-defined]
    row(f"RKHS margin with kernel, n = {n}", ours, ours, note, "5 s, 1.5 GB")


def without_the_matrix(n: int = 60_000, time_limit: float = 300.0) -> None:
    """Run by hand: minutes.  Gaussian rows of which a linear rule decides the label."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 784))
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    X[:, 0] += 20 * y
    X /= np.linalg.norm(X, axis=1).max()
    started = time.perf_counter()
    ours, found = timed(
        lambda: rkhs_margin(MarginProblem(X, y, LazyGram(X, y)), tolerance=1e-6, time_limit=time_limit), 1
    )
    wall = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    note = f"gap {found.gap:.1g}; {wall:.0f} s wall; {memory:.2f} GiB"  # type: ignore[attr-defined]
    row(f"RKHS margin without the matrix, n = {n}", ours, ours, note, "24 GB")


def zero_test(n: int = 10_000) -> None:
    """The exact test, on integers and on floats."""
    rng = np.random.default_rng(0)
    whole, y = rng.integers(0, 256, (n, 784)).astype(np.uint8), rng.choice([-1, 1], n)
    for what, X in (("integers", whole), ("floats", whole / 255 + 0.1)):
        seconds, rays = timed(lambda X=X: find_rays(X, y), 1)
        row(f"zero margin decided, n = {n}, {what}", seconds, seconds, f"{len(rays.conflicts)} conflicts", "1 s")  # type: ignore[attr-defined]


class FixedSample:
    """E over M antithetic pairs of directions, in place of the expectation."""

    def __init__(self, X: np.ndarray, y: np.ndarray, pairs: int) -> None:
        Z = np.random.default_rng(0).standard_normal((pairs, X.shape[1]))
        self.active = (np.concatenate([Z, -Z]) @ X.T > 0).astype(np.float64)
        self.terms = y[:, None] * X
        self.products = self.terms @ self.terms.T
        self.passes = 0

    def model(self, q: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """F, g and the Hessian of F at q."""
        self.passes += 1
        s = (self.active * q) @ self.terms
        w = np.maximum(np.linalg.norm(s, axis=1), 1e-9)
        along = self.active * ((s / w[:, None]) @ self.terms.T)
        g = along.mean(axis=0)
        root = 1 / np.sqrt(w * len(w))[:, None]
        weighted, outer = root * self.active, root * along
        return float(w.mean()), g, self.products * (weighted.T @ weighted) - outer.T @ outer

    def minimise(self, q: np.ndarray, gap: float) -> tuple[np.ndarray, float]:
        """Newton steps until 1 - min g / F <= gap."""
        self.passes = 0
        for _ in range(20):
            value, g, hessian = self.model(q)
            if 1 - g.min() / value <= gap:
                break
            q = newton_point(q, value, g, curvature(value, g, hessian))
        return q, 1 - g.min() / value


def newton(n: int, pairs: int, X: np.ndarray, y: np.ndarray, cone: bool) -> None:
    """The sample's own optimum to 0.1 %, from the RKHS optimum, against Clarabel's second-order cones."""
    X, y = X[:n], y[:n]
    sample, start = FixedSample(X, y, pairs), rkhs_margin(of_matrix(signed(X, y))).q
    ours, found = timed(lambda: sample.minimise(start, 1e-3), 5 if cone else 1)
    note = f"gap {found[1]:.1g}, {sample.passes} passes"  # type: ignore[index]
    row(f"Newton on {pairs} pairs, n = {n}", ours, ours, note, "5 passes")
    with peer("clarabel") as there:
        if not (there and cone):
            return
        import clarabel
        from scipy import sparse

        m, d = 2 * pairs, X.shape[1]
        # variables q, t: min mean t, (t_j, s_j) in the second-order cone, q >= 0, sum q = 1
        blocks = [sparse.hstack([sparse.csc_matrix((1, n)), sparse.csc_matrix(([-1.0], ([0], [j])), (1, m))]) if k == 0
                  else sparse.csc_matrix(-np.append(sample.active[j] * sample.terms[:, k - 1], np.zeros(m)))
                  for j in range(m) for k in range(d + 1)]  # fmt: skip
        simplex = sparse.csc_matrix(np.append(np.ones(n), np.zeros(m)))
        positive = sparse.hstack([-sparse.identity(n), sparse.csc_matrix((n, m))])
        A = sparse.vstack([simplex, positive, *blocks], format="csc")
        b = np.append(1.0, np.zeros(n + m * (d + 1)))
        cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(n), *[clarabel.SecondOrderConeT(d + 1)] * m]
        cost = np.append(np.zeros(n), np.full(m, 1 / m))

        def solve() -> float:
            settings = clarabel.DefaultSettings()
            settings.verbose, settings.max_threads = False, 1
            empty = sparse.csc_matrix((n + m, n + m))
            return float(clarabel.DefaultSolver(empty, cost, A, b, cones, settings).solve().obj_val)

        seconds, value = timed(solve, 1)
        excess = sample.model(found[0])[0] / value - 1  # type: ignore[index,operator]
        goal = "ratio 400" if n <= 50 else "ratio 3000"
        row("  clarabel, cone programme", seconds, ours, f"ours is above its value by {excess:.1g}", goal)


def main() -> None:
    with threads_for(0):
        kernel()
        rkhs()
        zero_test()
        X, y = digits()
        mixed = np.random.default_rng(0).permutation(len(y))
        for n, pairs, cone in ((50, 100, True), (200, 100, True), (len(y), 5000, False)):
            newton(n, pairs, X[mixed], y[mixed], cone)
        growth()
        end_to_end()
    if "--json" in sys.argv:
        print(json.dumps(ROWS))
        return
    table = Table("what", "seconds of CPU", "ratio to ours", "gap or error", "goal", title="margins beside their peers")
    for cells in ROWS:
        table.add_row(*cells)
    Console(width=150).print(table)


@pytest.mark.benchmark(group="margins beside their peers, seconds of CPU on one thread")
def test_margins(benchmark: Any) -> None:
    command = [sys.executable, __file__, "--json"]
    ran = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "text": True}, rounds=1)
    assert ran.returncode == 0, ran.stderr
    task = ""
    for what, seconds, ratio, note, goal in json.loads(ran.stdout):
        task = task if what.startswith(" ") else what
        said = [f"{seconds} s", ratio and f"ratio {ratio}", note, goal and f"goal {goal}"]
        benchmark.extra_info[what if what == task else f"{task}: {what.strip()}"] = "; ".join(filter(None, said))


if __name__ == "__main__":
    main()
