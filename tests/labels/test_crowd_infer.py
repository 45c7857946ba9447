"""From answers to soft labels: symmetries, parts, model choice, and what is said when the crowd is too small."""

import itertools
import warnings

import numpy as np
import pytest
from scipy.special import logsumexp

from boundcheck.crowds import (
    METHODS,
    Answers,
    CrowdLabels,
    attach_crowd,
    crowd_soft_labels,
    from_matrix,
    one_type_p_value,
    scenario,
)
from boundcheck.crowds.checks import type_label_correlation
from boundcheck.crowds.choice import choose
from boundcheck.crowds.em import log_joint
from boundcheck.crowds.heldout import log_likelihood
from boundcheck.crowds.models import by_groups, candidates, two_coin
from boundcheck.crowds.spectral import spectrum
from boundcheck.errors import BoundcheckWarning, InputError

ONE_TYPE = ("mv", "te", "wls", "ds1", "ds2")


def quietly(answers: Answers, **options: object) -> CrowdLabels:
    """The result without its warnings, which the tests of warnings look at."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundcheckWarning)
        return crowd_soft_labels(answers, **options)  # type: ignore[arg-type]


def said(answers: Answers, **options: object) -> list[str]:
    """The warnings alone."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        crowd_soft_labels(answers, **options)  # type: ignore[arg-type]
    return [str(w.message) for w in caught]


def error(found: CrowdLabels, y: np.ndarray) -> float:
    return float(np.mean(np.where(found.logits == 0, 0.5, np.sign(found.logits) != y)))


@pytest.mark.parametrize("method", METHODS)
def test_perfect_workers_are_read_exactly(method: str) -> None:
    y = np.where(np.random.default_rng(0).random(60) < 0.4, 1, -1)
    found = quietly(from_matrix(np.tile(y, (5, 1))), method=method)
    np.testing.assert_array_equal(np.sign(found.logits), y)
    assert found.types == 1
    if found.model != "mv":
        assert found.reliability.min() > 0.9


@pytest.mark.parametrize(("method", "types"), [*((m, None) for m in METHODS), ("types", 2), ("ds1", 2), ("te", 2)])
def test_opposite_answers_give_opposite_labels(method: str, types: int | None) -> None:
    """p of -X is 1 - p of X: the two classes are treated alike."""
    answers = scenario("hardeasy", 15, tasks_per_type=60, seed=3).answers
    one = quietly(answers, method=method, types=types)
    other = quietly(from_matrix(-answers.X), method=method, types=types)
    assert one.model == other.model
    np.testing.assert_allclose(other.logits, -one.logits, atol=1e-6, rtol=1e-6)
    np.testing.assert_allclose(other.reliability, one.reliability, atol=1e-6)


@pytest.mark.parametrize(("method", "types"), [*((m, None) for m in ONE_TYPE), ("types", 2), ("wls", 2)])
def test_the_order_of_workers_and_tasks_is_immaterial(method: str, types: int | None) -> None:
    X = scenario("hardeasy", 16, density=0.8, tasks_per_type=60, seed=5).answers.X
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(16), rng.permutation(120)
    one = quietly(from_matrix(X), method=method, types=types)
    other = quietly(from_matrix(X[rows][:, columns]), method=method, types=types)
    np.testing.assert_allclose(other.logits, one.logits[columns], atol=1e-5)
    np.testing.assert_allclose(other.reliability, one.reliability[:, rows], atol=1e-6)


def test_sparse_and_dense_answers_give_the_same_posterior() -> None:
    """The same crowd below and above the share at which answers are stored densely."""
    crowd = scenario("hardeasy", 30, density=0.15, tasks_per_type=100, seed=1)
    assert not isinstance(crowd.answers.X, np.ndarray)
    full = Answers(crowd.answers.X.toarray(), crowd.answers.workers, crowd.answers.tasks)
    for method in ONE_TYPE:
        np.testing.assert_allclose(
            quietly(full, method=method).logits, quietly(crowd.answers, method=method).logits, atol=1e-9
        )


def test_held_out_likelihood_is_the_conditional_probability() -> None:
    """P(held out | others) of each task by enumeration of states and products over single answers."""
    crowd = scenario("hardeasy", 6, density=0.9, tasks_per_type=15, seed=0)
    _, _, values = crowd.answers.triples()
    held = np.random.default_rng(1).random(len(values)) < 0.2
    train = crowd.answers.with_values(np.where(held, 0.0, values))
    for name in ("mv", "one", "two", "free", "scaled"):
        model = candidates(2)[name].fit(train, spectrum(train))
        found = log_likelihood(model, crowd.answers)
        X, Z = crowd.answers.X, train.X if isinstance(train.X, np.ndarray) else train.X.toarray()
        for j in range(0, 30, 7):
            both, given = 0.0, 0.0
            for weight, theta in zip(model.weights, model.theta, strict=True):
                chance = [np.where(x == 1, theta, 1 - theta) ** (x != 0) for x in (X[:, j], Z[:, j])]
                both, given = both + weight * np.prod(chance[0]), given + weight * np.prod(chance[1])
            assert found[j] == pytest.approx(np.log(both / given), abs=1e-10)


def test_held_out_likelihood_of_a_fair_coin_is_ln_one_half() -> None:
    """Answers without any signal: every model predicts ln 2 or worse; the vote is left, and the reader is told."""
    rng = np.random.default_rng(0)
    answers = from_matrix(rng.choice([-1, 1], (10, 150)))
    choice = choose(answers, spectrum(answers))
    assert choice.model == "mv"
    assert not choice.beats_guessing
    assert any("better than guessing" in message for message in said(answers))
    assert all(row.log_likelihood < -np.log(2) + 0.005 for row in choice.table)


@pytest.mark.parametrize(
    ("name", "models"),
    [("hardeasy", {"free"}), ("opposed", {"free"}), ("parallel", {"scaled"}), ("one", {"one", "scaled"})],
)
def test_held_out_likelihood_picks_the_model_that_made_the_answers(name: str, models: set[str]) -> None:
    assert quietly(scenario(name, 40, tasks_per_type=150, seed=0).answers).model in models


def two_coin_crowd(seed: int) -> tuple[Answers, np.ndarray]:
    """Workers better at one class than at the other."""
    rng = np.random.default_rng(seed)
    y = rng.choice([-1, 1], 600)
    alpha, beta = rng.uniform(0.55, 0.95, (2, 25))
    right = rng.random((25, 600)) < np.where(y == 1, alpha[:, None], beta[:, None])
    return from_matrix(np.where(right, y, -y)), y


def test_biased_workers_are_two_coins_and_the_correlation_says_so() -> None:
    """Two types of one coin can imitate two coins, with type = class: |corr(type, label)| near 1."""
    answers, y = two_coin_crowd(0)
    found = quietly(answers)
    assert (found.model, found.types) == ("two", 1)
    assert found.corr_type_label is not None
    assert abs(found.corr_type_label) > 0.95
    assert found.choice is not None
    np.testing.assert_allclose(found.logits, two_coin(answers).logits / found.choice.temperature, rtol=1e-12)
    assert error(found, y) < 0.02
    assert any("a type is a class" in message for message in said(answers, method="types", types=2))


def test_types_that_are_no_classes_have_no_correlation_with_labels() -> None:
    found = quietly(scenario("hardeasy", 60, seed=1).answers, method="types")
    assert found.types == 2
    assert found.corr_type_label is not None
    assert abs(found.corr_type_label) < 0.1


def test_correlation_of_type_and_label_by_hand() -> None:
    q, logits = np.array([0.1, 0.9, 0.4]), np.array([-1.0, 2.0, 0.5])
    expected = float(np.corrcoef(q, 1 / (1 + np.exp(-logits)))[0, 1])
    assert type_label_correlation(np.stack([1 - q, q]), logits) == pytest.approx(expected)
    assert type_label_correlation(np.full((2, 3), 0.5), logits) is None


@pytest.mark.parametrize("method", ["te", "wls", "ds1", "ds2"])
def test_any_method_can_run_on_each_type(method: str) -> None:
    """Easy tasks come first; splitting the opposed types rescues every one-type method."""
    crowd = scenario("opposed", 60, seed=2000)
    whole, split = quietly(crowd.answers, method=method), quietly(crowd.answers, method=method, types="auto")
    assert split.types == 2
    assert split.type_posterior.shape == (2, 1000)
    assert error(split, crowd.y) < 0.06 < 0.2 < error(whole, crowd.y)
    assert split.reliability[0].sum() >= split.reliability[1].sum()


def test_each_group_is_turned_the_way_its_own_votes_point() -> None:
    """A method that answers upside down in every group is put right in every group, reliabilities too."""
    crowd = scenario("one", 12, tasks_per_type=40, seed=0)

    def upside_down(part: Answers) -> tuple[np.ndarray, np.ndarray]:
        return -part.surplus, np.full(part.n_workers, -0.5)

    logits, r = by_groups(crowd.answers, crowd.types, upside_down)
    np.testing.assert_array_equal(logits, crowd.answers.surplus)
    np.testing.assert_array_equal(r, np.full((2, 12), 0.5))


def test_a_small_group_keeps_the_labels_of_all_tasks() -> None:
    """Nine tasks are below the ten that a group needs."""
    crowd = scenario("one", 12, tasks_per_type=40, seed=0)
    groups = (np.arange(80) < 9).astype(int)
    sizes: list[int] = []

    def count(part: Answers) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(part.n_tasks)
        return part.surplus, np.ones(part.n_workers)

    by_groups(crowd.answers, groups, count)
    assert sizes == [80, 71]


def test_types_can_be_fixed_for_the_automatic_choice() -> None:
    answers = scenario("hardeasy", 40, tasks_per_type=200, seed=0).answers
    assert quietly(answers, types=1).model in ("mv", "one", "two")
    assert quietly(answers, types=2).model == "free"
    assert quietly(answers, types=3).types == 3


def test_unconnected_parts_are_labelled_one_by_one() -> None:
    """Two crowds that share nothing: each posterior is its own, and a warning says so."""
    a = scenario("one", 8, tasks_per_type=60, seed=0).answers.X
    b = scenario("one", 6, tasks_per_type=40, seed=1).answers.X
    answers = from_matrix(np.block([[a, np.zeros((8, 80))], [np.zeros((6, 120)), b]]))
    found = quietly(answers, method="ds1")
    np.testing.assert_allclose(found.logits[:120], quietly(from_matrix(a), method="ds1").logits, atol=1e-9)
    np.testing.assert_allclose(found.logits[120:], quietly(from_matrix(b), method="ds1").logits, atol=1e-9)
    assert any("2 unconnected parts" in message for message in said(answers, method="ds1"))


def test_a_part_of_two_workers_gets_the_majority_vote() -> None:
    a = scenario("one", 8, tasks_per_type=60, seed=0).answers.X
    b = np.array([[1, 1, -1], [1, -1, -1]])
    answers = from_matrix(np.block([[a, np.zeros((8, 3))], [np.zeros((2, 120)), b]]))
    found = quietly(answers, method="types", types=2)
    np.testing.assert_array_equal(np.sign(found.logits[-3:]), [1, 0, -1])
    assert found.type[-3:].tolist() == [-1, -1, -1]
    assert np.isnan(found.type_posterior[:, -3:]).all()
    assert any("too small for free" in message for message in said(answers, method="types", types=2))


@pytest.mark.parametrize("method", METHODS)
def test_a_task_without_answers_gets_the_prior_and_no_type(method: str) -> None:
    """Three quarters of the tasks are positive, which EM learns; for votes both labels are as likely."""
    y = np.where(np.arange(200) % 4 == 0, -1, 1)
    X = attach_crowd(y, np.zeros(200, dtype=int), np.full((1, 9), 0.8), seed=0).X
    answers = from_matrix(np.column_stack([X, np.zeros(9)]))
    with pytest.warns(BoundcheckWarning, match="1 tasks have no answer"):
        found = crowd_soft_labels(answers, method=method)
    assert found.p[-1] == pytest.approx(0.5 if found.model in ("mv", "te", "wls") else 0.75, abs=0.02)
    assert found.type[-1] == -1


@pytest.mark.parametrize("workers", [1, 2])
def test_one_or_two_workers_allow_a_vote_only(workers: int) -> None:
    answers = from_matrix(np.random.default_rng(0).choice([-1, 1], (workers, 50)))
    assert quietly(answers).model == "mv"
    assert any("majority vote" in message for message in said(answers))
    assert quietly(answers, method="mv").model == "mv"
    for method in ("te", "wls", "ds1", "ds2", "types"):
        with pytest.raises(InputError, match="needs 3 workers"):
            quietly(answers, method=method)


def test_few_tasks_allow_no_types() -> None:
    answers = from_matrix(np.random.default_rng(0).choice([-1, 1], (6, 9)))
    assert quietly(answers).model == "mv"
    assert quietly(answers, method="ds1").model == "one"
    for options in ({"method": "types"}, {"types": 2}, {"method": "ds1", "types": 2}):
        with pytest.raises(InputError, match="types need 10 tasks"):
            quietly(answers, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "em"}, "method 'em' is unknown"),
        ({"types": 0}, "types 0"),
        ({"types": 9}, "types 9"),
        ({"types": "many"}, "types 'many'"),
        ({"kind": "both"}, "kind 'both'"),
        ({"method": "mv", "types": 2}, "the same in every group"),
    ],
)
def test_settings_that_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        crowd_soft_labels(from_matrix(np.ones((3, 3))), **options)  # type: ignore[arg-type]


def test_copied_workers_are_noticed() -> None:
    """Identical rows: one direction, one type, and a warning that the posterior is over-confident."""
    row = np.random.default_rng(0).choice([-1, 1], 80)
    answers = from_matrix(np.tile(row, (9, 1)))
    assert quietly(answers, method="types").types == 1
    assert any("copies" in message for message in said(answers, method="ds1"))


def test_unequal_numbers_of_answers_and_few_answers_are_noticed() -> None:
    crowd = scenario("hardeasy", 40, tasks_per_type=60, seed=0)
    X = np.array(crowd.answers.X)
    X[8:, :30] = 0
    assert any("8 to 40 answers" in message for message in said(from_matrix(X), method="types", types=2))
    assert not any("biases" in m for m in said(from_matrix(X), method="types", types=2, kind="corr"))
    sparse = scenario("hardeasy", 60, density=0.1, tasks_per_type=100, seed=0).answers
    assert any("the type of a single task is unreliable" in m for m in said(sparse, method="types", types=2))
    assert any("compare --method wls" in m for m in said(sparse, method="te"))


def test_scaling_columns_weakens_the_bias_of_unequal_answers() -> None:
    """Half the tasks of a single type have a fifth of the answers: |v| is in proportion to m_j, or to sqrt(m_j)."""
    rng = np.random.default_rng(0)
    y, few = rng.choice([-1, 1], 600), np.arange(600) < 300
    X = np.array(attach_crowd(y, np.zeros(600, dtype=int), rng.uniform(0.3, 0.7, (1, 100)), seed=1).X)
    X[:, few] *= rng.random((100, 300)) < 0.2
    ratio = {}
    for kind in ("plain", "corr"):
        strength = np.abs(spectrum(from_matrix(X), kind=kind).vectors[:, 0])  # type: ignore[arg-type]
        ratio[kind] = strength[~few].mean() / strength[few].mean()
    assert ratio["plain"] == pytest.approx(5, rel=0.1)
    assert ratio["corr"] == pytest.approx(np.sqrt(5), rel=0.1)


def test_a_wrong_majority_turns_all_labels_over() -> None:
    """sum_i r_i < 0 cannot be seen in the answers: the labels come out exactly flipped."""
    y = np.random.default_rng(0).choice([-1, 1], 300)
    answers = attach_crowd(y, np.zeros(300, dtype=int), np.full((1, 15), -0.6), seed=0)
    for method in ONE_TYPE:
        assert error(quietly(answers, method=method), y) > 0.95


def test_bootstrap_tells_one_type_from_two() -> None:
    """The smallest p-value, 1/(draws + 1), for two types; a large one for one."""
    assert one_type_p_value(scenario("specialist", 30, tasks_per_type=60, seed=0).answers, draws=9) == 0.1
    assert one_type_p_value(scenario("parallel", 30, tasks_per_type=60, seed=0).answers, draws=9) == 0.1
    assert one_type_p_value(scenario("one", 30, tasks_per_type=60, seed=0).answers, draws=9) > 0.2


def test_bootstrap_needs_workers_and_tasks() -> None:
    for shape in ((2, 50), (6, 9)):
        with pytest.raises(InputError, match="one-type test needs"):
            one_type_p_value(from_matrix(np.random.default_rng(0).choice([-1, 1], shape)))


def test_the_same_answers_give_the_same_numbers() -> None:
    answers = scenario("hardeasy", 20, tasks_per_type=50, seed=0).answers
    one, two = (quietly(answers) for _ in range(2))
    np.testing.assert_array_equal(one.logits, two.logits)
    assert one.choice == two.choice


def test_the_joint_of_all_states_is_a_law() -> None:
    """exp(log_joint) summed over states and over all 2^n answers to one task is 1."""
    weights, theta = np.array([0.1, 0.2, 0.3, 0.4]), np.random.default_rng(0).uniform(0.1, 0.9, (4, 5))
    X = np.array(list(itertools.product((-1, 1), repeat=5))).T
    joint = log_joint(from_matrix(X), weights, theta)
    assert float(np.exp(logsumexp(joint))) == pytest.approx(1.0, rel=1e-12)
