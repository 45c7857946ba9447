"""Answers held out by a stated design: how well models fitted to the rest predict them.

The designs hang on the names of tasks and workers alone, so neither a seed nor the order of the rows matters.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.em import Mixture, log_joint
from boundcheck.crowds.spectral import Kind, Spectrum, refreshed

FOLDS, DESIGNS = 5, 2


class Split(NamedTuple):
    """held: (answers,) whether each is held out, in the order of `Answers.triples`.  found: eigenvectors of `train`."""

    held: Bool[np.ndarray, " answers"]
    train: Answers
    found: Spectrum


def splits(answers: Answers, found: Spectrum, kind: Kind) -> list[Split]:
    """The answers without each fold of each design."""
    values = answers.triples()[2]
    made = []
    for fold in (folds(answers, design) for design in range(DESIGNS)):
        for f in range(FOLDS):
            train = answers.with_values(np.where(fold == f, 0.0, values))
            made.append(Split(fold == f, train, refreshed(found, train, kind=kind)))
    return made


def folds(answers: Answers, design: int) -> Int[np.ndarray, " answers"]:
    """The fold, 0..4, in which each answer is held out, in the order of `Answers.triples`.

    The answers to a task are put in an order that names and design decide, and dealt to the folds in turn, from a
    fold on that the task decides: a task loses at most one answer in five, rounded up, and folds are alike in size.
    """
    workers, tasks, _ = answers.triples()
    of_task, of_worker = _codes(answers.tasks, design), _codes(answers.workers, design)
    rank = np.lexsort((_mixed(of_task[tasks] ^ of_worker[workers]), tasks))
    place = np.empty(len(rank), dtype=np.int64)
    place[rank] = np.arange(len(rank))
    first = np.concatenate([[0], np.cumsum(np.bincount(tasks, minlength=answers.n_tasks))])[:-1]
    start = (of_task % np.uint64(FOLDS)).astype(np.int64)
    return np.asarray((place - first[tasks] + start[tasks]) % FOLDS)


def _codes(names: Sequence[str], design: int) -> np.ndarray:
    return _mixed(np.array([zlib.crc32(f"{design}:{name}".encode()) for name in names], dtype=np.uint64))


def _mixed(code: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea & Flood 2014): spreads 64 bits evenly."""
    code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(code ^ (code >> np.uint64(31)))


def score(answers: Answers, fits: Sequence[Mixture]) -> Float[np.ndarray, " d"]:
    """Log-likelihood of each task's held-out answers, jointly given its others; a mean over designs, in nats.

    fits: the model fitted to each of the `splits`, as in all that follows.
    """
    return np.asarray(sum((log_likelihood(fit, answers) for fit in fits), np.zeros(answers.n_tasks)) / DESIGNS)


def log_likelihood(mixture: Mixture, answers: Answers) -> Float[np.ndarray, " d"]:
    """ln P(all answers to task j) - ln P(its answers that `mixture` was fitted to)."""
    everything = log_joint(answers, mixture.weights, mixture.theta)
    return np.asarray(logsumexp(everything, axis=0) - logsumexp(mixture.joint, axis=0))


def cooled(answers: Answers, parts: Sequence[Split], fits: Sequence[Mixture]) -> tuple[float, Float[np.ndarray, " d"]]:
    """The T in [1, 100] with which sigmoid(log odds / T) predicts held-out answers best, and how well.

    A worker answers +1 with probability p_j P(+1 | y = +1) + (1 - p_j) P(+1 | y = -1), given the task's other answers;
    T divides the log odds of p_j.  The likelihood of single answers, not joint ones, summed over each task, in nats, a
    mean over designs.  Needs no truth: log odds that are too large, from reliabilities fitted to few answers or workers
    who err together, predict badly.  T below 1 would make labels surer than the model is.  Ours, after Guo et al.
    (ICML 2017), who fit T to truth.
    """
    found = [_single(fit, part.held, answers) for part, fit in zip(parts, fits, strict=True)]
    tasks, logits, plus, minus, said = (np.concatenate(column) for column in zip(*found, strict=True))

    def gain(inverse: float) -> Float[np.ndarray, " answers"]:
        p = expit(logits * inverse)
        chance = p * plus + (1 - p) * minus
        return np.asarray(np.log(np.where(said > 0, chance, 1 - chance)))

    inverse = float(minimize_scalar(lambda at: -gain(at).sum(), bounds=(0.01, 1.0), method="bounded").x)
    return 1 / inverse, np.bincount(tasks, gain(inverse), minlength=answers.n_tasks) / DESIGNS


def _single(mixture: Mixture, held: Bool[np.ndarray, " answers"], answers: Answers) -> tuple[np.ndarray, ...]:
    """Of each held-out answer: its task, the task's log odds, P(+1 | y = +1), P(+1 | y = -1), and the answer."""
    workers, tasks, values = (column[held] for column in answers.triples())
    chances = []
    for label in (0, 1):
        joint, theta = mixture.joint[label::2][:, tasks], mixture.theta[label::2][:, workers]
        of_type = np.exp(joint - logsumexp(joint, axis=0))
        chances.append((of_type * theta).sum(axis=0))
    return tasks, mixture.logits[tasks], chances[0], chances[1], values


def more_right_than_votes(answers: Answers, parts: Sequence[Split], fits: Sequence[Mixture]) -> Float[np.ndarray, " d"]:
    """Held-out answers to each task with the label of `fits` minus those with the label of the vote; over designs.

    An answer of reliability r to a task agrees with labels that err on a share e with mean r (1 - 2e): labels that
    agree more often err less, whatever the model claims for them.
    """
    total = np.zeros(answers.n_tasks)
    for part, fit in zip(parts, fits, strict=True):
        differs = (np.sign(fit.logits) - np.sign(part.train.surplus)) / 2
        total += differs * (answers.surplus - part.train.surplus)
    return total / DESIGNS
