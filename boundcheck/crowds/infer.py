"""From answers to soft labels: run one model on every connected part and put the parts together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from boundcheck.crowds.agreement import agreement
from boundcheck.crowds.answers import Answers, components
from boundcheck.crowds.checks import CONFOUNDED, look_at_answers, told_by_type, type_label_correlation, warn
from boundcheck.crowds.choice import Choice
from boundcheck.crowds.em import Mixture
from boundcheck.crowds.models import MIN_TASKS, MIN_WORKERS, VOTES, by_groups, candidates, one_coin
from boundcheck.crowds.plan import Plan, Settings, make_plan
from boundcheck.crowds.spectral import Kind, Spectrum, spectrum, task_types
from boundcheck.crowds.votes import majority
from boundcheck.progress import SILENT, Progress
from boundcheck.records.base import Estimate
from boundcheck.softlabels.probabilities import probabilities

PerTask = Float[np.ndarray, " d"]


@dataclass(frozen=True, eq=False)
class CrowdLabels:
    """Soft labels of d tasks, with what they rest on.

    model: mv, te, wls, one, two, scaled, free or typesK.  logits: (d,) ln P(y = +1)/P(y = -1); where `auto` chose
    the model, divided by the temperature of its choice, or the averaged ones of `agreement` for mv.
    type_posterior: (K, d), columns sum to 1, NaN where unknown.  reliability: (K, n), zeros for mv.
    corr_type_label: None with one type; for two coins chosen by `auto`, of the two types that were found to be the
    classes.  choice: held-out comparison, for `auto`.
    spectrum: of the largest connected part, whose tasks `part` marks with 0 (-1: no answers); None where not needed.
    """

    answers: Answers
    model: str
    logits: PerTask
    type_posterior: Float[np.ndarray, "k d"]
    reliability: Float[np.ndarray, "k n"]
    converged: bool
    part: Int[np.ndarray, " d"]
    corr_type_label: float | None
    choice: Choice | None
    spectrum: Spectrum | None

    @property
    def types(self) -> int:
        """Number of task types of the model."""
        return len(self.type_posterior)

    @property
    def p(self) -> PerTask:
        """P(y = +1 | answers), inside (0, 1)."""
        return probabilities(self.logits)

    def vote_error(self, alpha: float) -> Estimate | None:
        """Share of wrong labels with a 1 - alpha interval, from the workers' agreement; None unless they are votes.

        Three workers are needed, and the vote is the only model with it: at .65 % claimed by two coins, and 11 % true,
        no other posterior's claim can be printed as an estimate.
        """
        if self.model != "mv" or self.answers.n_workers < MIN_WORKERS:
            return None
        return agreement(self.answers).error(self.answers, alpha)

    @cached_property
    def type(self) -> Int[np.ndarray, " d"]:
        """The most probable type of each task, -1 where unknown."""
        unknown = np.isnan(self.type_posterior[0])
        return np.where(unknown, -1, np.argmax(np.nan_to_num(self.type_posterior), axis=0))


def crowd_soft_labels(
    answers: Answers,
    *,
    method: str = "auto",
    types: int | str | None = None,
    kind: Kind = "plain",
    with_spectrum: bool = False,
    progress: Progress = SILENT,
) -> CrowdLabels:
    """Infer labels, task types and reliabilities from a crowd's answers.

    method: mv majority vote; te triangular estimation, wls weighted rank-one, each with the weighted vote; ds1, ds2
    one- and two-coin Dawid-Skene EM; types EM over task types; auto the model with the best held-out likelihood.
    types: their number, 1..8. None: one for mv, te, wls, ds1, ds2 (a number splits the tasks first and runs the method
    on each group), automatic for types and auto. "auto": the number of eigenvalues above the noise edge; for the
    method auto, part of the choice.
    kind: see `spectrum`.
    with_spectrum: find the eigenvectors even if the method does without.

    Labels of a type are identified up to a common sign; each type's answers are assumed right more often than wrong.
    Raises InputError for settings out of range and too few workers or tasks; warns of what makes the result doubtful.
    """
    settings = Settings(method, types, kind)
    part = components(answers)
    _, main = _restricted(answers, part == 0)
    plan = make_plan(main, settings, with_spectrum=with_spectrum, progress=progress)
    look_at_answers(answers, part, model=plan.model, types=plan.types, kind=kind)
    logits = np.zeros(answers.n_tasks)
    posterior = np.full((plan.types, answers.n_tasks), np.nan)
    reliability = np.zeros((plan.types, answers.n_workers))
    converged, too_small = True, 0
    for index in range(int(part.max()) + 1):
        workers, here = _restricted(answers, part == index)
        done = _label(here, plan, settings, main=index == 0)
        logits[part == index] = done.logits
        posterior[:, part == index] = done.type_posterior
        reliability[:, workers] = done.reliability
        converged, too_small = converged and done.converged, too_small + done.simpler
        if index == 0 and done.prior is not None:
            logits[part < 0] = done.prior
    if too_small:
        warn(f"{too_small} unconnected parts are too small for {plan.model}; they get a vote or one coin")
    if not converged:
        warn("EM was stopped before it converged")
    return CrowdLabels(
        answers,
        plan.model,
        logits,
        posterior,
        reliability,
        converged,
        part,
        _confounding(plan, posterior, logits),
        plan.choice,
        plan.found,
    )


@dataclass(frozen=True, eq=False)
class _Labelled:
    """One part. prior: log odds of a label without answers.  simpler: a simpler model than planned was used."""

    logits: PerTask
    type_posterior: Float[np.ndarray, "k d"] | float
    reliability: Float[np.ndarray, "k n"]
    converged: bool = True
    prior: float | None = None
    simpler: bool = False


def _label(here: Answers, plan: Plan, settings: Settings, *, main: bool) -> _Labelled:
    """Run the plan on connected answers; on parts too small for it, a vote or one coin with unknown types."""
    n, d = here.n_workers, here.n_tasks
    nobody = np.zeros((1, n))
    if plan.model == "mv":
        counted = settings.method == "mv" or n < MIN_WORKERS
        return _Labelled(majority(here) if counted else agreement(here).logits(here), 1.0, nobody)
    if n < MIN_WORKERS:
        return _Labelled(majority(here), np.nan, nobody, simpler=True)
    if plan.types > 1 and d < MIN_TASKS:
        simple = one_coin(here)
        return _Labelled(simple.logits, np.nan, simple.reliability, simple.converged, simpler=True)
    found = plan.found
    if plan.types > 1 and not main:
        found = spectrum(here, kind=settings.kind)
    if settings.method in ("te", "wls") or (settings.method in ("ds1", "ds2") and plan.types > 1):
        groups = np.zeros(d, dtype=int) if found is None else task_types(found, plan.types)
        return _vote_in_groups(here, groups, plan, settings)
    mixture = candidates(plan.types)[plan.model].fit(here, found)
    return _from_mixture(mixture, 1.0 if plan.choice is None else plan.choice.temperature)


def _vote_in_groups(here: Answers, groups: Int[np.ndarray, " d"], plan: Plan, settings: Settings) -> _Labelled:
    """The one-type method, on all tasks or on each group; the group with the most reliable answers comes first."""
    logits, r = by_groups(here, groups, VOTES[settings.method])
    r = np.vstack([r, np.zeros((plan.types - len(r), here.n_workers))])
    easiest_first = np.argsort(-(r @ here.per_worker), kind="stable")
    return _Labelled(logits, np.eye(plan.types)[easiest_first][:, groups], r[easiest_first])


def _from_mixture(mixture: Mixture, temperature: float) -> _Labelled:
    weights = mixture.weights
    prior = float(np.log(weights[0::2].sum()) - np.log(weights[1::2].sum()))
    return _Labelled(
        mixture.logits / temperature, mixture.type_posterior, mixture.reliability, mixture.converged, prior
    )


def _restricted(answers: Answers, tasks: np.ndarray) -> tuple[np.ndarray, Answers]:
    """The workers who answered some of these tasks, and the answers of both."""
    workers = np.asarray(answers.answered @ tasks.astype(float)) > 0
    return workers, answers if tasks.all() else answers.part(workers, tasks)


def _confounding(plan: Plan, posterior: Float[np.ndarray, "k d"], logits: PerTask) -> float | None:
    """Correlation of type and label over tasks of known type, with a warning where it is large."""
    if plan.types == 1:
        return plan.choice.confounded.get("free") if plan.choice is not None and plan.model == "two" else None
    known = ~np.isnan(posterior[0])
    correlation = type_label_correlation(posterior[:, known], logits[known])
    if (told := told_by_type(posterior[:, known], logits[known])) > CONFOUNDED:
        warn(f"types tell the label (to {told:.2f} of 1): a type is a class; compare --method ds2, two coins")
    return correlation
