"""Three settings of weak supervision in which Delta and gamma are known in closed form (theory: Special label sets)."""

import math

import numpy as np
from scipy.integrate import quad
from scipy.stats import binom, norm

from boundcheck.errors import InputError
from boundcheck.labels.quality import Indicators
from boundcheck.records.base import Estimate
from boundcheck.records.labels import AdditiveNoise, IncompleteSupervision
from boundcheck.softlabels.probabilities import SoftLabels, soft_labels


def additive_noise(sigma: float, k: int, classes: int) -> AdditiveNoise:
    """Delta = int phi(t) P(Bin(L-1, 1 - Phi(t + 1/sigma)) >= k) dt and gamma = (k - 1 + Delta)/(L - 1).

    sigma > 0: standard deviation of the noise on each weight; 1 <= k <= L - 1.
    gamma is exact because the L - 1 wrong labels are exchangeable and the set has k members.
    See theory: Special label sets.
    """
    if not (sigma > 0 and math.isfinite(sigma)):
        raise InputError(f"noise {sigma}: give a standard deviation above 0")

    def density(t: float) -> float:
        return float(norm.pdf(t) * binom.sf(k - 1, classes - 1, norm.sf(t + 1 / sigma)))

    delta = float(quad(density, -12, 12, points=[-1 / sigma] if sigma > 0.09 else None, limit=400, epsabs=1e-13)[0])
    return AdditiveNoise(sigma, k, delta, (k - 1 + delta) / (classes - 1))


def incomplete_supervision(soft: Indicators, fraction: float) -> IncompleteSupervision:
    """Indicators of the mixture when a fraction in (0, 1] carries the soft labels described by `soft`."""
    if not 0 < fraction <= 1:
        raise InputError(f"fraction {fraction} of soft labels is outside (0, 1]")
    u, worst = fraction, soft.delta_max.upper + soft.gamma.upper
    kappa = _mix(soft.kappa, u, exact=1.0)
    return IncompleteSupervision(
        fraction=u,
        delta=_mix(soft.delta_max, u, exact=0.0),
        gamma=_mix(soft.gamma, u, exact=0.0),
        kappa=kappa,
        fraction_limit=1 / worst if worst > 0 else math.inf,
        certified=kappa.lower > 0,
    )


def _mix(part: Estimate, fraction: float, exact: float) -> Estimate:
    """fraction * part + (1 - fraction) * exact, `exact` the value at labels that are right."""
    value, lower, upper = (fraction * x + (1 - fraction) * exact for x in (part.value, part.lower, part.upper))
    return Estimate(value, lower, upper)


def partial_labels(candidates: np.ndarray, *, where: str = "p") -> SoftLabels:
    """Candidate sets, an (n, L) 0/1 array with at least one 1 a row, as soft labels that share weight equally.

    The label set is then every label of positive weight. Raises InputError otherwise.
    """
    sets = np.asarray(candidates)
    if sets.ndim != 2 or not np.isin(sets, (0, 1)).all():
        raise InputError(f"{where}: candidate sets are an (n, L) array of 0 and 1; this one is not")
    size = sets.sum(axis=1, dtype=float)
    if (size == 0).any():
        raise InputError(f"{where}: row {int(size.argmin())} has no candidate; give at least one per row")
    return soft_labels(sets / size[:, None], where=where)
