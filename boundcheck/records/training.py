"""How networks are trained, and what one run gave."""

from dataclasses import dataclass
from typing import Literal

from boundcheck.records.base import Record

Labels = Literal["soft", "hard"]
AnyLabels = Labels | Literal["any"]
"""Of a statement; "any": it holds whatever the labels are."""
Loss = Literal["kl", "logistic", "perceptron"]
AnyLoss = Loss | Literal["any"]
Training = Literal["theorem", "practical"]


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
    """One network trained once. Averages are over t = 0..T-1 (theory: Network and training).

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
