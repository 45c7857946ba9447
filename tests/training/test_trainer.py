"""Training against an independent float64 implementation, and the traps of theory: Floating point."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from training import pgd_oracle as oracle

from boundcheck import training
from boundcheck.errors import InputError
from boundcheck.records import TrainingSpec
from boundcheck.training.trainer import to_rank

RNG = np.random.default_rng(20250)
X = RNG.normal(size=(23, 5)) / 4
Y = np.where(RNG.random(23) < 0.5, -1, 1)
P = oracle.sigmoid(Y * RNG.uniform(0.05, 0.6, 23))
JOBS = [(14, 3), (2, 0), (62, 7), (14, 4)]
LOSSES = ["kl", "logistic", "perceptron"]


def spec_of(loss: str, radius: float = 1.0, **settings: object) -> TrainingSpec:
    labels = "soft" if loss == "kl" else "hard"
    values = {"step_size": 1.5, "steps": 300, "precision": "float64"} | settings
    return TrainingSpec(labels=labels, loss=loss, radius=radius, **values)


def networks_of(spec: TrainingSpec, jobs: list[tuple[int, int]], inputs: np.ndarray = X) -> list[training.Network]:
    lesson = training.Lesson(P if spec.loss == "kl" else Y, spec)
    return training.fit_many(inputs, [lesson], [(0, *job) for job in jobs])


def oracle_run(spec: TrainingSpec, job: tuple[int, int], inputs: np.ndarray = X):
    W0, a = training.initial_weights(job[0], inputs.shape[1], job[1])
    settings = (spec.loss, spec.radius, spec.step_size, spec.steps, spec.temperature)
    W, errors, risks = oracle.descend(W0, a, inputs, Y, P, *settings)
    return W0, a, W, errors, risks


@pytest.mark.parametrize("loss", LOSSES)
def test_networks_of_different_lessons_train_side_by_side_as_alone(loss: str) -> None:
    """Other targets, radius, step size and temperature beside it change no bit of a network."""
    targets = [P, 1 - P / 2] if loss == "kl" else [Y, -Y]
    ways = [{"radius": 0.3}, {"radius": math.inf, "step_size": 4.0, "temperature": 3.0}]
    lessons = [training.Lesson(aim, spec_of(loss, precision="float32", **way)) for aim in targets for way in ways]
    jobs = [(lesson, *job) for lesson in range(4) for job in JOBS]
    together = training.fit_many(X, lessons, jobs)
    for (lesson, width, seed), network in zip(jobs, together, strict=True):
        alone = training.fit(X, *lessons[lesson], width, seed)
        np.testing.assert_array_equal(network.displacement, alone.displacement)
    assert len({network.displacement.tobytes() for network in together}) == 16


@pytest.mark.parametrize("radius", [0.3, 1.0, math.inf])
@pytest.mark.parametrize("loss", LOSSES)
def test_training_agrees_with_the_definition(loss: str, radius: float) -> None:
    """Displacement, averages and last error equal an independent NumPy implementation over 300 steps."""
    spec = spec_of(loss, radius)
    runs = training.train(X, Y, P, spec, JOBS)
    for job, run, network in zip(JOBS, runs, networks_of(spec, JOBS), strict=True):
        W0, a, W, errors, risks = oracle_run(spec, job)
        np.testing.assert_allclose(network.displacement, W - W0, atol=1e-10)
        np.testing.assert_allclose(network.predict(X), oracle.forward(W, a, X), atol=1e-10)
        assert run.average_error == pytest.approx(errors.mean(), abs=1e-12)
        assert run.average_risk == pytest.approx(risks.mean(), abs=1e-10)
        assert run.final_error == np.mean(Y * oracle.forward(W, a, X) <= 0)
        assert run.best_error == errors.min()
        assert run.movement == pytest.approx(math.sqrt(job[0]) * np.linalg.norm(W - W0, axis=1).max(), abs=1e-10)
        assert run.flip_fraction == np.mean((X @ W.T > 0) != (X @ W0.T > 0))
        assert run.steps == spec.steps
        assert not run.decided_early
        assert run.average_error_bounds == (run.average_error, run.average_error)


@pytest.mark.parametrize("loss", ["kl", "logistic"])
def test_temperature_is_tau_times_the_loss_of_f_over_tau(loss: str) -> None:
    spec = spec_of(loss, temperature=0.2, step_size=0.4)
    (network,), (run,) = networks_of(spec, [(20, 1)]), training.train(X, Y, P, spec, [(20, 1)])
    W0, _, W, errors, risks = oracle_run(spec, (20, 1))
    np.testing.assert_allclose(network.displacement, W - W0, atol=1e-10)
    assert run.average_risk == pytest.approx(risks.mean(), abs=1e-10)
    assert run.average_error == pytest.approx(errors.mean(), abs=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_step_follows_the_finite_difference_gradient(loss: str) -> None:
    """W(1) - W(0) = -eta grad R(W(0)), where R is differentiated numerically at W(0) moved off the kink f = 0."""
    spec = spec_of(loss, math.inf, step_size=0.7, steps=2)
    W0, a, W1, _, _ = oracle_run(dataclasses.replace(spec, steps=1), (6, 5))
    (network,) = networks_of(spec, [(6, 5)])

    def risk(W: np.ndarray) -> float:
        return oracle.loss_and_slope(loss, oracle.forward(W, a, X), Y, P, 1.0)[0]

    gradient = np.zeros_like(W1)
    for index in np.ndindex(*W1.shape):
        step = np.zeros_like(W1)
        step[index] = 1e-6
        gradient[index] = (risk(W1 + step) - risk(W1 - step)) / 2e-6
    np.testing.assert_allclose(network.displacement, W1 - 0.7 * gradient - W0, atol=1e-8)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_network_starts_at_exactly_zero(loss: str, precision: str) -> None:
    """f(W(0)) = 0 exactly, so y f <= 0 everywhere: the error at t = 0 is 1, and it is part of the average."""
    jobs = [(m, 0) for m in (2, 30, 4000)]
    runs = training.train(X, Y, P, spec_of(loss, steps=1, precision=precision), jobs)
    assert [run.average_error for run in runs] == [1.0] * 3
    expected = {"kl": oracle.loss_and_slope("kl", 0 * Y, Y, P, 1.0)[0], "logistic": math.log(2), "perceptron": 0.0}
    assert [run.average_risk for run in runs] == pytest.approx([expected[loss]] * 3, rel=1e-5)


def test_the_average_excludes_the_last_iterate() -> None:
    """With T = 1 only W(0) counts, although W(1) already classifies better."""
    (run,) = training.train(X, Y, P, spec_of("logistic", steps=1), [(400, 0)])
    assert run.final_error < run.average_error == run.best_error == 1.0


def test_risk_is_kl_and_vanishes_where_the_labels_are_reached() -> None:
    """At p = 1/2 the network already has the labels: KL 0, while cross-entropy would be ln 2."""
    (run,) = training.train(X, Y, np.full(23, 0.5), spec_of("kl", steps=5), [(8, 0)])
    assert run.average_risk == 0.0


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_kl_is_right_for_tiny_and_for_saturated_labels(precision: str) -> None:
    """At f = 0, against 50 digits: risks near 1e-9, and teachers as sure as a float can say."""
    for logit in (1e-4, 1e-2, 3.0, 36.0, -36.0):
        p = np.full(23, oracle.sigmoid(logit))
        (run,) = training.train(X, Y, p, spec_of("kl", steps=1, precision=precision), [(8, 0)])
        with mpmath.workdps(50):
            sure = mpmath.mpf(float(p[0]))
            exact = sure * mpmath.log(2 * sure) + (1 - sure) * mpmath.log(2 * (1 - sure))
        assert run.average_risk == pytest.approx(float(exact), rel=2e-6 if precision == "float32" else 1e-10)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_a_mean_over_samples(loss: str) -> None:
    """Every sample twice is the same problem."""
    spec = spec_of(loss, steps=50)
    once = training.train(X, Y, P, spec, [(10, 2)])[0]
    twice = training.train(np.repeat(X, 2, 0), np.repeat(Y, 2), np.repeat(P, 2), spec, [(10, 2)])[0]
    assert twice.average_error == pytest.approx(once.average_error)
    assert twice.average_risk == pytest.approx(once.average_risk, rel=1e-10)
    assert twice.movement == pytest.approx(once.movement, rel=1e-10)


def test_each_neuron_stays_within_radius_over_sqrt_width_of_its_own_start() -> None:
    """Centred at W_j(0), a ball a neuron: many neurons touch it, and the Frobenius norm exceeds one ball."""
    (network,) = networks_of(spec_of("logistic", 0.05), [(40, 0)])
    moved = np.linalg.norm(network.displacement, axis=1) * math.sqrt(40)
    assert moved.max() == pytest.approx(0.05, rel=1e-12)
    assert np.sum(moved > 0.0499) > 20
    assert np.linalg.norm(network.displacement) > 3 * 0.05 / math.sqrt(40)


def test_a_step_far_below_the_resolution_of_the_weights_is_not_lost() -> None:
    """1e6 steps of 1e-12 a neuron next to weights of size 1 move f as in exact arithmetic, in float32."""
    spec = spec_of("logistic", math.inf, step_size=1e-10, steps=20, precision="float32")
    (network,) = networks_of(spec, [(4000, 0)])
    largest_step = np.abs(network.displacement).max() / spec.steps
    assert largest_step < 1e-12
    W0, a = training.initial_weights(4000, 5, 0)
    direction = -oracle.gradient(W0, a, X, -Y / 2) * spec.step_size * spec.steps
    np.testing.assert_allclose(network.displacement, direction, rtol=1e-4, atol=1e-5 * np.abs(direction).max())
    exact = sum(a[:, None] * (X @ W0.T > 0).T * (direction @ X.T)) / math.sqrt(4000)
    np.testing.assert_allclose(network.predict(X), exact, rtol=1e-4, atol=1e-4 * np.abs(exact).max())


def test_the_initialisation_is_symmetric_gaussian_and_its_own() -> None:
    W0, a = training.initial_weights(2000, 5, 3)
    np.testing.assert_array_equal(W0[:1000], W0[1000:])
    np.testing.assert_array_equal(a, np.repeat([1.0, -1.0], 1000))
    assert abs(W0.mean()) < 0.05
    assert W0.std() == pytest.approx(1, abs=0.05)
    assert len({training.initial_weights(m, 5, s)[0][0, 0] for m in (2, 4, 6) for s in range(5)}) == 15


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(("n", "d"), [(8, 2), (100, 16), (1100, 64)])
def test_a_run_does_not_depend_on_its_company(n: int, d: int, precision: str) -> None:
    """Bit for bit: alone, among others, in any order."""
    rng = np.random.default_rng(n)
    inputs, y = rng.normal(size=(n, d)) / math.sqrt(d), np.where(rng.random(n) < 0.5, -1, 1)
    p = oracle.sigmoid(0.3 * y)
    spec = spec_of("kl", steps=20, precision=precision)
    jobs = [(6, 1), (16, 2), (50, 3), (130, 4)]
    crowd = jobs + [(int(m), 9) for m in rng.permutation([2, 4, 8, 10, 12, 22, 64, 100, 128])]
    order = rng.permutation(len(crowd))
    together = training.train(inputs, y, p, spec, [crowd[i] for i in order])
    found = {(run.width, run.seed): run for run in together}
    for job in jobs:
        assert training.train(inputs, y, p, spec, [job]) == [found[job]]


def test_runs_come_in_the_order_of_the_jobs() -> None:
    jobs = [(64, 1), (2, 5), (16, 0), (2, 4), (64, 0)]
    assert [(r.width, r.seed) for r in training.train(X, Y, P, spec_of("kl", steps=3), jobs)] == jobs


@pytest.mark.parametrize("eps", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("loss", LOSSES)
def test_stopping_early_never_changes_the_verdict(loss: str, eps: float) -> None:
    spec = spec_of(loss, steps=200, precision="float32", step_size=0.8)
    jobs = [(m, s) for m in (2, 4, 8, 32, 64, 300) for s in range(12)]
    complete = training.train(X, Y, P, spec, jobs)
    stopped = training.train(X, Y, P, spec, jobs, eps=eps)
    for full, run in zip(complete, stopped, strict=True):
        lower, upper = run.average_error_bounds
        assert lower <= full.average_error <= upper
        assert (upper <= eps) == (full.average_error <= eps)
        assert (lower > eps) == (full.average_error > eps)
        assert run.decided_early == (run.steps < 200)
    assert sum(run.decided_early for run in stopped) > len(jobs) / 2


def test_an_average_equal_to_eps_succeeds() -> None:
    """The comparison is exact, on the count of errors: <= eps, not < eps, with eps the very quotient."""
    spec = spec_of("kl", steps=70)
    (full,) = training.train(X, Y, P, spec, [(30, 1)])
    (at,) = training.train(X, Y, P, spec, [(30, 1)], eps=full.average_error)
    (below,) = training.train(X, Y, P, spec, [(30, 1)], eps=math.nextafter(full.average_error, 0))
    assert at.average_error_bounds[1] <= full.average_error
    assert below.average_error_bounds[0] > math.nextafter(full.average_error, 0)


@pytest.mark.parametrize("loss", LOSSES)
def test_single_precision_tracks_double(loss: str) -> None:
    runs = [training.train(X, Y, P, spec_of(loss, precision=kind), JOBS) for kind in ("float32", "float64")]
    for single, double in zip(*runs, strict=True):
        assert single.average_error == pytest.approx(double.average_error, abs=0.02)
        assert single.average_risk == pytest.approx(double.average_risk, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_data_of_low_rank_train_as_in_their_own_space(loss: str) -> None:
    """d = 63 > n: the run in rotated coordinates equals the definition in all 63."""
    wide = np.concatenate([X @ np.linalg.qr(RNG.normal(size=(60, 5)))[0].T, np.zeros((23, 3))], axis=1)
    rotated, basis = to_rank(wide)
    assert rotated.shape == (23, 5)
    np.testing.assert_allclose(rotated @ basis.T, wide, atol=1e-14)
    spec = spec_of(loss, 0.5, steps=100)
    (network,) = networks_of(spec, [(12, 1)], wide)
    W0, _, W, _, _ = oracle_run(spec, (12, 1), wide)
    np.testing.assert_allclose(network.displacement, W - W0, atol=1e-10)


def test_data_of_full_rank_are_left_alone_but_for_columns_of_zeros() -> None:
    rotated, basis = to_rank(X)
    assert rotated is X
    assert basis is None
    padded = np.insert(X, 2, 0, axis=1)
    rotated, basis = to_rank(padded)
    np.testing.assert_array_equal(rotated, X)
    np.testing.assert_array_equal(rotated @ basis.T, padded)


def test_predictions_on_new_inputs_follow_the_definition() -> None:
    spec = spec_of("kl", 2.0)
    networks = networks_of(spec, JOBS)
    fresh = RNG.normal(size=(50, 5))
    for net in networks:
        np.testing.assert_allclose(
            net.predict(fresh), oracle.forward(net.W0 + net.displacement, net.a, fresh), atol=1e-10
        )


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_probabilities_below_rounding_train_as_the_least_that_counts(precision: str) -> None:
    """The entropy of p has -ln p in it, and float32 knows no 1e-300."""
    spec = spec_of("kl", precision=precision, steps=20)
    least, below = (np.where(Y < 0, p, P) for p in (2.0**-53, 1e-300))
    assert training.train(X, Y, below, spec, JOBS) == training.train(X, Y, least, spec, JOBS)
    assert all(math.isfinite(run.average_risk) for run in training.train(X, Y, below, spec, JOBS))
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        training.train(X, Y, np.where(Y < 0, 0.0, P), spec, JOBS)


def test_jobs_beyond_the_memory_limit_train_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = training.train(X, Y, P, spec_of("kl", steps=20), JOBS)
    monkeypatch.setattr("boundcheck.training.trainer.MEMORY", 1)
    assert training.train(X, Y, P, spec_of("kl", steps=20), JOBS) == whole


def test_training_alternating_points_on_the_circle() -> None:
    """Octagon, eps = .05: soft labels succeed at widths where hard labels of the same radius mostly fail."""
    angle = np.arange(8) * math.pi / 4
    circle, y = np.stack([np.cos(angle), np.sin(angle)], 1), np.tile([1, -1], 4)
    p = oracle.sigmoid(0.1352990250 * y)

    def rate(loss: str, width: int) -> float:
        size = training.practical_step_size(circle, loss, 1.0, 1000)
        spec = spec_of(loss, step_size=size, steps=1000, precision="float32")
        runs = training.train(circle, y, p, spec, [(width, seed) for seed in range(200)], eps=0.05)
        return float(np.mean([run.average_error_bounds[1] <= 0.05 for run in runs]))

    assert rate("kl", 16) > 0.85
    assert rate("kl", 64) > 0.98
    assert rate("logistic", 16) < 0.2
    assert 0.6 < rate("logistic", 64) < 0.85


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"jobs": [(7, 0)]}, "width 7"),
        ({"jobs": [(0, 0)]}, "width 0"),
        ({"jobs": [(8, -1)]}, "seed -1"),
        ({"jobs": [(2**40, 0)]}, "GiB"),
        ({"p": None}, "needs soft labels"),
        ({"p": np.full(23, 1.0)}, "strictly between 0 and 1"),
        ({"p": np.full(22, 0.5)}, "strictly between 0 and 1"),
        ({"y": np.zeros(23)}, "-1 or \\+1"),
        ({"spec": spec_of("kl", -1.0)}, "must be positive"),
        ({"spec": spec_of("kl", math.nan)}, "must be positive"),
        ({"spec": spec_of("kl", step_size=math.inf)}, "must be positive"),
        ({"spec": spec_of("kl", steps=0)}, "steps 0"),
        ({"spec": TrainingSpec("hard", "kl", 1.0, 1.0, 1)}, "loss kl"),
        ({"spec": TrainingSpec("soft", "logistic", 1.0, 1.0, 1)}, "loss logistic"),
    ],
)
def test_unusable_input_is_refused_in_one_line(change: dict[str, object], message: str) -> None:
    arguments = {"X": X, "y": Y, "p": P, "spec": spec_of("kl"), "jobs": [(8, 0)]} | change
    with pytest.raises(InputError, match=message) as error:
        training.train(**arguments)
    assert "\n" not in str(error.value)


def test_progress_reaches_the_end() -> None:
    heard: list[tuple[float | None, float | None]] = []

    class Listener:
        def update(self, message: str, completed: float | None = None, total: float | None = None) -> None:
            heard.append((completed, total))

    training.train(X, Y, P, spec_of("kl"), JOBS, progress=Listener())
    assert heard[-1] == (1.0, 1)
    assert heard == sorted(heard)
