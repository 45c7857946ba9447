"""Does a student need fewer neurons with a crowd's soft labels than with hard majority labels?

A synthetic crowd with easy and hard tasks answers for known labels; one student learns from the crowd's posterior, one
from the majority's votes and one from the rounded posterior (what inference alone is worth). All see the same inputs,
weights W(0), loss, radius, step size and steps.

Success is an average error against the TRUTH of at most eps: that is what a user of the labels wants. The average error
against the training labels would favour hard labels that are easy to fit and wrong.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from boundcheck.crowds import CrowdLabels, attach_crowd, crowd_soft_labels, reliabilities
from boundcheck.datasets import Dataset
from boundcheck.errors import InputError
from boundcheck.experiments.exponents import crossing
from boundcheck.labels.assess import soft_label_report
from boundcheck.numerics import clopper_pearson
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval, Search
from boundcheck.records.crowd import CrowdArm, CrowdCount, CrowdDraw
from boundcheck.softlabels.probabilities import soft_labels

ARMS = ("posterior", "majority", "rounded posterior")
CERTAIN = 1e-9  # KL(1 - 1e-9 || mu(f)) is the logistic loss: in float32 its derivative is the same
SEEDS_APART = 1000


def crowd_draws(
    data: Dataset,
    search: Callable[[Float[np.ndarray, " n"]], Search],
    *,
    scenario: str = "hardeasy",
    workers: int = 30,
    crowds: int = 16,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[CrowdDraw, ...]:
    """Draw crowds for the labels of `data` and search the smallest width for each of ARMS.

    search: p (n,) -> Search by the KL loss, with errors counted against data.y.
    Half of the tasks, drawn anew for every crowd, are hard.  Raises InputError for an unknown scenario or no crowds.
    """
    if crowds < 1:
        raise InputError(f"--crowds {crowds}: at least one crowd is needed")
    draws = []
    for done in range(crowds):
        progress.update(f"crowd {done + 1} of {crowds}", done, crowds)
        draws.append(_draw(data, search, scenario, workers, seed * SEEDS_APART + done, progress))
    return tuple(draws)


def _draw(
    data: Dataset,
    search: Callable[[Float[np.ndarray, " n"]], Search],
    scenario: str,
    workers: int,
    seed: int,
    progress: Progress,
) -> CrowdDraw:
    n = len(data.y)
    types = np.random.default_rng([seed, 5]).permutation(np.arange(n) % 2)
    answers = attach_crowd(data.y, types, reliabilities(scenario, workers, seed=seed), seed=seed)
    posterior = crowd_soft_labels(answers, progress=progress)
    majority = crowd_soft_labels(answers, method="mv")
    quality = soft_label_report(soft_labels(posterior.p, posterior.logits), data.y)
    assert quality.kappa is not None
    assert quality.calibration is not None
    labels = {
        "posterior": posterior.p,
        "majority": hard(majority, seed),
        "rounded posterior": hard(posterior, seed),
    }
    return CrowdDraw(
        seed=seed,
        model=posterior.model,
        kappa=Interval(quality.kappa.lower, quality.kappa.upper, 1 - quality.settings.alpha, exact=False),
        ece=quality.calibration.ece.value,
        arms=tuple(arm(name, labels[name], data, search) for name in ARMS),
    )


def hard(labels: CrowdLabels, seed: int) -> Float[np.ndarray, " n"]:
    """The more probable label of each task, as certain soft labels; ties are broken at random."""
    coin = np.random.default_rng([seed, 6]).choice([-1.0, 1.0], len(labels.logits))
    return np.where(np.where(labels.logits == 0, coin, labels.logits) > 0, 1 - CERTAIN, CERTAIN)


def truth(data: Dataset, search: Callable[[Float[np.ndarray, " n"]], Search]) -> CrowdArm:
    """The search with the true labels."""
    return arm("truth", np.where(data.y > 0, 1 - CERTAIN, CERTAIN), data, search)


def arm(
    name: str, p: Float[np.ndarray, " n"], data: Dataset, search: Callable[[Float[np.ndarray, " n"]], Search]
) -> CrowdArm:
    """Search with these labels; their error is the share on the wrong side of 1/2."""
    found = search(p)
    wrong = (p > 0.5) != (data.y > 0)
    return CrowdArm(name, float(wrong.mean()), found, crossing(found.trials, found.success_target))


def count(draws: Sequence[CrowdDraw], against: int, confidence: float) -> CrowdCount:
    """Compare the posterior's crossings with those of ARMS[against], crowd by crowd.

    The draws are independent, so that Clopper-Pearson intervals are exact for the share of crowds in which such a
    measurement comes out smaller; Student's t for the mean of ln(ratio) takes that to be normal.
    """
    pairs = np.array([[draw.arms[i].crossing or math.inf for i in (0, against)] for draw in draws])
    fewer, more = int((pairs[:, 0] < pairs[:, 1]).sum()), int((pairs[:, 0] > pairs[:, 1]).sum())
    share, other = (clopper_pearson(len(draws), k, 1 - confidence) for k in (fewer, more))
    mean, ratio = _ratio(pairs, confidence)
    return CrowdCount(
        against=ARMS[against],
        crowds=len(draws),
        fewer=fewer,
        more=more,
        fewer_share=Interval(*share, confidence, exact=False),
        more_share=Interval(*other, confidence, exact=False),
        mean_ratio=mean,
        ratio=ratio,
        answer="yes" if share[0] > 0.5 else "no" if share[1] < 0.5 else "cannot be told",
    )


def _ratio(pairs: Float[np.ndarray, "crowds 2"], confidence: float) -> tuple[float | None, Interval | None]:
    if len(pairs) < 2 or not np.isfinite(pairs).all():
        return None, None
    logs = np.log(pairs[:, 0] / pairs[:, 1])
    mean = float(logs.mean())
    reach = float(stdtrit(len(logs) - 1, (1 + confidence) / 2) * logs.std(ddof=1) / math.sqrt(len(logs)))
    return math.exp(mean), Interval(math.exp(mean - reach), math.exp(mean + reach), confidence, exact=False)
