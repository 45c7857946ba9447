"""Are soft labels calibrated? Expected calibration error, proper scores, fitted temperature.

Unlike the indicators of `quality`, all of these change when the labels are made softer or harder.
"""

import math

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import brentq
from scipy.special import entr, logsumexp, ndtri, softmax

from boundcheck.records.base import Estimate
from boundcheck.records.labels import Calibration
from boundcheck.softlabels.estimates import mean, proportion

BINS = 15


def calibration(
    weights: Float[np.ndarray, "n L"],
    y: Int[np.ndarray, " n"],
    logits: Float[np.ndarray, "n L"] | None = None,
    *,
    alpha: float = 0.05,
    bins: int = BINS,
    seed: int = 0,
) -> Calibration:
    """Calibration of soft labels whose rows sum to 1, against true classes y in 0..L-1.

    logits: finite log-weights up to a constant per row; default ln(weights) where no weight is 0.
    seed: of the two folds. The labels must not have been fitted to y.
    """
    n, classes = weights.shape
    if logits is None and (weights > 0).all():
        logits = np.log(weights)
    if classes == 2:
        claimed, event = weights[:, 1], y == 1
    else:
        claimed, event = weights.max(axis=1), weights.argmax(axis=1) == y
    truth = np.eye(classes)[y]
    with np.errstate(divide="ignore"):
        losses = -np.log(weights[np.arange(n), y]) if logits is None else log_losses(logits, y)
    fitted = logits is not None and n >= 2
    error = _error(weights if logits is None else logits, y, alpha)
    return Calibration(
        n=n,
        bins=bins,
        ece=expected_calibration_error(claimed, event, alpha=alpha, bins=bins),
        error=error,
        self_estimated_error=float(np.mean(1 - weights.max(axis=1))),
        brier=mean(((weights - truth) ** 2).sum(axis=1), alpha),
        log_loss=mean(losses, alpha),
        temperature=fit_temperature(logits, y, alpha=alpha) if logits is not None and fitted else None,
        log_loss_at_temperature=_cross_fitted_log_loss(logits, y, seed) if logits is not None and fitted else None,
        impossible=int(np.isinf(losses).sum()),
        confidence=1 - alpha,
        bare=float(entr(error.value) + entr(1 - error.value) + error.value * math.log(classes - 1)),
    )


def expected_calibration_error(
    claimed: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"], *, alpha: float = 0.05, bins: int = BINS
) -> Estimate:
    """sum over `bins` equal bins of [0, 1] of |E[1(claimed in bin) (event - claimed)]|, with a 1 - alpha interval.

    claimed: (n,) probabilities in [0, 1].  event: (n,) whether it happened.
    The binned error of Guo, Pleiss, Sun & Weinberger (ICML 2017), eq. (3). The plug-in value is biased upward
    (it is positive for perfectly calibrated labels), so the interval is not a bootstrap but
    |plug-in - truth| <= sum_b |deviation of bin b|, whose mean is at most sqrt(K E(event - claimed)^2 / n) over K
    bins (Cauchy-Schwarz; the second moment enters through its Hoeffding upper limit) and which moves by at most 2/n
    with one sample (McDiarmid). It holds at every n, for bins fixed in advance.
    """
    n = len(claimed)
    residual = event.astype(float) - claimed
    index = np.minimum((claimed * bins).astype(int), bins - 1)
    value = float(np.abs(np.bincount(index, residual, minlength=bins)).sum() / n)
    level = math.log(2 / alpha)
    second = min(1.0, float(np.mean(residual**2)) + math.sqrt(level / (2 * n)))
    radius = math.sqrt(bins * second / n) + math.sqrt(2 * level / n)
    return Estimate(value, max(0.0, value - radius), min(1.0, value + radius))


def log_losses(logits: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """-ln softmax(logits)_y of each row, in nats, without underflow."""
    losses: np.ndarray = logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]
    return losses


def fit_temperature(
    logits: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"], *, alpha: float = 0.05, smoothing: float = 0.0
) -> Estimate:
    """The T in [0, inf] that minimises the log loss of softmax(logits / T) over n >= 1 rows.

    The loss is convex in beta = 1/T with derivative E_p[logit] - logit_y. T = 0 where every true class has the
    largest logit (sharper labels always lower the loss), T = inf where the logits are no help or misleading.
    smoothing: the share of every label that is spread evenly over the classes; T is above 0 for any share above 0.
    The interval is the sandwich (large-sample) one in beta.  Source: Guo et al. (ICML 2017) section 4.2.
    """
    true = (1 - smoothing) * logits[np.arange(len(y)), y] + smoothing * logits.mean(axis=1)
    if (true == logits.max(axis=1)).all():
        return Estimate(0.0, 0.0, math.inf if (logits == true[:, None]).all() else 0.0)

    def slope(beta: float) -> Float[np.ndarray, " n"]:
        gap: np.ndarray = (softmax(beta * logits, axis=1) * logits).sum(axis=1) - true
        return gap

    scale = float(np.abs(logits - logits.mean(axis=1, keepdims=True)).max())
    if slope(0.0).mean() >= 0:
        return Estimate(math.inf, 0.0, math.inf)
    high = 1 / scale
    while slope(high).mean() < 0:
        high *= 2
    beta = float(brentq(lambda b: float(slope(b).mean()), 0.0, high, xtol=1e-14 / scale, rtol=1e-12))
    p = softmax(beta * logits, axis=1)
    curvature = float(((p * logits**2).sum(axis=1) - (p * logits).sum(axis=1) ** 2).mean())
    half = (
        float(ndtri(1 - alpha / 2) * np.std(slope(beta)) / (math.sqrt(len(y)) * curvature))
        if curvature > 0
        else math.inf
    )
    low = beta - half
    return Estimate(1 / beta, 1 / (beta + half), 1 / low if low > 0 else math.inf)


def _cross_fitted_log_loss(logits: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"], seed: int) -> float:
    """Mean log loss where each half is scaled by the temperature fitted to the other half; finite.

    The fit spreads one row's worth of labels over the classes, as Platt (1999) does: else a half that is all right asks
    for T = 0, and one wrong row of the other half makes the loss infinite.
    """
    order = np.random.default_rng(seed).permutation(len(y))
    halves = order[::2], order[1::2]
    total = 0.0
    for here, there in (halves, halves[::-1]):
        temperature = fit_temperature(logits[there], y[there], smoothing=1 / (len(there) + 1)).value
        total += float(log_losses(logits[here] / (temperature or 1.0), y[here]).sum())
    return total / len(y)


def _error(scores: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"], alpha: float) -> Estimate:
    """P(argmax != y), a tie for the top broken at random; the interval allows for either outcome of every tie."""
    top = scores.max(axis=1)
    among = scores[np.arange(len(y)), y] == top
    share = among / (scores == top[:, None]).sum(axis=1)
    n, surely_wrong, surely_right = len(y), int((~among).sum()), int((share == 1).sum())
    lower, upper = proportion(surely_wrong, n, alpha).lower, proportion(n - surely_right, n, alpha).upper
    return Estimate(float(1 - share.mean()), lower, upper)
