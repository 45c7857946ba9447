"""What `labels check` and `labels make` find, and the settings that a check answers to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from boundcheck.records.base import Estimate, Record, jsonable
from boundcheck.records.crowd import LabelCount

ASSUMPTION_C = "assumption C: the label set S is independent of the input x given the class y"
DETERMINISTIC = (
    "assumption C fails for the labels of a model: its label set is a function of x, so the indicators are "
    "diagnostics, not a guarantee (labels from people: --crowd)"
)
IN_SAMPLE = "the labels were made from the same true labels, so the indicators describe this file and estimate nothing"

Ties = Literal["random", "inclusive", "exclusive"]
TeacherKind = Literal["kernel", "network", "smoothing", "file", "crowd"]
KChoice = Literal["given", "half", "all", "only", "default", "candidates"]
"""How k was chosen: by the user, on a random half, on all data, of one possibility, without truth to choose it by."""


@dataclass(frozen=True)
class LabelSettings(Record):
    """What is asked of the report.

    k: size of the label sets, None to choose it.  split: choose k on a random half and certify on the other;
    without it all data serve both and every interval has alpha/(L - 1).  candidates: S is every label of positive
    weight (partial labels), k is not used.  deterministic: the labels are a function of x, as those of every model
    are; without it assumption C is made.  in_sample: they were made from the true labels they are compared with.
    natarajan, class_size: of the student's class.  noise: sigma of one-hot labels plus Gaussian noise.
    soft_fraction: share of soft labels where the others are exact.
    """

    k: int | None = None
    alpha: float = 0.05
    ties: Ties = "random"
    drop_zero: bool = False
    split: bool = True
    candidates: bool = False
    deterministic: bool = True
    in_sample: bool = False
    eps: float = 0.1
    failure: float = 0.05
    natarajan: int = 1
    class_size: int | None = None
    noise: float | None = None
    soft_fraction: float | None = None
    seed: int = 0

    @property
    def assumption(self) -> str:
        """What a certificate rests on, or why there is none."""
        if self.in_sample:
            return IN_SAMPLE
        return DETERMINISTIC if self.deterministic else ASSUMPTION_C

    @property
    def makes_claim(self) -> bool:
        """Whether indicators of such labels may certify or refute anything."""
        return self.assumption == ASSUMPTION_C


@dataclass(frozen=True)
class SampleSize(Record):
    """Examples that one theorem asks for: at the observed indicators, and at their worst confident values.

    None: no guarantee.
    """

    theorem: str
    source: str
    at_value: int | None
    at_bound: int | None


@dataclass(frozen=True)
class Calibration(Record):
    """What n labels of known truth say about calibration.

    ece: expected calibration error of P(class 1) for two classes, of the top label's weight above two.
    error: P(argmax != y), ties broken at random, with a Clopper-Pearson interval that allows for every outcome of ties.
    self_estimated_error: mean of 1 - max_l p_l, the error that the labels claim for themselves.
    brier: E sum_l (p_l - 1[y = l])^2, in [0, 2].  log_loss: E[-ln p_y] in nats, infinite if a true class has weight 0.
    temperature: T minimising the log loss of softmax(logits / T); > 1 means over-confident; None without finite logits.
    log_loss_at_temperature: mean log loss of each half of the rows (split by the seed) at the temperature fitted to
    the other half; finite; None likewise.  impossible: rows whose true class has weight 0, if no logits are known.
    bare: least log loss of the decisions alone, H(error) + error ln(L - 1) in nats; what the weights add to a decision
    is its excess over log_loss_at_temperature.
    confidence: of `ece` and `error` (exact); `brier`, `log_loss`, `temperature` hold for large n only.
    """

    n: int
    bins: int
    ece: Estimate
    error: Estimate
    self_estimated_error: float
    brier: Estimate
    log_loss: Estimate
    temperature: Estimate | None
    log_loss_at_temperature: float | None
    impossible: int
    confidence: float
    bare: float | None = None


@dataclass(frozen=True)
class Bias(Record):
    """Distance of soft labels d from the truth; each interval is Hoeffding's with `confidence` on its own.

    bias: B = E ||d - e_y||_1 = 2 E(1 - d_y), in [0, 2].
    delta_bound: (k+1)/k B/2 at the upper end of B, at least P(y not in Omega_k) by Markov's inequality
    (d_y > 1/(k+1) puts y among the top k); the converse fails. None for candidate sets.
    soft_ce_margin: min over y, l of E[d_y | y] - E[d_l | y]; positive means that soft cross-entropy is consistent
    (under assumption C). None if a class has no example.
    posterior_bias: E|d - eta| against a known posterior eta.  sign_disagreement: P((d - 1/2)(eta - 1/2) < 0).
    """

    bias: Estimate
    delta_bound: float | None
    soft_ce_margin: Estimate | None
    posterior_bias: Estimate | None
    sign_disagreement: Estimate | None
    confidence: float


@dataclass(frozen=True)
class ClassRow(Record):
    """One true class y: how often y is missed, and which wrong label l intrudes most.

    unreliability: P(y not in S | y).  intruder: the l with the largest P(l in S | y), `ambiguity` that probability.
    kappa: min over l of P(y in S | y) - P(l in S | y).  None where the class has no example.
    """

    label: int
    count: int
    unreliability: Estimate | None
    intruder: int | None
    ambiguity: Estimate | None
    kappa: Estimate | None


@dataclass(frozen=True)
class AdditiveNoise(Record):
    """One-hot labels plus N(0, sigma^2) noise: the exact Delta and gamma of the top-k sets."""

    sigma: float
    k: int
    delta: float
    gamma: float


@dataclass(frozen=True)
class IncompleteSupervision(Record):
    """A fraction u of the labels is soft, the rest exact (S = {y}), same class mix in both.

    delta, gamma: u times Delta_max and gamma of the soft part.  kappa: u kappa + 1 - u.
    fraction_limit: Delta_max + gamma of the mixture is below 1 for every u below this, 1/(Delta_max + gamma) at the
    upper ends.  certified: the lower end of kappa is positive (assumption C).
    """

    fraction: float
    delta: Estimate
    gamma: Estimate
    kappa: Estimate
    fraction_limit: float
    certified: bool


@dataclass(frozen=True)
class QualityReport(Record):
    """Quality of n soft labels over L classes (theory: Label sets).

    The indicators are None without truth; self_estimated_delta is then all there is.  n_used: rows behind the
    indicators (half of them where k was chosen on the other half).  certified: the lower end of kappa is positive, so
    that every minimiser of the superset risk is right in the limit, under `assumption`; refuted: its upper end is not
    positive.
    marginal_condition: the upper ends of delta_max and gamma sum to less than 1 (the coarser sufficient condition).
    error_bound: bound on a minimiser's error from n examples if delta is known on average only.
    joint_confidence: of all indicators together; bias and calibration carry their own.
    labels: what every true label of a file means, and how often it occurs.
    """

    n: int
    classes: int
    n_used: int
    k: int | None
    k_choice: KChoice
    delta: Estimate | None
    delta_max: Estimate | None
    gamma: Estimate | None
    kappa: Estimate | None
    psi: Estimate | None
    psi_pairs: Estimate | None
    joint_confidence: float | None
    certified: bool
    refuted: bool
    marginal_condition: bool
    assumption: str
    per_class: tuple[ClassRow, ...] = ()
    sample_sizes: tuple[SampleSize, ...] = ()
    error_bound: float | None = None
    bias: Bias | None = None
    calibration: Calibration | None = None
    additive_noise: AdditiveNoise | None = None
    incomplete_supervision: IncompleteSupervision | None = None
    self_estimated_delta: float | None = None
    settings: LabelSettings = field(default_factory=LabelSettings)
    labels: tuple[LabelCount, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def makes_claim(self) -> bool:
        """Whether the indicators can certify or refute anything: there is a truth, and assumption C is not excluded."""
        return self.kappa is not None and self.settings.makes_claim


@dataclass(frozen=True)
class LabelsMade(Record):
    """What `labels make` did, and the quality of what it made; in JSON the two are one object.

    answers: what the labels of a crowd's answers mean, and how often each occurs; empty for other teachers.
    """

    teacher: TeacherKind
    source: str
    file: str
    n: int
    max_abs_logit: float
    radius: float
    temperature: float
    seed: int
    digest: str
    quality: QualityReport
    answers: tuple[LabelCount, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields of the quality report beside those of the file."""
        own: dict[str, Any] = jsonable(self)
        quality = own.pop("quality")
        own["radius"] = None if math.isnan(self.radius) else self.radius
        return {**quality, **own}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return super().from_json({**body, "quality": body})
