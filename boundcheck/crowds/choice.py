"""Which crowd model: the likelihood of answers that were held out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.em import Mixture, log_joint
from boundcheck.crowds.models import candidates
from boundcheck.crowds.spectral import Kind, Spectrum, refreshed
from boundcheck.progress import SILENT, Progress
from boundcheck.records import HeldOut, Record

MOST_TYPES = 8


@dataclass(frozen=True)
class Choice(Record):
    """The model taken: the best, or the first simpler one that is behind by at most one standard error.

    A difference of less than one nat over all held-out answers (a likelihood ratio below e) is none either.
    """

    model: str
    table: tuple[HeldOut, ...]


def choose(
    answers: Answers,
    found: Spectrum,
    *,
    models: Sequence[str] | None = None,
    a: float = 1.0,
    b: float = 1.0,
    folds: int = 5,
    kind: Kind = "plain",
    seed: int = 0,
    progress: Progress = SILENT,
) -> Choice:
    """Compare models by the log-likelihood of held-out answers, jointly per task given its other answers.

    models: names to compare; by default one, scaled, two, free, and types3, types4, ... as long as each beats the one
    before.  The answers are split in `folds` random folds; every model is fitted to the rest from scratch.
    See theory: Choice of a model.
    """
    known = candidates(MOST_TYPES, a=a, b=b, seed=seed)
    names = [name for name in known if models is None or name in models]
    parts = _split(answers, found, folds, kind, seed)
    scores: dict[str, Float[np.ndarray, " d"]] = {}
    for done, name in enumerate(names):
        if models is None and name.startswith("types") and not _gained(scores):
            break
        progress.update(f"held-out likelihood of {name}", done, len(names))
        fitted = known[name][1]
        scores[name] = sum(
            (_held_out(fitted(train, start), train, answers) for train, start in parts), np.zeros(answers.n_tasks)
        )
    return _pick(scores, {name: known[name][0].parameters(answers.n_workers) for name in scores}, answers.n_answers)


def _split(answers: Answers, found: Spectrum, folds: int, kind: Kind, seed: int) -> list[tuple[Answers, Spectrum]]:
    """Training answers of each fold with their own eigenvectors."""
    _, _, values = answers.triples()
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(values)) % folds
    parts = []
    for f in range(folds):
        train = answers.with_values(np.where(fold == f, 0.0, values))
        parts.append((train, refreshed(found, train, kind=kind)))
    return parts


def _held_out(mixture: Mixture, train: Answers, answers: Answers) -> Float[np.ndarray, " d"]:
    """ln P(all answers to task j) - ln P(its training answers): of the held-out ones given the others."""
    everything = log_joint(answers, mixture.weights, mixture.theta)
    return np.asarray(logsumexp(everything, axis=0) - logsumexp(mixture.joint, axis=0))


def _gained(scores: dict[str, Float[np.ndarray, " d"]]) -> bool:
    """Whether the last model beat the one with a type fewer."""
    names = list(scores)
    before = "one" if names[-1] == "free" else names[-2]
    return float(scores[names[-1]].sum()) > float(scores[before].sum())


def _pick(scores: dict[str, Float[np.ndarray, " d"]], parameters: dict[str, int], n_answers: int) -> Choice:
    best = max(scores, key=lambda name: float(scores[name].sum()))
    rows = []
    for name, score in scores.items():
        gap = scores[best] - score
        error = math.sqrt(len(gap)) * float(np.std(gap, ddof=1)) / n_answers if len(gap) > 1 else math.inf
        rows.append(
            HeldOut(name, parameters[name], float(score.sum()) / n_answers, float(gap.sum()) / n_answers, error)
        )
    taken = next(row.model for row in rows if row.behind <= max(row.standard_error, 1 / n_answers))
    return Choice(taken, tuple(rows))
