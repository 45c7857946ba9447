"""What `crowd` takes, and how often it is wrong: real crowds and families of simulated ones.

    CROWDS=FOLDER pytest tests/benchmarks/bench_crowd_choice.py -s

FOLDER holds NAME.csv (task,worker,label) and NAME.truth.csv (task,label); without it the real crowds are skipped.
POSITIVE="bluebird=2 web=3,4,5" names the labels that mean +1 where they are not 0 and 1.
COUNT: crowds a family (20).  START: the first seed (4000).
Printed: error of the choice, of majority vote and of two coins; log loss as it is and at the best temperature; for
families the mean excess over the better of the two in every crowd, with its standard error.
"""

import math
import os
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from boundcheck.crowds import Answers, CrowdLabels, attach_crowd, crowd_soft_labels, read_crowd, scenario
from boundcheck.crowds.models import two_coin
from boundcheck.errors import BoundcheckWarning
from boundcheck.softlabels.calibration import fit_temperature

COUNT, START = int(os.environ.get("COUNT", "20")), int(os.environ.get("START", "4000"))
SPARSE = ((100, 30, 3), (300, 60, 3), (500, 100, 5))
TYPED = (
    ("hardeasy", 30, 1.0), ("hardeasy", 60, 1.0), ("hardeasy", 100, 1.0), ("hardeasy", 150, 1.0),
    ("hardeasy", 150, 0.4), ("opposed", 60, 1.0), ("opposed", 150, 0.4), ("mislead", 30, 1.0),
    ("experts", 30, 1.0), ("specialist", 30, 1.0), ("parallel", 30, 1.0), ("parallel", 150, 0.4), ("one", 30, 1.0),
    ("hardeasy", 30, 1.0, 50),
)  # fmt: skip


def real() -> list[str]:
    folder = os.environ.get("CROWDS")
    return sorted(path.name.removesuffix(".truth.csv") for path in Path(folder).glob("*.truth.csv")) if folder else []


def error(logits: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.where(logits == 0, 0.5, np.sign(logits) != y)))


def chosen(answers: Answers) -> CrowdLabels:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundcheckWarning)
        return crowd_soft_labels(answers)


@pytest.mark.skipif(not real(), reason="CROWDS names no folder with crowds")
@pytest.mark.parametrize("name", real())
def test_a_real_crowd(name: str) -> None:
    """No worse than the better of majority vote and two coins, up to a standard error of the share."""
    folder = Path(os.environ["CROWDS"])
    positive = dict(pair.split("=") for pair in os.environ.get("POSITIVE", "").split()).get(name)
    classes = tuple(positive.split(",")) if positive else ()
    files = read_crowd(folder / f"{name}.csv", folder / f"{name}.truth.csv", positive=classes)
    answers, y = files.answers, files.truth
    assert y is not None
    known, found = y != 0, chosen(answers)
    ours, vote, coins = (
        error(logits[known], y[known]) for logits in (found.logits, answers.surplus, two_coin(answers).logits)
    )
    logits = np.stack([np.zeros(known.sum()), found.logits[known]], axis=1)
    best = fit_temperature(logits, (y[known] > 0).astype(int)).value
    losses = [float(np.logaddexp(0, -y[known] * found.logits[known] / T).mean()) for T in (1.0, max(best, 1e-3))]
    heat = 1.0 if found.choice is None else found.choice.temperature
    print(f"\n{name:12s} {found.model:8s} error {ours:.4f}  vote {vote:.4f}  two coins {coins:.4f}  "
          f"log loss {losses[0]:.3f}, at best {losses[1]:.3f}  cooled by {heat:.2f}")  # fmt: skip
    least = min(vote, coins)
    assert ours <= least + math.sqrt(max(least * (1 - least), 1 / known.sum()) / known.sum())


def family(name: tuple[object, ...], seed: int) -> tuple[Answers, np.ndarray]:
    """A sparse one-coin crowd with accuracies U(.5, .8), or a scenario (500 tasks a type unless told)."""
    if name in SPARSE:
        tasks, workers, votes = name
        rng = np.random.default_rng([seed, 77])
        y, r = rng.choice([-1, 1], tasks), rng.uniform(0, 0.6, (1, workers))  # type: ignore[call-overload]
        types = np.zeros(tasks, dtype=int)  # type: ignore[call-overload]
        return attach_crowd(y, types, r, answers_per_task=votes, seed=seed), y  # type: ignore[arg-type]
    made = scenario(name[0], name[1], density=name[2], tasks_per_type=(*name, 500)[3], seed=seed)  # type: ignore[arg-type]
    return made.answers, made.y


@pytest.mark.parametrize("name", [*SPARSE, *TYPED], ids=str)
def test_a_family(name: tuple[object, ...]) -> None:
    """Printed and not asserted: a vote that is the best rule still loses to a worse one that is lucky in some crowd."""
    rows, models = [], Counter[str]()
    for seed in range(START, START + COUNT):
        answers, y = family(name, seed)
        found = chosen(answers)
        models[found.model] += 1
        rows.append([error(logits, y) for logits in (found.logits, answers.surplus, two_coin(answers).logits)])
    errors = np.array(rows)
    excess = errors[:, 0] - errors[:, 1:].min(axis=1)
    spread = excess.std(ddof=1) / math.sqrt(len(excess))
    ours, vote, coins = errors.mean(axis=0)
    print(f"\n{name!s:24s} error {ours:.4f}  vote {vote:.4f}  two coins {coins:.4f}  "
          f"excess {excess.mean():+.4f} (s.e. {spread:.4f})  {dict(models)}")  # fmt: skip
