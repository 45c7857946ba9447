"""Runs at one width, trained as a theorem prescribes, judged against its failure probability."""

import math

import numpy as np
from jaxtyping import Float

from boundcheck import bounds, search, training
from boundcheck.errors import InputError
from boundcheck.numerics import clopper_pearson
from boundcheck.pipeline.problem import Problem
from boundcheck.progress import Notice, takes_long
from boundcheck.records import BoundRow, Interval, Labels, Loss, SearchSettings, Training, TrainingRun, TrainingSpec
from boundcheck.records.verification import JudgedRun, WidthReport
from boundcheck.search import Context
from boundcheck.training.certificate import certify
from boundcheck.training.intervals import default_comparator
from boundcheck.verification import judge_runs

FLOPS = 5e10  # floating point operations a second, to foresee the time of a run
PATIENCE = 3600.0  # seconds; a run foreseen to take longer is refused
PRACTICAL_STEPS = 2000
STEP_SIZE = 0.5
EXCESS = 32  # eta T gamma^2 eps: about a sixteenth of the budget (theory: Sharp soft bound)


def verify_width(
    problem: Problem,
    width: int | None,
    bound: str,
    context: Context,
    *,
    mode: Training,
    seeds: int,
    settings: SearchSettings,
) -> WidthReport:
    """Train `seeds` networks of this width (None: the bound's own) and judge them; certify those within a radius.

    theorem: as `bound` prescribes, all steps, in float64; the sharp bounds leave T and eta free: by default eta = 1/2
    and T = 32/(gamma^2 eps eta).  practical: on the bound's loss at its radius, with the steps and the step size of
    a search, each run stopped once its average error is decided, unless the bound is on the average risk.
    Raises InputError for an odd width or a run that would take more than an hour.
    """
    data, steps, step_size = problem.data, settings.steps, settings.step_size
    if mode == "theorem":
        row = scheduled(problem, bound, steps, step_size)
        spec = prescribed(row)
    else:
        row = scheduled(problem, bound, None, None)
        its = prescribed(row)
        spec = practical(data.X, its.labels, its.loss, its.radius, steps, step_size, its.temperature)
    width = row.width if width is None else width
    seconds = _foreseen(width, seeds, spec, data.X.size)
    if line := takes_long(seconds):
        context.progress.update(Notice(line))
    until_decided = mode == "practical" and row.criterion == "error"
    runs = search.train_runs(
        data.X,
        data.y,
        problem.p if spec.labels == "soft" else None,
        spec,
        [(width, search.run_seed(context.seed, i)) for i in range(seeds)],
        eps=problem.eps if until_decided else None,
        data_digest=data.digest,
        data_name=data.name,
        context=context,
    )
    failures = sum(_missed(row, run) for run in runs)
    low, high = clopper_pearson(seeds, failures, 1 - settings.confidence)
    rate = Interval(low, high, settings.confidence, exact=False)
    return WidthReport(
        data=data.name,
        n=len(data.y),
        d=data.X.shape[1],
        eps=row.target,
        gamma=problem.gamma,
        width=width,
        training=mode,
        until_decided=until_decided,
        bound=row,
        spec=spec,
        runs=tuple(_judged(problem, run, spec) for run in runs),
        failure_rate=rate,
        judgement=judge_runs(row, problem.gamma, spec, width, failures, seeds, rate, _doubt(problem, spec)),
    )


def practical(
    X: Float[np.ndarray, "n d"],
    labels: Labels,
    loss: Loss,
    radius: float,
    steps: int | None = None,
    step_size: float | None = None,
    temperature: float = 1.0,
) -> TrainingSpec:
    """Training with these steps and step size, by default PRACTICAL_STEPS of the size of `practical_step_size`."""
    steps = PRACTICAL_STEPS if steps is None else steps
    if step_size is None:
        step_size = training.practical_step_size(X, loss, radius, steps, temperature)
    return TrainingSpec(labels, loss, radius, step_size, steps, temperature)


def scheduled(problem: Problem, bound: str, steps: int | None, step_size: float | None) -> BoundRow:
    """The bound at a finite schedule: the one asked for, else the bound's own, else the default above."""
    row = problem.bound(bound)
    if row.steps is not None:
        return row if steps is None and step_size is None else problem.bound(bound, steps=steps, step_size=step_size)
    if step_size is None:
        step_size = STEP_SIZE if row.step_size is None else row.step_size
    if steps is None:
        steps = math.ceil(EXCESS / (problem.gamma.lower**2 * problem.eps * step_size))
    return problem.bound(bound, steps=steps, step_size=step_size)


def prescribed(row: BoundRow) -> TrainingSpec:
    """The training that a row prescribes, in float64 since a verdict hangs on it."""
    theorem = bounds.registry[row.bound]
    assert theorem.labels != "any"
    assert theorem.loss != "any"
    assert row.steps is not None
    assert row.step_size is not None
    radius = math.inf if row.radius is None else row.radius
    return TrainingSpec(theorem.labels, theorem.loss, radius, row.step_size, row.steps, row.temperature, "float64")


def _foreseen(width: int, seeds: int, spec: TrainingSpec, cells: int) -> float:
    """Seconds that the runs will take. Raises InputError beyond PATIENCE."""
    seconds = training_seconds(width * seeds, spec.steps, cells)
    if seconds > PATIENCE:
        raise InputError(
            f"--width {width}: {seeds} runs of {spec.steps:,} steps would take about {seconds / 3600:.3g} hours; "
            "lower --seeds, or give --steps and --step-size (a bound with a finite schedule adapts its width)"
        )
    return seconds


def training_seconds(neurons: float, steps: int, cells: int) -> float:
    """Seconds for so many neurons in all, roughly: six operations a weight, sample and step.  cells: n d."""
    return 6.0 * neurons * steps * cells / FLOPS


def _missed(row: BoundRow, run: TrainingRun) -> bool:
    """Whether a run misses what the bound promises."""
    return run.average_risk > row.target if row.criterion == "risk" else not search.succeeded(run, row.target)


def _doubt(problem: Problem, spec: TrainingSpec) -> str:
    """What keeps these soft labels from being the theorem's z_i = <v, phi_i>, in words; empty where nothing does."""
    if spec.labels == "hard":
        return ""
    if problem.foreign:
        return "the soft labels are not the kernel teacher's"
    worst = float(problem.teacher.z_error.max())
    return f"the teacher's logits are estimates, off by up to {worst:.2g}" if worst > 0 else ""


def _judged(problem: Problem, run: TrainingRun, spec: TrainingSpec) -> JudgedRun:
    """A run with its a-posteriori certificate, from the very W(0) it started at."""
    data = problem.data
    certificate = None
    if math.isfinite(spec.radius):
        W0, a = training.initial_weights(run.width, data.X.shape[1], run.seed)
        D = default_comparator(W0, a, spec.radius, problem.teacher.q, data.X, data.y)
        certificate = certify(data.X, data.y, problem.logits, W0, a, D, spec).average_error
    return JudgedRun(
        seed=run.seed,
        average_error=run.average_error,
        average_error_bounds=run.average_error_bounds or (run.average_error, run.average_error),
        average_risk=run.average_risk,
        certificate=certificate,
        final_error=run.final_error,
        flip_fraction=run.flip_fraction,
        movement=run.movement,
    )
