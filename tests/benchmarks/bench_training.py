"""Speed of training, in one run: `pytest tests/benchmarks/bench_training.py --benchmark-only`, or run as a script.

1. The share of this machine's matrix-multiply throughput that training reaches, per second of CPU time, so that
   other load on the machine weighs on both alike (a product of 2048 x 2048 matrices in between sets the scale).
2. A plain PyTorch loop that answers "from which width on does gradient descent reach high accuracy?" as the public
   script Kh-T5/Polylog-Width-ReLU-Convergence does: one unseeded network at each of the widths 4, 8, ..., 4096,
   n = 2000, d = 50, labels of a random two-neuron ReLU teacher with |logit| > 0.3, hard labels, 5,000 full-batch
   steps, accuracy and flips at every step. It is timed on a slice of its steps and extrapolated. Against it: the
   same networks and steps trained here, and the same question answered by the width search, with simultaneous 95 %
   intervals (there each network is trained for 500 steps of the practical size).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from boundcheck import search, training
from boundcheck.records import Search, SearchSettings, TrainingSpec

WIDTHS = [2**k for k in range(2, 13)]
STEPS = 5000


@dataclass
class Cost:
    """Seconds on the clock and of the processors."""

    wall: float
    cpu: float


def cost(work: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def share_of_peak(
    n: int, d: int, width: int, networks: int, spec: TrainingSpec, rounds: int = 5
) -> tuple[float, float]:
    """Best of `rounds`: (share, GFLOP per CPU second of a large matrix product); 4 n d flops a neuron and step."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, d)) / d, np.where(rng.random(n) < 0.5, -1, 1)
    p = 1 / (1 + np.exp(-0.1 * y))
    square = jnp.asarray(rng.normal(size=(2048, 2048)), "float32")
    multiply = jax.jit(lambda a: a @ a)
    jobs = [(width, seed) for seed in range(networks)]
    training.train(X, y, p, spec, jobs[:1])
    multiply(square).block_until_ready()
    flops = 4 * n * d * width * networks * spec.steps
    peak = rate = 0.0
    for _ in range(rounds):
        peak = max(peak, 2 * 2048**3 / cost(lambda: multiply(square).block_until_ready()).cpu)
        rate = max(rate, flops / cost(lambda: training.train(X, y, p, spec, jobs)).cpu)
    return rate / peak, peak / 1e9


def teacher_data(n: int = 2000, d: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian inputs, labels of a random difference of two ReLUs, points within 0.3 of its boundary left out."""
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(2 * n, d)), rng.normal(size=(2, d))
    logit = np.maximum(X @ W.T, 0) @ [1.0, -1.0]
    keep = np.abs(logit) > 0.3
    return X[keep][:n], np.sign(logit[keep][:n]).astype(np.int8)


def torch_loop(X: np.ndarray, y: np.ndarray, m: int, steps: int) -> None:
    """Full-batch gradient descent on the first layer, with the accuracy and the flips of every step."""
    import torch

    data, target = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    W, a = torch.randn(m, X.shape[1], requires_grad=True), torch.randn(m, 1).sign()
    optimiser = torch.optim.SGD([W], lr=0.1)
    start = (data @ W.detach().T > 0).float()
    for _ in range(steps):
        optimiser.zero_grad()
        logits = torch.relu(data @ W.T) @ a / m**0.5
        torch.log(1 + torch.exp(-target * logits)).mean().backward()
        optimiser.step()
        with torch.no_grad():
            (logits.sign() == target).float().mean().item()
            ((data @ W.T > 0).float() - start).abs().mean().item()


def torch_sweep(X: np.ndarray, y: np.ndarray, slice_steps: int) -> Cost:
    """Extrapolated from `slice_steps` steps at every width."""
    torch_loop(X, y, 64, 5)
    parts = [cost(lambda m=m: torch_loop(X, y, m, slice_steps)) for m in WIDTHS]
    scale = STEPS / slice_steps
    return Cost(scale * sum(c.wall for c in parts), scale * sum(c.cpu for c in parts))


def our_sweep(X: np.ndarray, y: np.ndarray, slice_steps: int) -> Cost:
    """The same networks for the same number of steps, extrapolated from as many."""
    spec = TrainingSpec("hard", "logistic", np.inf, 2.0, slice_steps)
    jobs = [(m, 0) for m in WIDTHS]
    training.train(X, y, None, TrainingSpec("hard", "logistic", np.inf, 2.0, 1), jobs)
    found, scale = cost(lambda: training.train(X, y, None, spec, jobs)), STEPS / slice_steps
    return Cost(scale * found.wall, scale * found.cpu)


def our_answer(X: np.ndarray, y: np.ndarray) -> Search:
    """The smallest width with average error <= 5 % over 500 steps for 90 % of the seeds."""
    size = training.practical_step_size(X, "logistic", np.inf, 500)
    spec = TrainingSpec("hard", "logistic", np.inf, size, 500)
    return search.minimal_width(
        X, y, None, spec, SearchSettings(time_limit=float("inf")), eps=0.05, data_digest="bench"
    )


@pytest.mark.parametrize("width", [8, 64])
@pytest.mark.benchmark(group="share of matrix-multiply throughput, n = 1797, d = 64")
def test_share_of_peak(benchmark, width: int) -> None:  # type: ignore[no-untyped-def]
    spec = TrainingSpec("soft", "kl", 1.0, 2.0, 200)
    share, peak = benchmark.pedantic(share_of_peak, (1797, 64, width, 512 // width, spec), rounds=1)
    benchmark.extra_info.update(share=share, peak_gflops_per_cpu_second=peak)
    assert share > 0.4


@pytest.mark.benchmark(group="which width reaches high accuracy, n = 2000, d = 50")
def test_the_question(benchmark) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("torch")
    X, y = teacher_data()
    unit = X / np.linalg.norm(X, axis=1).max()
    theirs, same = torch_sweep(X, y, 5), our_sweep(unit, y, 100)
    answers: list[Search] = []
    ours = cost(lambda: benchmark.pedantic(lambda: answers.append(our_answer(unit, y)), rounds=1))
    benchmark.extra_info.update(
        torch_seconds=theirs.wall,
        torch_cpu_seconds=theirs.cpu,
        same_work_cpu_ratio=theirs.cpu / same.cpu,
        answer_ratio=theirs.wall / ours.wall,
        answer_cpu_ratio=theirs.cpu / ours.cpu,
        bracket=str(answers[0].bracket),
        seeds=answers[0].runs,
    )
    assert answers[0].decided
    assert theirs.cpu > 50 * ours.cpu


if __name__ == "__main__":
    for m, networks in ((8, 64), (64, 8), (256, 2)):
        found, peak = share_of_peak(1797, 64, m, networks, TrainingSpec("soft", "kl", 1.0, 2.0, 200))
        print(f"width {m}: {found:.2f} of {peak:.0f} GFLOP per CPU second")
