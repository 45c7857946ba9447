"""Frozen, JSON-ready records: the only things that cross from one stage to the next.

A record's `to_json()` is the `result` object that the command line prints (DESIGN section 2).
"""

import dataclasses
import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Labels = Literal["soft", "hard"]
Loss = Literal["kl", "logistic", "perceptron"]
Training = Literal["theorem", "practical"]
Against = Literal["gamma", "eps", "n"]
Trend = Literal["falls", "rises", "mixed", "cannot be told", "cut short", "no margin"]


def jsonable(value: Any) -> Any:
    """`value` as JSON types: records become objects, arrays lists, integers stay exact.

    Non-finite floats are left as they are; the output sink turns them into null and warns.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    if hasattr(value, "tolist"):  # numpy and JAX arrays and scalars
        return jsonable(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(v) for v in value]
    return value


def finite_or_none(value: Any) -> tuple[Any, int]:
    """JSON types with every non-finite float replaced by None, and how many there were."""
    if isinstance(value, dict):
        done = {k: finite_or_none(v) for k, v in value.items()}
        return {k: v for k, (v, _) in done.items()}, sum(c for _, c in done.values())
    if isinstance(value, list):
        items = [finite_or_none(v) for v in value]
        return [v for v, _ in items], sum(c for _, c in items)
    if isinstance(value, float) and not math.isfinite(value):
        return None, 1
    return value, 0


class Record:
    """Base of every record that a command returns."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON-ready dict."""
        result: dict[str, Any] = jsonable(self)
        return result


@dataclass(frozen=True)
class Interval(Record):
    """[lower, upper] containing the true value with probability at least `confidence`.

    `exact` says that no sampling is involved: the ends differ by rounding or a proved duality gap only,
    and `confidence` is then 1.
    """

    lower: float
    upper: float
    confidence: float = 1.0
    exact: bool = True

    @property
    def relative_width(self) -> float:
        """(upper - lower) / upper, 0 for the interval [0, 0]."""
        return (self.upper - self.lower) / self.upper if self.upper > 0 else 0.0


@dataclass(frozen=True)
class TrainingSpec(Record):
    """Everything that determines a training run besides the data, the width and the seed.

    radius: B, each neuron stays within B/sqrt(m) of where it began (inf: no projection).
    step_size: eta on the mean loss; steps: T; temperature: tau, the loss is tau * loss(f / tau).
    """

    labels: Labels
    loss: Loss
    radius: float
    step_size: float
    steps: int
    temperature: float = 1.0
    precision: Literal["float32", "float64"] = "float32"


@dataclass(frozen=True)
class TrainingRun(Record):
    """One network trained once. Averages are over t = 0..T-1 (THEORY section 6, trap 6).

    average_error: mean over t of the fraction of samples with y f <= 0 (so 1 at t = 0).
    average_risk: mean over t of the loss (KL divergence, not cross-entropy, for soft labels).
    movement: max over neurons of ||W_j(T) - W_j(0)|| sqrt(m).  flip_fraction: share of (neuron, sample)
    pairs whose activation differs between W(0) and W(T).
    decided_early: the run stopped once its average error could no longer cross eps; the averages are then
    over the steps made, and `average_error_bounds` encloses the full average.
    """

    width: int
    seed: int
    average_error: float
    average_risk: float
    final_error: float
    best_error: float
    flip_fraction: float
    movement: float
    steps: int
    decided_early: bool = False
    average_error_bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Trial(Record):
    """One width of a search: how often training succeeded there (average error at most eps).

    ci: confidence interval of the success probability; the intervals of all trials of a search hold together at
    the search's `confidence`, at every number of seeds.  clopper_pearson: the exact interval of this width alone
    at that confidence, for information; no verdict rests on it.
    mean_error: mean average error; runs stopped early count with the steps they made, so `mean_error_bounds`
    encloses the mean over all steps.  final_error, flip_fraction, movement: means of the runs' own.
    reused: how many of the seeds came from the store.
    """

    width: int
    seeds: int
    successes: int
    ci: tuple[float, float]
    verdict: Literal["succeeds", "fails", "undecided"]
    clopper_pearson: tuple[float, float]
    mean_error: float
    mean_error_bounds: tuple[float, float]
    final_error: float
    flip_fraction: float
    movement: float
    reused: int = 0


@dataclass(frozen=True)
class Search(Record):
    """The smallest even width whose success probability is at least `success_target`.

    bracket: [largest width shown to fail below it (0: none), smallest width shown to succeed (None: none)].
    minimal_width is the latter.  decided: the two are neighbours, so the smallest width is known exactly; or all
    that the seeds allowed at one width can show is shown, and the bracket lies within a factor of two.
    undecided: the widths tried inside the bracket whose success probability their seeds cannot tell from the target.
    stopped: finished (nothing left to try), budget, time, or max_width (no width up to it was shown to succeed).
    non_monotone: pairs (shown to succeed, wider yet shown to fail); success is then not monotone in the width.
    confidence: of everything said about all trials together.  runs: training runs used, `runs_reused` of them
    from the store.
    """

    labels: Labels
    loss: Loss
    eps: float
    success_target: float
    minimal_width: int | None
    bracket: tuple[int, int | None]
    decided: bool
    trials: tuple[Trial, ...]
    undecided: tuple[int, ...]
    non_monotone: tuple[tuple[int, int], ...]
    stopped: Literal["finished", "budget", "time", "max_width"]
    confidence: float
    radius: float
    step_size: float
    steps: int
    temperature: float
    precision: str
    max_width: int
    seed: int
    runs: int
    runs_reused: int
    seconds: float


@dataclass(frozen=True)
class Place(Record):
    """One member of a family: its margin (exact), target error and number of samples."""

    data: str
    gamma: float
    eps: float
    n: int


@dataclass(frozen=True)
class ScalingRow(Record):
    """The searches at one place; `widths` are where the fitted success rate crosses the target (None: beyond)."""

    place: Place
    searches: tuple[Search, ...]
    widths: tuple[float | None, ...]


@dataclass(frozen=True)
class Fit(Record):
    """Least-squares slope of ln(width) against ln(x), with a 95 % interval by resampling the seeds.

    The interval is about the seeds only: it takes the straight line for granted.  beyond: places whose success rate
    reached the target at no width tried.  They enter at the widest, so that the slope is a bound and one end of the
    interval is open (None); all three are None where fewer than three places reached the target.
    bound, bound_exponent: the slope of that bound's widths at the same places; None where no bound speaks of this
    training.  theorem: the power in the bound, for the eye.  A measured exponent does not contradict an upper bound.
    """

    search: str
    exponent: float | None
    lower: float | None
    upper: float | None
    places: int
    beyond: int
    bound: str | None
    bound_exponent: float | None
    theorem: str


@dataclass(frozen=True)
class Scaling(Record):
    """The result of `verify --scaling`."""

    against: Against
    rows: tuple[ScalingRow, ...]
    fits: tuple[Fit, ...]


@dataclass(frozen=True)
class BoundRow(Record):
    """One bound evaluated at one (gamma, eps); `width` and `steps` are exact integers.

    width: the smallest EVEN integer at which the bound holds (symmetric initialisation pairs the neurons).
    steps, step_size None: the floor, the limit of infinitely many infinitely small steps.  radius None: no projection.
    failure_probability: over W(0).  vacuous: the untrained network already satisfies the conclusion.
    """

    bound: str
    labels: Labels
    gamma: float
    eps: float
    width: int
    steps: int | None
    step_size: float | None
    radius: float | None
    failure_probability: float
    vacuous: bool
    source: str
    note: str = ""


@dataclass(frozen=True)
class ScaleRow(Record):
    """Soft labels sigmoid(kappa z), and hard ones, at the same radius B = kappa.

    bounds: the sharp bounds on soft labels at this scale.  *_crossing: where the fitted success rate crosses the
    target, for the eye (None: beyond the widest).
    """

    logit_scale: float
    bounds: tuple[BoundRow, ...]
    soft: Search
    hard: Search
    soft_crossing: float | None
    hard_crossing: float | None


@dataclass(frozen=True)
class LogitScales(Record):
    """The result of `verify --logit-scales`.

    trend: of the smallest width as labels get softer; no margin: no teacher exists.  confidence: of all brackets
    together, and so of `trend` if success is monotone in the width.  fewer_than_hard: scales at which soft labels
    are shown to need fewer neurons than hard labels at the same radius.
    """

    data: str
    n: int
    d: int
    gamma: Interval
    eps: float
    confidence: float
    rows: tuple[ScaleRow, ...]
    fewer_than_hard: tuple[float, ...]
    trend: Trend
    statement: str


Side = Literal["below", "above", "everywhere", "nowhere", "mixed"]


@dataclass(frozen=True)
class Crossover(Record):
    """The margin where two widths are equal, over `gamma_range`.

    soft_smaller: below or above `gamma`; everywhere or nowhere (gamma None) on the range examined; mixed (several
    crossings, gamma is the smallest).
    """

    soft: str
    hard: str
    eps: float
    gamma: float | None
    soft_smaller: Side = "below"
    gamma_range: tuple[float, float] = (0.001, 0.5)


@dataclass(frozen=True)
class HeldOut(Record):
    """One crowd model that was compared. log_likelihood: mean per held-out answer, in nats (-.693 is guessing).

    behind: how far it is below the best one; standard_error: of that difference, over tasks.
    """

    model: str
    parameters: int
    log_likelihood: float
    behind: float
    standard_error: float


@dataclass(frozen=True)
class CrowdReport(Record):
    """What a crowd's answers say.

    model: mv, te, wls, one (one coin), two (two coins), scaled (types r and c r), free (two types), typesK.
    types: number of task types in it.  type_sizes: tasks of each type, easiest type first.
    corr_type_label: correlation of the type's posterior with the label's over tasks (near 1: the types are the
    classes); None with one type.  reliability: worker -> 2 P(right) - 1 for each type; empty for mv.
    eigenvalues, edge: of the task similarity and of noise; above_edge eigenvalues exceed it.
    predicted_type_error: share of tasks given the wrong type, if the fitted reliabilities are true (two types).
    held_out: the models compared, if any.  one_type_p_value: parametric bootstrap, if asked for.
    self_estimated_error: mean of min(p, 1 - p), which assumes that the model is right.
    vote_bounds: on the error of the weighted vote if the model and the reliabilities are exact, else None.
    digest: SHA-256 of the answers.
    error, error_interval, ece, temperature (> 1: over-confident), log_loss: against `n_truth` known labels.
    """

    source: str
    n_workers: int
    n_tasks: int
    n_answers: int
    method: str
    model: str
    types: int
    type_sizes: tuple[int, ...]
    corr_type_label: float | None
    reliability: Mapping[str, tuple[float, ...]]
    duplicates: int
    unanswered: int
    components: int
    converged: bool
    eigenvalues: tuple[float, ...]
    edge: float | None
    above_edge: int | None
    marchenko_pastur: float | None
    predicted_type_error: float | None
    held_out: tuple[HeldOut, ...]
    one_type_p_value: float | None
    self_estimated_error: float
    vote_bounds: tuple[float, float] | None
    assumption: str
    digest: str
    n_truth: int = 0
    error: float | None = None
    error_interval: Interval | None = None
    ece: float | None = None
    ece_interval: Interval | None = None
    temperature: float | None = None
    temperature_interval: Interval | None = None
    log_loss: float | None = None
    log_loss_at_temperature: float | None = None
    output: str | None = None
    plot: str | None = None
