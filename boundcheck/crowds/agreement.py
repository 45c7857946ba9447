"""Majority vote as a model: every answer is right with one probability (1 + r)/2, whoever gave it.

How often two answers to a task agree, (1 + r^2)/2, tells r without truth, and r tells how often the vote errs. Both
labels are equally likely here, so the likelier one is the majority's for every r > 0.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit
from scipy.stats import binom, chi2

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.em import Mixture, log_joint
from boundcheck.records.base import Estimate

_GRID = (np.arange(400) + 0.5) / 400
_NEGLIGIBLE = 1e-7  # of the posterior, a point of the grid


@dataclass(frozen=True, eq=False)
class Agreement:
    """Posterior of r. r: (m,) in (0, 1).  weight: (m,) sum to 1.

    deviance: of guessing, r = 0: twice the drop of the (flattened) log-likelihood from its largest value.
    """

    r: Float[np.ndarray, " m"]
    weight: Float[np.ndarray, " m"]
    deviance: float

    @property
    def mean(self) -> float:
        """E r."""
        return float(self.weight @ self.r)

    def logits(self, answers: Answers) -> Float[np.ndarray, " d"]:
        """ln P(+)/P(-) of each task, P averaged over r: the sign is the majority's, 0 at a tie."""
        leads, of_task = np.unique(np.abs(answers.surplus), return_inverse=True)
        given = 2 * np.arctanh(self.r)[:, None] * leads
        odds = np.log(self.weight @ expit(given)) - np.log(self.weight @ expit(-given))
        return np.asarray(np.sign(answers.surplus) * odds[of_task])

    def error(self, answers: Answers, alpha: float) -> Estimate:
        """Share of the answered tasks on which the vote is wrong, a tie counted half: mean and 1 - alpha interval.

        The posterior gives nothing to r = 0, so the interval also covers what guessers would do where their
        likelihood-ratio test does not reject them at level alpha.
        """
        law = self.errors(answers)
        ties = float(((answers.surplus == 0) & (answers.per_task > 0)).sum()) / 2
        least, most = np.searchsorted(np.cumsum(law), (alpha / 2, 1 - alpha / 2))
        if self.deviance <= chi2.ppf(1 - alpha, 1):
            most = max(most, binom.ppf(1 - alpha / 2, len(law) - 1, 0.5))
        counts = law @ np.arange(len(law)), least, most
        value, lower, upper = ((float(count) + ties) / float((answers.per_task > 0).sum()) for count in counts)
        return Estimate(value, lower, upper)

    def errors(self, answers: Answers) -> Float[np.ndarray, " k"]:
        """P(the vote is wrong on exactly k tasks), k = 0..d, over the answered tasks without a tie.

        Given r the task with lead s errs with probability 1/(1 + ((1 + r)/(1 - r))^s), independently: a sum of
        binomials, added through its characteristic function (Hong 2013), then averaged over r.
        """
        leads, counts = np.unique(np.abs(answers.surplus)[answers.surplus != 0], return_counts=True)
        d = int(counts.sum())
        # The law is real, so that half of the points on the circle settle the others.
        turn = np.exp(-2j * np.pi * np.arange((d + 1) // 2 + 1) / (d + 1))
        average = np.zeros(len(turn), dtype=complex)
        for r, weight in zip(self.r, self.weight, strict=True):
            wrong = expit(-2 * np.arctanh(r) * leads)
            average += weight * np.prod((1 + wrong[:, None] * (turn - 1)) ** counts[:, None], axis=0)
        law = np.maximum(np.fft.irfft(average, d + 1), 0.0)
        return np.asarray(law / law.sum())


def agreement(answers: Answers) -> Agreement:
    """Posterior of r given all answers, from a uniform prior on the rate (1 + r^2)/2 at which two answers agree.

    The likelihood takes answers of different tasks as independent. They share workers, who differ; so it is flattened
    (raised to a power below 1) until its variance of r^2 is no smaller than the jackknife's over workers.
    """
    s, m = answers.surplus, answers.per_task
    kinds, counts = np.unique(np.stack([np.abs(s), m]), axis=1, return_counts=True)
    ahead, behind = (kinds[1] + kinds[0]) / 2, (kinds[1] - kinds[0]) / 2
    right, wrong = np.log1p(_GRID)[:, None], np.log1p(-_GRID)[:, None]
    log = np.logaddexp(ahead * right + behind * wrong, behind * right + ahead * wrong) @ counts + np.log(_GRID)
    weight = _normalised(log)
    variance = float(weight @ _GRID**4 - (weight @ _GRID**2) ** 2)
    power = 1 / max(1.0, _jackknife(answers) / variance)
    flatter = _normalised(power * log)
    kept = flatter > _NEGLIGIBLE
    likelihood = log - np.log(_GRID)
    return Agreement(
        _GRID[kept], flatter[kept] / flatter[kept].sum(), 2 * power * float(likelihood.max() - likelihood[0])
    )


def equal_coin(answers: Answers) -> Mixture:
    """The model at the posterior mean of r."""
    right = np.full(answers.n_workers, (1 + agreement(answers).mean) / 2)
    weights, theta = np.full(2, 0.5), np.stack([right, 1 - right])
    return Mixture(weights, theta, log_joint(answers, weights, theta), (), True)


def _normalised(log: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())


def _jackknife(answers: Answers) -> float:
    """Delete-one-worker variance of sum_j (s_j^2 - m_j) / sum_j m_j (m_j - 1), whose mean is r^2.

    Workers without whom no task has two answers say nothing about the rest and are left out.
    """
    s, m = answers.surplus, answers.per_task
    # Without worker i: (s - x)^2 - (m - 1) = s^2 - m - 2 (s x - 1), and (m - 1)(m - 2) = m (m - 1) - 2 (m - 1).
    pairs = float((m * (m - 1)).sum()) - 2 * np.asarray(answers.answered @ (m - 1))
    agreed = float((s**2 - m).sum()) - 2 * np.asarray(answers.X @ s - answers.per_worker)
    rates = agreed[pairs > 0] / pairs[pairs > 0]
    return float((len(rates) - 1) * np.var(rates)) if len(rates) > 1 else np.inf
