"""What a data set and a field say about the logits of a random network: the input of the data-dependent bounds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from boundcheck.records.base import Record


@dataclass(frozen=True, eq=False)
class FieldMoments(Record):
    """Moments of one pair of neurons at a width and a radius, each bounded from its unsafe side.

    A pair adds v.x_i to the logit of row i while it is active, and half of it, give or take `half-width`, while it can
    flip (|g| <= B ||x_i||/sqrt(m)); everything is in units of the radius B.  All bounds hold at once with probability
    `confidence` over the draws.

    width, radius, eps, rows: m, B, the target error, n.
    variance: mean over rows of the variance of the contribution.  weak_variance: largest eigenvalue of its covariance
    over n.  flip_variance, flip_weak_variance: the same for the half-widths, about 0.
    reach: bound on the Euclidean norm of contribution and half-width about their means, over sqrt(n).
    bias: root mean square over rows of |mean contribution - label's logit| + mean half-width.
    shortfall, undershoot: mean over the worst eps of the rows of -y E[contribution] + E[half-width], and of its
    mean with -y z, z the label's logit over B.  Negative where the field separates the rows.
    row_variance: (n,) of -y contribution + half-width.  row_reach: bound on it about its mean.
    """

    width: int
    radius: float
    eps: float
    rows: int
    draws: int
    confidence: float
    variance: float
    weak_variance: float
    flip_variance: float
    flip_weak_variance: float
    reach: float
    bias: float
    shortfall: float
    undershoot: float
    row_variance: Float64[np.ndarray, " n"]
    row_reach: float
