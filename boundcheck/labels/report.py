"""The record that `labels check` returns, and the settings that it answers to."""

from dataclasses import dataclass, field
from typing import Literal

from boundcheck.errors import InputError
from boundcheck.labels import complexity
from boundcheck.labels.bias import Bias
from boundcheck.labels.quality import ClassRow
from boundcheck.labels.weak import AdditiveNoise, IncompleteSupervision
from boundcheck.records import LabelCount, Record
from boundcheck.softlabels.calibration import Calibration
from boundcheck.softlabels.estimates import Estimate
from boundcheck.softlabels.probabilities import Ties

ASSUMPTION_C = "assumption C: the label set S is independent of the input x given the class y"
DETERMINISTIC = (
    "assumption C fails for the labels of a model: its label set is a function of x, so the indicators are "
    "diagnostics, not a guarantee (labels from people: --crowd)"
)
IN_SAMPLE = "the labels were made from the same true labels, so the indicators describe this file and estimate nothing"
NO_TRUTH = "calibration: delta is 1 minus the mean weight of the top-k labels, right only if the labels are calibrated"
NO_GUARANTEE = "Delta + gamma >= 1: no guarantee"

KChoice = Literal["given", "half", "all", "only", "default", "candidates"]
"""How k was chosen: by the user, on a random half, on all data, of one possibility, without truth to choose it by."""


@dataclass(frozen=True)
class Settings(Record):
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

    def check(self, classes: int) -> None:
        """Raise InputError for a setting out of range."""
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha = {self.alpha} is outside (0, 1)")
        if self.k is not None and not 1 <= self.k <= classes - 1:
            raise InputError(f"k = {self.k} is outside 1..{classes - 1}; at k = {classes} every label is in every set")
        complexity.check(self.eps, self.failure, natarajan=self.natarajan, class_size=self.class_size)


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
    settings: Settings = field(default_factory=Settings)
    labels: tuple[LabelCount, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def makes_claim(self) -> bool:
        """Whether the indicators can certify or refute anything: there is a truth, and assumption C is not excluded."""
        return self.kappa is not None and self.settings.makes_claim
