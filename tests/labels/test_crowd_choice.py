"""The choice of a crowd model: the design that holds answers out, the rule, and what it must never do."""

import itertools
import math
import warnings

import numpy as np
import pytest
from crowd_oracles import bayes_labels
from scipy.special import expit, logit

from boundcheck.crowds import Answers, CrowdLabels, attach_crowd, crowd_soft_labels, from_matrix, from_triples, scenario
from boundcheck.crowds.checks import told_by_type, type_label_correlation
from boundcheck.crowds.choice import choose, type_limit
from boundcheck.crowds.em import Mixture
from boundcheck.crowds.heldout import DESIGNS, FOLDS, Split, cooled, folds, more_right_than_votes, splits
from boundcheck.crowds.models import candidates, one_coin, two_coin
from boundcheck.crowds.spectral import spectrum
from boundcheck.errors import BoundcheckWarning


def chosen(answers: Answers, **options: object) -> CrowdLabels:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundcheckWarning)
        return crowd_soft_labels(answers, **options)  # type: ignore[arg-type]


def error(logits: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.where(logits == 0, 0.5, np.sign(logits) != y)))


def fitted(name: str, parts: list[Split]) -> list[Mixture]:
    return [candidates(2)[name].fit(part.train, part.found) for part in parts]


def sparse_crowd(tasks: int, workers: int, votes: int, seed: int) -> tuple[Answers, np.ndarray]:
    """One coin a worker, accuracy U(.5, .8)."""
    rng = np.random.default_rng([seed, 77])
    y, r = rng.choice([-1, 1], tasks), rng.uniform(0, 0.6, (1, workers))
    return attach_crowd(y, np.zeros(tasks, dtype=int), r, answers_per_task=votes, seed=seed), y


def classes_in_halves(seed: int) -> tuple[Answers, np.ndarray]:
    """110 tasks, 39 workers with a bias each; every class has two halves that are answered a little differently.

    Types that are these halves predict answers best, and turn over the halves on which most workers err.
    """
    rng = np.random.default_rng(seed)
    y, half = rng.choice([-1, 1], 110), rng.random(110) < 0.5
    alpha, beta = rng.uniform(0.1, 0.8, 39), rng.uniform(0.6, 0.98, 39)
    other = [np.clip(of + rng.uniform(-0.5, 0.5, 39), 0.03, 0.97) for of in (alpha, beta)]
    plus, minus = (np.where(half, b[:, None], a[:, None]) for a, b in ((alpha, other[0]), (1 - beta, 1 - other[1])))
    return from_matrix(np.where(rng.random((39, 110)) < np.where(y > 0, plus, minus), 1, -1)), y


@pytest.mark.parametrize("density", [1.0, 0.2])
def test_every_design_holds_every_answer_out_once(density: float) -> None:
    """A task loses at most a fifth of its answers, rounded up; folds are alike in size; designs differ."""
    answers = scenario("one", 23, density=density, tasks_per_type=40, seed=0).answers
    _, tasks, _ = answers.triples()
    designs = [folds(answers, design) for design in range(DESIGNS)]
    for fold in designs:
        lost = np.array([np.bincount(tasks[fold == f], minlength=answers.n_tasks) for f in range(FOLDS)])
        np.testing.assert_array_equal(lost.sum(axis=0), answers.per_task)
        assert (lost <= np.ceil(answers.per_task / FOLDS)).all()
        assert lost.sum(axis=1).max() < 1.25 * len(tasks) / FOLDS
    for one, other in itertools.combinations(designs, 2):
        assert 0.1 < np.mean(one == other) < 0.4


def test_a_fold_depends_on_names_and_not_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    rows = [(f"t{j}", f"w{i}", int(rng.integers(2))) for j in range(30) for i in rng.permutation(12)[:6]]
    found = []
    for order in (rows, [rows[k] for k in rng.permutation(len(rows))]):
        answers = from_triples(*zip(*order, strict=True))
        workers, tasks, _ = answers.triples()
        names = [(answers.tasks[j], answers.workers[i]) for i, j in zip(workers, tasks, strict=True)]
        found.append(dict(zip(names, folds(answers, 2).tolist(), strict=True)))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(4))
def test_types_that_are_the_classes_are_not_types(seed: int) -> None:
    """Three and four types were taken here, with 27 to 51 % wrong labels, for some seeds of the split."""
    answers, y = classes_in_halves(seed)
    found = chosen(answers)
    assert found.model == "two"
    assert found.choice is not None
    assert "types3" in found.choice.confounded
    assert error(found.logits, y) == error(two_coin(answers).logits, y) < 0.06 < 0.2 < error(answers.surplus, y)


def test_types_that_are_no_classes_stay() -> None:
    """Four types, each worker good at two: fewer types err more often."""
    rng = np.random.default_rng(0)
    y, types = rng.choice([-1, 1], 400), np.arange(400) % 4
    r = np.where(rng.random((4, 50)) < 0.5, rng.uniform(0.5, 0.9, (4, 50)), rng.uniform(-0.3, 0.1, (4, 50)))
    answers = attach_crowd(y, types, r, density=0.8, seed=0)
    found = chosen(answers)
    assert found.model == "types4"
    assert found.choice is not None
    assert "types4" not in found.choice.confounded
    assert error(found.logits, y) < 0.02


@pytest.mark.parametrize(("size", "seed"), [((100, 30, 3), 0), ((100, 30, 3), 1), ((300, 60, 3), 2)])
def test_a_sparse_crowd_gets_the_majority_vote(size: tuple[int, int, int], seed: int) -> None:
    """Seven types were taken here; every model of reliabilities predicts worse than the vote, and labels worse."""
    answers, y = sparse_crowd(*size, seed=seed)
    found = chosen(answers)
    assert found.model == "mv"
    assert error(found.logits, y) == error(answers.surplus, y) < 0.4
    assert error(one_coin(answers).logits, y) > error(found.logits, y)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_on_a_sparse_crowd_no_rule_labels_better_than_the_vote(seed: int) -> None:
    """Bayes' rule, which knows that accuracies are U(.5, .8), gives the vote's labels: nothing can be gained."""
    answers, y = sparse_crowd(100, 30, 3, seed)
    X = np.asarray(answers.X.todense() if hasattr(answers.X, "todense") else answers.X, dtype=float)
    best = error(bayes_labels(X, 0.5, 0.8, sweeps=1000), y)
    assert best < error(two_coin(answers).logits, y)
    assert error(chosen(answers).logits, y) <= best


@pytest.mark.parametrize("seed", [0, 1])
def test_a_dense_crowd_with_experts_weighs_its_workers(seed: int) -> None:
    """100 tasks, 30 workers, a fifth of them good at hard tasks: the vote was taken here, and errs half as often again.

    The vote predicts held-out answers better than one coin: its small leads tell hard tasks from easy ones.
    """
    crowd = scenario("hardeasy", 30, tasks_per_type=50, seed=seed)
    found = chosen(crowd.answers)
    table = {row.model: row for row in found.choice.table}  # type: ignore[union-attr]
    assert table["mv"].log_likelihood > table["one"].log_likelihood
    assert found.model in ("one", "scaled")
    assert error(found.logits, crowd.y) < error(crowd.answers.surplus, crowd.y)


def test_one_coin_gives_way_where_its_labels_agree_less_with_held_out_answers() -> None:
    """Two types that oppose each other, sparse: one coin is sure of itself and labels one type wrong."""
    crowd = scenario("opposed", 60, density=0.08, tasks_per_type=300, seed=0)
    found = chosen(crowd.answers, types=1)
    assert error(one_coin(crowd.answers).logits, crowd.y) > 0.4
    assert found.model == "mv"


def test_agreement_with_held_out_answers_is_counted_answer_by_answer() -> None:
    answers = scenario("hardeasy", 9, density=0.7, tasks_per_type=30, seed=0).answers
    parts = splits(answers, spectrum(answers), "plain")
    fits = fitted("one", parts)
    expected = np.zeros(answers.n_tasks)
    _, tasks, values = answers.triples()
    for part, fit in zip(parts, fits, strict=True):
        X = np.where(np.isin(np.arange(len(tasks)), np.flatnonzero(part.held)), 0.0, values)
        for k in np.flatnonzero(part.held):
            votes = X[tasks == tasks[k]].sum()
            for label, sign in ((fit.logits[tasks[k]], 1), (votes, -1)):
                expected[tasks[k]] += sign * (0.5 if label == 0 else float(np.sign(label) == values[k])) / DESIGNS
    np.testing.assert_allclose(more_right_than_votes(answers, parts, fits), expected, atol=1e-12)


def test_few_tasks_with_spammers_are_not_worse_than_the_majority() -> None:
    """8 tasks, three good workers and two who guess: twenty crowds."""
    r = np.array([[0.8, 0.8, 0.8, 0.0, 0.0]])
    for seed in range(20):
        y = np.random.default_rng(seed).choice([-1, 1], 8)
        answers = attach_crowd(y, np.zeros(8, dtype=int), r, seed=seed)
        assert error(chosen(answers).logits, y) == error(answers.surplus, y)


@pytest.mark.parametrize(("votes", "limit"), [(1, 1), (3, 1), (6, 1), (7, 2), (10, 2), (11, 3), (20, 5), (40, 8)])
def test_types_are_limited_by_the_answers_per_task(votes: int, limit: int) -> None:
    """4K - 1 answers tell 2K states apart; a task without answers does not count."""
    X = np.zeros((40, 12))
    X[:votes, :-1] = 1
    answers = from_matrix(np.where(X > 0, np.random.default_rng(0).choice([-1, 1], X.shape), 0))
    assert type_limit(answers) == limit


def test_more_types_than_the_limit_are_not_compared() -> None:
    answers = scenario("hardeasy", 60, density=0.1, tasks_per_type=200, seed=0).answers
    choice = choose(answers, spectrum(answers))
    assert [row.model for row in choice.table] == ["guess", "mv", "one", "two"]
    assert chosen(answers, method="types").types == 1


def test_guessing_stands_in_the_table_with_ln_one_half() -> None:
    answers = scenario("one", 20, tasks_per_type=60, seed=0).answers
    table = {row.model: row for row in choose(answers, spectrum(answers)).table}
    assert table["guess"].log_likelihood == pytest.approx(-math.log(2), rel=1e-12)
    assert (table["guess"].parameters, table["mv"].parameters, table["one"].parameters) == (0, 1, 20)
    assert table["guess"].behind > 5 * table["guess"].standard_error


def test_how_far_types_tell_the_label_by_hand() -> None:
    """Types that are classes 1, types with both labels alike 0, types that all got one label 1."""
    sure = 50.0
    halves = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    assert told_by_type(halves, np.array([sure, sure, -sure, -sure])) == pytest.approx(1)
    assert told_by_type(halves, np.array([sure, -sure, sure, -sure])) == pytest.approx(0)
    assert told_by_type(halves, np.full(4, -sure)) == pytest.approx(1)
    # One type of +1 alone, one with both: 1 - 4 q (1 - q) is 1 for a half of the tasks, 0 for the other; R^2 is 1/3.
    assert told_by_type(halves, np.array([sure, sure, sure, -sure])) == pytest.approx(math.sqrt(0.5))


def test_three_types_are_correlated_with_the_label_by_least_squares() -> None:
    """Multiple correlation of labels with the indicators of three groups: sqrt(between / total sum of squares)."""
    groups = np.array([0, 0, 1, 1, 1, 2, 2])
    p = np.array([0.9, 0.8, 0.1, 0.3, 0.2, 0.6, 0.5])
    between = sum(((p[groups == k].mean() - p.mean()) ** 2) * (groups == k).sum() for k in range(3))
    expected = math.sqrt(between / ((p - p.mean()) ** 2).sum())
    assert type_label_correlation(np.eye(3)[groups].T, logit(p)) == pytest.approx(expected)


def test_the_temperature_is_the_best_of_a_fine_grid() -> None:
    """Held-out answers one at a time, from P(+1) = sum over label and type, with the label's log odds divided by T."""
    crowd = scenario("hardeasy", 12, tasks_per_type=40, seed=0)
    answers = crowd.answers
    parts = splits(answers, spectrum(answers), "plain")[:3]
    model = candidates(2)["free"]
    X = np.array(answers.X)
    workers, tasks, _ = answers.triples()

    def loss(T: float) -> float:
        total = 0.0
        for held, train, found in parts:
            fitted = model.fit(train, found)
            joint = np.exp(fitted.joint - fitted.joint.max(axis=0))
            for i, j in zip(workers[held], tasks[held], strict=True):
                up, down = joint[0::2, j], joint[1::2, j]
                p = expit(math.log(up.sum() / down.sum()) / T)
                plus = p * up @ fitted.theta[0::2, i] / up.sum() + (1 - p) * down @ fitted.theta[1::2, i] / down.sum()
                total -= math.log(plus if X[i, j] == 1 else 1 - plus)
        return total

    found, gains = cooled(answers, parts, fitted("free", parts))
    assert found > 1.05
    assert -gains.sum() * DESIGNS == pytest.approx(loss(found))
    assert loss(found) <= min(loss(T) for T in (1.0, 0.97 * found, 1.03 * found, 2 * found)) + 1e-9


def test_the_right_model_keeps_its_posterior() -> None:
    """Many answers from a one-coin crowd: nothing to correct."""
    answers = scenario("one", 30, density=0.3, tasks_per_type=400, seed=1).answers
    parts = splits(answers, spectrum(answers), "plain")
    assert 1 <= cooled(answers, parts, fitted("one", parts))[0] < 1.15


@pytest.mark.parametrize("seed", [0, 1])
def test_workers_who_err_together_are_cooled_and_the_log_loss_falls(seed: int) -> None:
    """Each task is answered with its own accuracy U(.2, 1) by all: two coins claim far too much."""
    rng = np.random.default_rng(seed)
    y = rng.choice([-1, 1], 200)
    right = rng.random((30, 200)) < rng.uniform(0.2, 1, 200)
    answers = from_matrix(np.where(right, y, -y))
    parts: list[Split] = splits(answers, spectrum(answers), "plain")
    T, raw = cooled(answers, parts, fitted("two", parts))[0], two_coin(answers).logits
    assert T > 1.5
    assert np.logaddexp(0, -y * raw / T).mean() < 0.6 * np.logaddexp(0, -y * raw).mean()


def test_the_posterior_of_the_choice_is_the_fit_at_its_temperature() -> None:
    answers = scenario("hardeasy", 40, tasks_per_type=150, seed=1).answers
    found = chosen(answers)
    assert (found.model, found.choice is not None) == ("free", True)
    raw = chosen(answers, method="types", types=2).logits
    np.testing.assert_allclose(found.logits * found.choice.temperature, raw, rtol=1e-9)  # type: ignore[union-attr]
