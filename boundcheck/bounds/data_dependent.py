"""Does a width suffice for this very data set? Conditions on the moments of a field (theory: Moments of the data).

With f the logit of the comparator under any activations within the radius, in units of B, and z the label's logit,

    rms_i |f_i - z_i|  <=  bias + D,                                 D by Bousquet's inequality,                   (E)
    sum_i w_i (-y_i f_i)  <=  shortfall + C,  all w_i <= 1/(eps n),   C by exponential moments of the rows,         (C)

where (C) holds with probability 1 - d for  C = min over lambda of (1/lambda) ln[ (1/(eps d)) mean_i E e^{lambda G_i} ],
G_i the deviation of row i: by Jensen, sum_i w_i G_i <= (1/lambda) ln((1/(eps n)) sum_i e^{lambda G_i}), and Markov.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from boundcheck.bounds.bound import UPPER, Hypothesis
from boundcheck.bounds.hypotheses import HARD_LABELS, NETWORK, PERCEPTRON, PROJECTED
from boundcheck.errors import InputError
from boundcheck.records import Labels, Loss
from boundcheck.records.bounds import Family
from boundcheck.records.moments import FieldMoments

SLOPE = 0.2449  # tanh(1/4)/1 rounded down: the least tanh(g/2)/(2g) for logits |g| <= 1/2
_SHARES = (0.5, 0.7, 0.8, 0.9, 0.95)  # of the failure probability, for (E); any is valid, they differ by under 2 %
_LAMBDAS = 200


Slack = Callable[..., float]


@dataclass(frozen=True)
class DataBound:
    """A theorem whose width is read off one data set: `slack(moments, failure, step_size=, steps=)` >= 0 suffices.

    condition, latex: the same in symbols.  largest_step: step sizes, in units of the radius for hard labels, below it.
    """

    id: str
    labels: Labels
    loss: Loss
    title: str
    quantifiers: str
    hypotheses: tuple[Hypothesis, ...]
    condition: str
    latex: str
    slack: Slack
    largest_step: float
    statement: str = "The average over t < T of the error R(W(t)), the share of samples with y f <= 0, is at most eps."
    source: str = "theory: Moments of the data"
    direction: str = UPPER
    family: Family = "data"
    reads: frozenset[str] = frozenset({"steps", "step_size", "logit_scale"})


def soft_slack(moments: FieldMoments, failure: float, *, step_size: float = 0.0, steps: int | None = None) -> float:
    """How far the width satisfies Corollary 4# with these moments; it suffices where the result is >= 0.

    Labels sigmoid(B z) with |B z| <= 1/2, KL loss, radius B.  With rho = 1 - eta/8 and a = 1/(2 rho):

        sqrt(eps s rho) A >= sqrt( 1/(2 eta T) + rms^2/(16 rho) ),
        A = -(2 - 2a) undershoot - (2a - 1) shortfall - a C.

    failure: over W(0), in (0, 1).  steps None: infinitely many; step_size 0: infinitely small.
    Raises InputError for a step size of 4 or more, for which a exceeds 1.
    """
    if not 0 <= step_size < 4:
        raise InputError(f"step size {step_size:g}: the data-dependent bound for soft labels needs one below 4")
    rho = 1 - step_size / 8
    a = 1 / (2 * rho)
    inverse_time = 0.0 if steps is None else 1 / (2 * step_size * steps)  # ||D||^2 <= B^2, in units of B^2
    best = -math.inf
    for share in _SHARES:
        rms = moments.bias + deviation(moments, share * failure)
        margin = -(2 - 2 * a) * moments.undershoot - (2 * a - 1) * moments.shortfall
        margin -= a * worst_deviation(moments, (1 - share) * failure)
        best = max(best, math.sqrt(moments.eps * SLOPE * rho) * margin - math.sqrt(inverse_time + rms**2 / (16 * rho)))
    return best


def perceptron_slack(
    moments: FieldMoments, failure: float, *, step_size: float = 0.0, steps: int | None = None
) -> float:
    """How far the width satisfies the perceptron's condition, hard labels; it suffices where the result is >= 0.

    In units of B:  -shortfall - C >= eta/(2 B) + B/(2 eta T eps).
    """
    inverse_time = 0.0 if steps is None else moments.radius / (2 * step_size * steps * moments.eps)
    return -moments.shortfall - worst_deviation(moments, failure) - step_size / (2 * moments.radius) - inverse_time


def deviation(moments: FieldMoments, risk: float) -> float:
    """D of (E): N = m/2 independent vectors of weak variance s and reach R, mean norm at most the root of variances.

    Bousquet (2002): Z <= E Z + sqrt(2 t (s + 2 R E Z)/N) + R t/(3 N) with probability 1 - e^-t.
    """
    N, t = moments.width / 2, -math.log(risk)
    mean = (math.sqrt(moments.variance) + math.sqrt(moments.flip_variance)) / math.sqrt(N)
    weak = (math.sqrt(moments.weak_variance) + math.sqrt(moments.flip_weak_variance)) ** 2
    return mean + math.sqrt(2 * t * (weak + 2 * moments.reach * mean) / N) + moments.reach * t / (3 * N)


def worst_deviation(moments: FieldMoments, risk: float) -> float:
    """C of (C): ln E e^{lambda G_i} <= (lambda^2/N) var_i / (2 (1 - lambda r/(3 N))) (Bernstein), any lambda < 3N/r."""
    N = moments.width / 2
    grid = np.geomspace(1e-3, 0.99, _LAMBDAS) * 3 * N / moments.row_reach
    exponent = grid[:, None] ** 2 / N * moments.row_variance / (2 * (1 - grid * moments.row_reach / (3 * N)))[:, None]
    top = exponent.max(axis=1)
    means = top + np.log(np.exp(exponent - top[:, None]).mean(axis=1))
    return float(((means - math.log(moments.eps * risk)) / grid).min())


_FIELD = Hypothesis(
    "a field v with ||v(w)|| <= 1 that does not depend on W(0); its moments along the rows are bounded from fresh draws"
)
_ROWS = Hypothesis("0 < ||x_i|| <= 1")
_QUANTIFIERS = (
    "for this data set and this field, with probability at least 1 - delta_tot over W(0) and up to the confidence of "
    "the draws, for all step sizes eta {} and all T that satisfy the condition at once"
)
SOFT_DATA = DataBound(
    id="soft-data",
    labels="soft",
    loss="kl",
    title="Corollary 4# with the data's own moments",
    quantifiers=_QUANTIFIERS.format("< 4"),
    hypotheses=(
        NETWORK,
        PROJECTED,
        _ROWS,
        _FIELD,
        Hypothesis("soft labels p_i = sigmoid(B z_i) with |B z_i| <= 1/2; z_i close to the logit of v makes m small"),
    ),
    condition="sqrt(eps s rho) A >= sqrt(1/(2 eta T) + (bias + D)^2/(16 rho)), "
    "A = -(2 - 1/rho) undershoot - (1/rho - 1) shortfall - C/(2 rho), rho = 1 - eta/8",
    latex=r"\sqrt{\varepsilon s\rho}\,A\ge\sqrt{\frac1{2\eta T}+\frac{(b+D)^2}{16\rho}}",
    slack=soft_slack,
    largest_step=4.0,
)
HARD_DATA = DataBound(
    id="hard-data",
    labels="hard",
    loss="perceptron",
    title="Perceptron loss with the data's own moments",
    quantifiers=_QUANTIFIERS.format("> 0"),
    hypotheses=(NETWORK, PROJECTED, _ROWS, _FIELD, HARD_LABELS, PERCEPTRON),
    condition="-shortfall - C >= eta/(2 B) + B/(2 eta T eps)",
    latex=r"-\mathrm{shortfall}-C\ge\frac\eta{2B}+\frac B{2\eta T\varepsilon}",
    slack=perceptron_slack,
    largest_step=1.0,
)
DATA_BOUNDS = {bound.id: bound for bound in (SOFT_DATA, HARD_DATA)}
