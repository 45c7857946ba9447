"""The smallest even width that trains to the target error often enough, found by training networks."""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Literal

import numpy as np
from jaxtyping import Float, Integer

from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.numerics import clopper_pearson
from boundcheck.progress import Progress
from boundcheck.records import Search, SearchSettings, TrainingRun, TrainingSpec, Trial
from boundcheck.search.collect import Collector
from boundcheck.search.context import Context
from boundcheck.search.executors import Job
from boundcheck.search.plan import Plan, most_widths
from boundcheck.search.runs import Trainer, make_collector, run_seed, succeeded
from boundcheck.search.statistics import SuccessTest
from boundcheck.training import tile_neurons


def minimal_width(
    X: Float[np.ndarray, "n d"],
    y: Integer[np.ndarray, " n"],
    p: Float[np.ndarray, " n"] | None,
    spec: TrainingSpec,
    settings: SearchSettings,
    *,
    eps: float,
    data_digest: str,
    data_name: str = "",
    context: Context = Context(),  # noqa: B008 (frozen)
    train: Trainer | None = None,
) -> Search:
    """Find the smallest even width at which a run has average error <= eps with probability >= success_target.

    X: (n, d) rows of norm at most 1.  y: (n,) in {-1, +1}.  p: (n,) soft labels, needed for spec.labels "soft".
    settings: success_target; max_width, the widest network tried; max_seeds at one width, after which it is left
    undecided; budget, runs in all; time_limit in seconds, tested between batches; its training is in `spec`.
    A run stops once its average error cannot cross eps any more; the averages recorded are then over fewer steps.
    data_digest identifies (X, y) in the store and data_name describes it there.

    Every verdict and every interval of the result holds simultaneously with probability at least settings.confidence:
    each of the at most most_widths(max_width) widths is tested at an equal share of 1 - confidence, at any number
    of seeds (see `statistics`). The result does not depend on the store, the executor or the batches; with a
    time limit it depends on how far the time goes.

    Raises InputError for an eps outside (0, 1).
    """
    if not 0 < eps < 1:
        raise InputError(f"--eps {eps:g}: must lie strictly between 0 and 1")
    if (p is None) == (spec.labels == "soft"):
        raise InputError(f"{spec.labels} labels: p must be {'given' if p is None else 'left out'}")
    started = time.monotonic()
    collector = make_collector(
        X, y, p, spec, eps=eps, data_digest=data_digest, data_name=data_name,
        deadline=started + settings.time_limit, context=context, train=train,
    )  # fmt: skip
    test = SuccessTest(settings.success_target, (1 - settings.confidence) / most_widths(settings.max_width))
    plan = Plan(test, settings.max_width, settings.max_seeds, tile_neurons(len(X)))
    runs: dict[int, list[TrainingRun]] = {}
    name = f"{spec.labels} B={spec.radius:.4g}"
    telling = _Telling(plan, runs, eps, name, context.progress)
    stopped = _search(plan, runs, collector, telling, eps=eps, budget=settings.budget, seed=context.seed)
    trials = tuple(
        _trial(plan, width, runs[width], collector.trained, settings.confidence) for width in sorted(plan.counts)
    )
    low, high = plan.largest_failure, plan.smallest_success
    _warn_of(plan.non_monotone, name)
    return Search(
        labels=spec.labels,
        loss=spec.loss,
        eps=eps,
        success_target=settings.success_target,
        minimal_width=high,
        bracket=(low, high),
        decided=high is not None and (high - low == 2 or (stopped == "finished" and high <= 2 * low)),
        trials=trials,
        undecided=plan.undecided,
        non_monotone=plan.non_monotone,
        stopped="max_width" if stopped == "finished" and high is None else stopped,
        confidence=settings.confidence,
        radius=spec.radius,
        step_size=spec.step_size,
        steps=spec.steps,
        temperature=spec.temperature,
        precision=spec.precision,
        max_width=settings.max_width,
        seed=context.seed,
        runs=sum(trial.seeds for trial in trials),
        runs_reused=sum(trial.reused for trial in trials),
        seconds=time.monotonic() - started,
    )


def _warn_of(non_monotone: Sequence[tuple[int, int]], name: str) -> None:
    for narrow, wide in non_monotone:
        warnings.warn(
            f"{name}: success is not monotone in the width: {narrow} is shown to succeed and {wide} to fail",
            BoundcheckWarning,
            stacklevel=3,
        )


def _search(
    plan: Plan,
    runs: dict[int, list[TrainingRun]],
    collector: Collector,
    telling: "_Telling",
    *,
    eps: float,
    budget: int,
    seed: int,
) -> Literal["finished", "budget", "time"]:
    """Carry out rounds until the plan, the budget or the time ends; `runs` receives them in the order of seeds."""
    while totals := plan.next_round():
        new = {w: [(w, run_seed(seed, i)) for i in range(len(runs.get(w, ())), total)] for w, total in totals.items()}
        jobs = [job for jobs in new.values() for job in jobs][: budget - sum(map(len, runs.values()))]
        if not jobs:
            return "budget"
        found = collector.collect(jobs, partial(telling.report, list(totals)))
        for width, asked in new.items():
            # An unbroken stretch of seeds: which of the later ones happen to be done must not matter.
            made = [found[job] for job in takewhile(found.__contains__, asked)]
            if made:
                total = runs.setdefault(width, [])
                total.extend(made)
                plan.record(width, len(total), sum(succeeded(run, eps) for run in total))
        if len(found) < len(jobs):
            return "time"
    return "finished"


@dataclass(frozen=True)
class _Telling:
    """What a search says of itself while it runs: widths, seeds, running intervals, and neurons done and to come."""

    plan: Plan
    runs: Mapping[int, Sequence[TrainingRun]]
    eps: float
    name: str
    progress: Progress

    def report(self, widths: Sequence[int], found: Mapping[Job, TrainingRun], more: float) -> None:
        """`soft B=1: width 16: 64 seeds, rate 0.71-0.98; also 32, 64`, in a round over `widths`.

        more: neurons' worth of a batch under way.
        """
        first, *others = widths
        runs = [*self.runs.get(first, ()), *(run for (width, _), run in found.items() if width == first)]
        low, high = self.plan.test.interval(len(runs), sum(succeeded(run, self.eps) for run in runs))
        message = f"{self.name}: width {first}: {len(runs)} seeds, rate {low:.2f}-{high:.2f}"
        message += f"; also {', '.join(map(str, others))}" if others else ""
        done = sum(width * len(runs) for width, runs in self.runs.items()) + sum(width for width, _ in found) + more
        # the share, not the sums: a bar whose total moves forgets how fast it was
        self.progress.update(message, done / max(done + self.plan.neurons_left(found), 1.0), 1.0)


def _trial(plan: Plan, width: int, runs: Sequence[TrainingRun], trained: set[Job], confidence: float) -> Trial:
    count = plan.counts[width]
    bounds = np.array([run.average_error_bounds or (run.average_error,) * 2 for run in runs])
    low, high = bounds.mean(axis=0).tolist()

    def mean(name: str) -> float:
        return float(np.mean([getattr(run, name) for run in runs]))

    return Trial(
        width=width,
        seeds=count.seeds,
        successes=count.successes,
        ci=plan.test.interval(count.seeds, count.successes),
        verdict=count.verdict,
        clopper_pearson=clopper_pearson(count.seeds, count.successes, 1 - confidence),
        mean_error=mean("average_error"),
        mean_error_bounds=(low, high),
        final_error=mean("final_error"),
        flip_fraction=mean("flip_fraction"),
        movement=mean("movement"),
        reused=sum((run.width, run.seed) not in trained for run in runs),
    )
