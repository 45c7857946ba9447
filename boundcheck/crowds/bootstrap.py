"""Are there several types of tasks at all? A likelihood-ratio test whose null law is simulated."""

import numpy as np
from scipy.special import expit, logsumexp

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.models import MIN_TASKS, MIN_WORKERS, one_coin, scaled, several_types
from boundcheck.crowds.spectral import Spectrum, refreshed, spectrum
from boundcheck.errors import InputError
from boundcheck.progress import SILENT, Progress


def one_type_p_value(answers: Answers, *, draws: int = 99, seed: int = 0, progress: Progress = SILENT) -> float:
    """p-value of "one coin, one type" by parametric bootstrap: small speaks for several types, or for two coins.

    Statistic: log-likelihood of two types (parallel or free, the larger) over that of one coin. Its law is simulated
    from the fitted one-coin model on the same (worker, task) pairs; the smallest value possible is 1/(draws + 1).
    Ours; theory: Task types asks for a bootstrap and leaves the statistic open.
    Raises InputError below three workers or ten tasks.
    """
    if answers.n_workers < MIN_WORKERS or answers.n_tasks < MIN_TASKS:
        raise InputError(f"the one-type test needs {MIN_WORKERS} workers and {MIN_TASKS} tasks; leave --bootstrap out")
    rng = np.random.default_rng([seed, 4])
    found = spectrum(answers)
    null = one_coin(answers)
    workers, tasks, _ = answers.triples()
    right = (1 + null.reliability[0][workers]) / 2
    observed = _ratio(answers, found)
    beaten = 0
    for draw in range(draws):
        progress.update("bootstrap of one type", draw, draws)
        y = np.where(rng.random(answers.n_tasks) < expit(null.logits), 1.0, -1.0)
        said = np.where(rng.random(len(right)) < right, y[tasks], -y[tasks])
        copy = answers.with_values(said)
        beaten += _ratio(copy, refreshed(found, copy)) >= observed
    return (1 + beaten) / (draws + 1)


def _ratio(answers: Answers, found: Spectrum) -> float:
    models = one_coin(answers), scaled(answers, found), several_types(answers, found, 2)
    one, parallel, free = (float(logsumexp(model.joint, axis=0).sum()) for model in models)
    return max(parallel, free) - one
