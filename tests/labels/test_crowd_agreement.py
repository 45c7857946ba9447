"""Majority vote as a model: posterior of the agreement, the error of the vote, and how often its interval is right."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import expit

from boundcheck.crowds import Answers, attach_crowd, crowd_soft_labels, from_matrix
from boundcheck.crowds.agreement import Agreement, agreement, equal_coin
from boundcheck.records.base import Estimate


def crowd(tasks: int, workers: int, votes: int, seed: int) -> tuple[Answers, np.ndarray]:
    """One coin a worker, accuracy U(.5, .8)."""
    rng = np.random.default_rng([seed, 77])
    y, r = rng.choice([-1, 1], tasks), rng.uniform(0, 0.6, (1, workers))
    return attach_crowd(y, np.zeros(tasks, dtype=int), r, answers_per_task=votes, seed=seed), y


def pair_rate(X: np.ndarray) -> float:
    """Mean of x x' over the pairs of answers to a task, one pair at a time."""
    pairs = [a * b for column in X.T for a, b in itertools.combinations(column[column != 0], 2)]
    return sum(pairs) / len(pairs)


def test_the_posterior_is_the_likelihood_flattened_to_the_jackknife() -> None:
    """Likelihood task by task, and the jackknife by leaving each worker out in fact."""
    answers, _ = crowd(60, 12, 4, seed=3)
    X = answers.X if isinstance(answers.X, np.ndarray) else answers.X.toarray()
    r = (np.arange(400) + 0.5) / 400
    log = np.log(r)
    for column in X.T:
        ahead, behind = (column == 1).sum(), (column == -1).sum()
        p, q = (1 + r) / 2, (1 - r) / 2
        log = log + np.log(p**ahead * q**behind + p**behind * q**ahead)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    variance = weight @ r**4 - (weight @ r**2) ** 2
    left_out = np.array([pair_rate(np.delete(X, i, axis=0)) for i in range(len(X))])
    power = max(1.0, (len(X) - 1) * left_out.var() / variance)
    assert power > 1.2
    weight = np.exp((log - log.max()) / power)
    found = agreement(answers)
    np.testing.assert_allclose(np.interp(r, found.r, found.weight), weight / weight.sum(), atol=1e-6)


def test_the_law_of_the_error_by_enumeration() -> None:
    """Five tasks with leads 1, 1, 3, 2 and a tie: all 2^4 ways to err, at each r."""
    answers = from_matrix(
        np.array([[1, 1, 1, 1, 1], [1, -1, 1, -1, -1], [-1, -1, 1, -1, 0], [0, 0, 0, -1, 0]], dtype=float)
    )
    assert answers.surplus.tolist() == [1, -1, 3, -2, 0]
    found = Agreement(np.array([0.2, 0.7]), np.array([0.25, 0.75]), deviance=99.0)
    expected = np.zeros(5)
    for r, weight in zip(found.r, found.weight, strict=True):
        wrong = [((1 - r) / 2) ** s / (((1 + r) / 2) ** s + ((1 - r) / 2) ** s) for s in (1, 1, 3, 2)]
        for way in itertools.product((0, 1), repeat=4):
            expected[sum(way)] += weight * math.prod(w if v else 1 - w for w, v in zip(wrong, way, strict=True))
    law = found.errors(answers)
    np.testing.assert_allclose(law, expected, atol=1e-14)
    claim = found.error(answers, 0.1)
    assert claim.value == pytest.approx((law @ np.arange(5) + 0.5) / 5)
    lower, upper = (round(5 * end - 0.5) for end in (claim.lower, claim.upper))
    assert law[:lower].sum() <= 0.05 < law[: lower + 1].sum()
    assert law[: upper + 1].sum() >= 0.95 > law[:upper].sum()
    # Where guessing is not rejected, four fair coins decide: P(4 wrong) = 1/16 > .05.
    assert Agreement(found.r, found.weight, deviance=2.7).error(answers, 0.1).upper == (4 + 0.5) / 5
    assert Agreement(found.r, found.weight, deviance=2.71).error(answers, 0.1) == claim


def test_the_label_is_the_majority_and_p_is_averaged() -> None:
    answers, _ = crowd(40, 9, 5, seed=0)
    found = agreement(answers)
    logits = found.logits(answers)
    np.testing.assert_array_equal(np.sign(logits), np.sign(answers.surplus))
    lead = answers.surplus[:, None]
    power = ((1 + found.r) / (1 - found.r)) ** lead
    np.testing.assert_allclose(expit(logits), (power / (1 + power)) @ found.weight, rtol=1e-10)


def test_equal_workers_give_the_textbook_reliability() -> None:
    """Accuracy .75 for all, 4,000 tasks: r = .5, and the vote of five errs with P(Bin(5, .75) <= 2) = .10352."""
    y = np.random.default_rng(0).choice([-1, 1], 4000)
    answers = attach_crowd(y, np.zeros(4000, dtype=int), np.full((1, 5), 0.5), seed=0)
    assert agreement(answers).mean == pytest.approx(0.5, abs=0.02)
    assert equal_coin(answers).theta[0, 0] == pytest.approx(0.75, abs=0.01)
    claim = agreement(answers).error(answers, 0.05)
    assert claim.lower < 0.10352 < claim.upper
    assert claim.upper - claim.lower < 0.04


@pytest.mark.parametrize("sign", [1, -1])
def test_both_classes_are_treated_alike(sign: int) -> None:
    answers, _ = crowd(50, 9, 3, seed=1)
    other = from_matrix(sign * answers.X, workers=answers.workers, tasks=answers.tasks)
    np.testing.assert_allclose(agreement(other).logits(other), sign * agreement(answers).logits(answers), rtol=1e-12)


def test_workers_who_share_no_task_say_nothing() -> None:
    """One answer a task: the prior is all there is, anything between certainty and guessing."""
    answers = from_matrix(np.array([[1, -1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, -1]], dtype=float))
    claim = agreement(answers).error(answers, 0.05)
    assert (claim.lower, claim.upper > 0.6) == (0.0, True)


def test_the_vote_alone_claims_an_error() -> None:
    answers, _ = crowd(60, 12, 5, seed=0)
    claim = crowd_soft_labels(answers, method="mv").vote_error(0.05)
    assert isinstance(claim, Estimate)
    assert claim == agreement(answers).error(answers, 0.05)
    assert crowd_soft_labels(answers, method="ds1").vote_error(0.05) is None
    few = from_matrix(np.random.default_rng(0).choice([-1, 1], (2, 30)))
    assert crowd_soft_labels(few, method="mv").vote_error(0.05) is None


def test_the_interval_covers_the_error_of_guessers() -> None:
    """Nobody knows anything: half of the labels are wrong, whatever the agreement by chance. Sixty crowds."""
    inside = 0
    for seed in range(60):
        y = np.random.default_rng([seed, 3]).choice([-1, 1], 60)
        answers = attach_crowd(y, np.zeros(60, dtype=int), np.zeros((1, 20)), answers_per_task=3, seed=seed)
        claim = agreement(answers).error(answers, 0.2)
        inside += claim.lower <= np.mean(np.sign(answers.surplus) != y) <= claim.upper
    assert inside >= 0.8 * 60


@pytest.mark.slow
@pytest.mark.parametrize("size", [(100, 30, 3), (300, 60, 3), (500, 100, 5)])
def test_the_claimed_error_covers_the_actual_one(size: tuple[int, int, int]) -> None:
    """200 crowds a family, at two confidences; the claims were .291, .158, .090 where .478, .255, .151 was true."""
    inside = {0.8: 0, 0.95: 0}
    claimed, actual = [], []
    for seed in range(1000, 1200):
        answers, y = crowd(*size, seed=seed)
        found = agreement(answers)
        error = float(np.mean(np.where(answers.surplus == 0, 0.5, np.sign(answers.surplus) != y)))
        for confidence in inside:
            claim = found.error(answers, 1 - confidence)
            inside[confidence] += claim.lower <= error <= claim.upper
        claimed.append(claim.value)
        actual.append(error)
    assert all(count >= 200 * confidence for confidence, count in inside.items()), inside
    assert np.mean(claimed) == pytest.approx(np.mean(actual), abs=0.02)
