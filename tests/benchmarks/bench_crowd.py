"""Dawid-Skene here and in crowd-kit, in one run: `pytest tests/benchmarks/bench_crowd.py --benchmark-only`.

10,000 tasks, 100 workers, 5 answers a task. The label errors of both on the same crowds stand in each benchmark's
`extra_info` and are asserted: ours at most theirs plus two standard errors of the paired difference.
"""

import math

import numpy as np
import pytest

from boundcheck.crowds import Answers, attach_crowd, crowd_soft_labels

aggregation = pytest.importorskip("crowdkit.aggregation")
pd = pytest.importorskip("pandas")

TASKS, WORKERS, VOTES = 10_000, 100, 5
CROWDS = ("one coin", "two coins")
PEERS = {"ds1": aggregation.OneCoinDawidSkene, "ds2": aggregation.DawidSkene}


def crowd(kind: str, seed: int) -> tuple[Answers, np.ndarray]:
    """Workers right with probability U(.5, .9), whatever the label or separately for each."""
    rng = np.random.default_rng(seed)
    y = rng.choice([-1, 1], TASKS)
    r = rng.uniform(0, 0.8, (2, WORKERS))
    groups = (y > 0).astype(int) if kind == "two coins" else np.zeros(TASKS, dtype=int)
    return attach_crowd(y, groups, r, answers_per_task=VOTES, seed=seed), y


def table(answers: Answers):  # type: ignore[no-untyped-def]
    workers, tasks, values = answers.triples()
    return pd.DataFrame({"worker": workers, "task": tasks, "label": (values > 0).astype(int)})


def ours(answers: Answers, method: str) -> np.ndarray:
    return np.sign(crowd_soft_labels(answers, method=method).logits)


def theirs(data, method: str) -> np.ndarray:  # type: ignore[no-untyped-def]
    return 2 * PEERS[method](n_iter=100).fit_predict(data).sort_index().to_numpy() - 1


@pytest.mark.parametrize("method", ["ds1", "ds2"])
@pytest.mark.benchmark(group="10,000 x 100 x 5", min_rounds=5)
def test_ours(benchmark, method: str) -> None:  # type: ignore[no-untyped-def]
    answers, y = crowd("one coin", 0)
    _, tasks, _ = answers.triples()
    assert np.mean(benchmark(ours, answers, method) != y) < 0.2
    assert len(set(tasks.tolist())) == TASKS


@pytest.mark.parametrize("method", ["ds1", "ds2"])
@pytest.mark.benchmark(group="10,000 x 100 x 5", min_rounds=3)
def test_crowd_kit(benchmark, method: str) -> None:  # type: ignore[no-untyped-def]
    answers, y = crowd("one coin", 0)
    assert np.mean(benchmark(theirs, table(answers), method) != y) < 0.2


@pytest.mark.parametrize("kind", CROWDS)
@pytest.mark.parametrize("method", ["ds1", "ds2"])
@pytest.mark.benchmark(group="label error, ten crowds")
def test_label_errors(benchmark, method: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    pairs = []
    for seed in range(10):
        answers, y = crowd(kind, seed)
        pairs.append((np.mean(ours(answers, method) != y), np.mean(theirs(table(answers), method) != y)))
    mine, peer = np.array(pairs).T
    gap = mine - peer
    spread = float(gap.std(ddof=1)) / math.sqrt(len(gap))
    benchmark.extra_info.update(
        ours=round(float(mine.mean()), 5),
        crowd_kit=round(float(peer.mean()), 5),
        difference=round(float(gap.mean()), 6),
        standard_error=round(spread, 6),
    )
    print(f"\n{method}, {kind}: ours {mine.mean():.5f}, crowd-kit {peer.mean():.5f}, "
          f"difference {gap.mean():+.6f} (s.e. {spread:.6f})")  # fmt: skip
    assert gap.mean() <= 2 * spread + 1e-9
    answers, _ = crowd(kind, 0)
    benchmark(ours, answers, method)
