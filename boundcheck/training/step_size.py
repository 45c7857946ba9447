"""A step size chosen by a stated rule from the data alone, blind to the margin and to the bounds."""

import math

import numpy as np
from jaxtyping import Float

from boundcheck.numerics import LOGISTIC_SELF_BOUND
from boundcheck.records import Loss


def practical_step_size(
    X: Float[np.ndarray, "n d"], loss: Loss, radius: float, steps: int, temperature: float = 1.0
) -> float:
    """Return the step size that minimises the optimisation error of the regret bound at the radius B.

    With kappa = max ||x_i||^2, which bounds ||grad f_i||^2 at every activation pattern, and D2 <= B^2 the
    comparator's squared norm, the average loss exceeds the comparator's by at most

        kl:          D2 / (2 eta T) / (1 - eta kappa / (4 tau)),     least at 2 tau/kappa       (theory: KL risk),
        logistic:    D2 / (2 eta T) / (1 - eta kappa h0 / (2 tau)),  least at tau/(h0 kappa)    (theory: Logistic loss),
        perceptron:  D2 / (2 eta T) + eta kappa / 2,                 least at B/sqrt(kappa T)    (theory: Regret).

    The first two are half of the step at which the bound, and with it the proof of descent, is lost.  Without a
    radius the perceptron is compared with D2 = 1.
    """
    kappa = float(np.max(np.sum(X * X, axis=1)))
    if loss == "kl":
        return 2 * temperature / kappa
    if loss == "logistic":
        return temperature / (LOGISTIC_SELF_BOUND * kappa)
    return (radius if math.isfinite(radius) else 1.0) / math.sqrt(kappa * steps)
