"""What was found about a crowd."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from boundcheck.records.base import Interval, Record
from boundcheck.records.search import Search


@dataclass(frozen=True)
class LabelCount(Record):
    """One label: what it means (-1 or +1, or the index of a class; None: no label), and how often files have it."""

    label: str
    means: int | None
    answers: int = 0
    truth: int = 0


@dataclass(frozen=True)
class HeldOut(Record):
    """One crowd model that was compared, or `guess`. log_likelihood: mean per held-out answer, in nats.

    behind: how far it is below the best one; standard_error: of that difference, over tasks.
    """

    model: str
    parameters: int
    log_likelihood: float
    behind: float
    standard_error: float


@dataclass(frozen=True)
class PosteriorBin(Record):
    """The tasks with lower <= p < upper (the last bin has p = 1 too).

    known: those of known truth; of these, mean: of p, positive: how many are +1, share: interval for the share of +1.
    """

    lower: float
    upper: float
    tasks: int
    known: int = 0
    mean: float | None = None
    positive: int = 0
    share: Interval | None = None


@dataclass(frozen=True)
class CrowdReport(Record):
    """What a crowd's answers say.

    model: mv, te, wls, one (one coin), two (two coins), scaled (types r and c r), free (two types), typesK.
    types: number of task types in it.  type_sizes: tasks of each type, easiest type first.
    corr_type_label: correlation of the type's posterior with the label's over tasks (near 1: the types are the
    classes); None with one type.  reliability: worker -> 2 P(right) - 1 for each type; empty for mv.
    eigenvalues, edge: of the task similarity and of noise; above_edge eigenvalues exceed it.
    predicted_type_error: share of tasks given the wrong type, if the fitted reliabilities are true (two types).
    held_out: the models compared, if any.  confounded: models left out since their types are the classes, with how
    far types tell the label, in [0, 1].  held_out_temperature: what the log odds of the chosen model were divided by.
    one_type_p_value: parametric bootstrap, if asked for.
    self_estimated_error, self_estimated_error_interval: of the majority vote on the answered tasks, from how often
    workers agree; None for every other model, whose claims were found false on real crowds.
    vote_bounds: on the error of the weighted vote if the model and the reliabilities are exact, else None.
    digest: SHA-256 of the answers.  labels: what every label of the files means, and how often it occurs.
    error, error_interval, ece, temperature (of p as it is; > 1: over-confident), log_loss: against `n_truth` known
    labels.  posterior: p of the answered tasks, in bins of equal width.
    plane: spectral coordinates and type (-1: unknown) of each task of the largest connected part, for a figure.
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
    confounded: Mapping[str, float]
    held_out_temperature: float | None
    one_type_p_value: float | None
    self_estimated_error: float | None
    self_estimated_error_interval: Interval | None
    vote_bounds: tuple[float, float] | None
    assumption: str
    digest: str
    labels: tuple[LabelCount, ...]
    posterior: tuple[PosteriorBin, ...] = ()
    plane: tuple[tuple[float, float, int], ...] = ()
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
    figure: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields; `figure`, the file of the figure, is called `plot`."""
        body = super().to_json()
        return body | {"plot": body.pop("figure")}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return super().from_json({**body, "figure": body.get("plot")})


@dataclass(frozen=True)
class CrowdArm(Record):
    """One kind of labels on one crowd's answers: their error against the truth, and the smallest width.

    crossing: where the fitted success rate crosses the target (None: beyond the widest).
    """

    labels: str
    label_error: float
    search: Search
    crossing: float | None


@dataclass(frozen=True)
class CrowdDraw(Record):
    """One synthetic crowd.  model: of its posterior.  kappa, ece: dominance margin and calibration error of that."""

    seed: int
    model: str
    kappa: Interval
    ece: float
    arms: tuple[CrowdArm, ...]


@dataclass(frozen=True)
class CrowdCount(Record):
    """The posterior against other labels: crowds in which its crossing is at a smaller (`fewer`) or larger width.

    A crossing beyond the widest network is larger than any other; two such are neither.  *_share: exact interval for
    crowds to come.  ratio: interval of the geometric mean of width by posterior / width by the other labels, by
    Student's t over crowds, None where a crossing is unknown or there is one crowd.  answer: yes (fewer in most
    crowds), no (fewer in less than half of them) or cannot be told.
    """

    against: str
    crowds: int
    fewer: int
    more: int
    fewer_share: Interval
    more_share: Interval
    mean_ratio: float | None
    ratio: Interval | None
    answer: str


@dataclass(frozen=True)
class CrowdStudent(Record):
    """The result of `reproduce crowd`.  Errors are against the truth.

    confidence: of the brackets of one crowd together, and of each interval over crowds.  truth: the search with true
    labels, what labels can do at best.
    """

    data: str
    data_sha256: str
    n: int
    d: int
    eps: float
    scenario: str
    workers: int
    confidence: float
    truth: CrowdArm
    draws: tuple[CrowdDraw, ...]
    counts: tuple[CrowdCount, ...]
