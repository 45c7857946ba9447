"""The crowd models by name, each from its own start, and label inference one type at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from boundcheck.crowds.agreement import equal_coin
from boundcheck.crowds.answers import Answers
from boundcheck.crowds.clusters import two_means
from boundcheck.crowds.em import Mixture, OneCoin, Scaled, TwoCoin, fit, from_types, from_votes, identified
from boundcheck.crowds.spectral import Spectrum, task_types
from boundcheck.crowds.votes import rank_one, triangular, weighted_vote

PerTask = Float[np.ndarray, " d"]
PerWorker = Float[np.ndarray, " n"]
MIN_TASKS, MIN_WORKERS = 10, 3
MOST_TYPES = 8


@dataclass(frozen=True)
class Model:
    """A crowd model. types: of tasks.  parameters: their number, given that of workers.

    fit: of answers and their Spectrum, which models of one type do without.
    """

    types: int
    parameters: Callable[[int], int]
    fit: Callable[[Answers, Any], Mixture]


def one_coin(answers: Answers) -> Mixture:
    """One-coin Dawid-Skene: one reliability per worker. Starts from the vote shares."""
    return fit(answers, from_votes(answers), OneCoin())


def two_coin(answers: Answers) -> Mixture:
    """Dawid & Skene (1979) with two classes: a reliability per worker and class. Starts from the vote shares."""
    return fit(answers, from_votes(answers), TwoCoin())


def scaled(answers: Answers, found: Spectrum) -> Mixture:
    """Two types with reliabilities r_i and c r_i. Starts from the split of |v_j| on the line and one-coin labels."""
    strong = two_means(np.abs(found.vectors[:, 0]))[0]
    start = from_types(1 - strong, one_coin(answers).logits, 2)
    return identified(fit(answers, start, Scaled()), answers)


def several_types(answers: Answers, found: Spectrum, types: int) -> Mixture:
    """A reliability per worker and type (theory: Task types), from the spectral types and one-coin labels in each."""
    groups = task_types(found, types)
    labels, _ = by_groups(answers, groups, VOTES["ds1"])
    return identified(fit(answers, from_types(groups, labels, types), OneCoin(types)), answers)


def by_groups(
    answers: Answers, groups: Int[np.ndarray, " d"], method: Callable[[Answers], tuple[PerTask, PerWorker]]
) -> tuple[PerTask, Float[np.ndarray, "k n"]]:
    """`method` (log odds, reliabilities) run on each group of tasks by itself, its signs set by the group's own votes.

    Returns the log odds (d,) and the reliabilities (K, n), 0 for a worker without answers in the group.
    A group below 10 tasks or 3 workers keeps the labels of all tasks together.  Signs are never taken from a fit to
    all tasks: where the types oppose each other that fit is wrong for one of them.  See theory: Task types.
    """
    logits, everywhere = _signed(answers, *method(answers))
    reliability = np.tile(everywhere, (int(groups.max()) + 1, 1))
    if len(reliability) == 1:
        return logits, reliability
    for group in range(len(reliability)):
        members = groups == group
        active = np.asarray(answers.answered @ members.astype(float)) > 0
        if members.sum() >= MIN_TASKS and active.sum() >= MIN_WORKERS:
            part = answers.part(active, members)
            reliability[group] = 0.0
            logits[members], reliability[group, active] = _signed(part, *method(part))
    return logits, reliability


def _signed(answers: Answers, logits: PerTask, reliability: PerWorker) -> tuple[PerTask, PerWorker]:
    """Both negated if sum_j (p_j - 1/2) surplus_j < 0, so that sum_i m_i r_i >= 0 (theory: Task types)."""
    against = float((expit(logits) - 0.5) @ answers.surplus) < 0
    return (-logits, -reliability) if against else (logits, reliability)


def _coin_vote(answers: Answers, model: Callable[[Answers], Mixture]) -> tuple[PerTask, PerWorker]:
    mixture = model(answers)
    return mixture.logits, mixture.reliability[0]


def _weighted(answers: Answers, reliability: Callable[[Answers], PerWorker]) -> tuple[PerTask, PerWorker]:
    r = reliability(answers)
    return weighted_vote(answers, r), r


VOTES: dict[str, Callable[[Answers], tuple[PerTask, PerWorker]]] = {
    "te": partial(_weighted, reliability=triangular),
    "wls": partial(_weighted, reliability=rank_one),
    "ds1": partial(_coin_vote, model=one_coin),
    "ds2": partial(_coin_vote, model=two_coin),
}
"""Log odds and reliabilities of one type, by method."""


def candidates(most_types: int) -> dict[str, Model]:
    """Models from the simplest on: mv, one, scaled, two, free, types3, ... with up to `most_types` task types."""
    models = {
        "mv": Model(1, lambda workers: 1, lambda answers, found: equal_coin(answers)),
        "one": Model(1, lambda workers: workers, lambda answers, found: one_coin(answers)),
        "scaled": Model(2, lambda workers: workers + 1, scaled),
        "two": Model(1, lambda workers: 2 * workers, lambda answers, found: two_coin(answers)),
    }
    for k in range(2, most_types + 1):
        models[typed(k)] = Model(k, lambda workers, k=k: k * workers, partial(several_types, types=k))  # type: ignore[misc]
    return {name: model for name, model in models.items() if model.types <= most_types}


def typed(types: int) -> str:
    """Name of the model with a reliability per worker and type."""
    return {1: "one", 2: "free"}.get(types, f"types{types}")
