"""What several stages need of numbers: exact binomial intervals, and what results depend on besides their inputs."""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betaincinv

LOGISTIC_SELF_BOUND = 0.4072644
"""h0, at least max over l > 0 of (1 - e^-l)^2/l = 0.40726437758...: |l'|^2 <= h0 l for the logistic loss.

See theory: Logistic loss; the proofs check it.
"""


def derived_seed(*parts: int) -> int:
    """A seed of its own for every tuple of nonnegative integers."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def version(stage: str, number: int) -> str:
    """What results of `stage` depend on besides their inputs: its own version, that of JAX, and the platform."""
    import jax

    return f"{stage} {number}, jax {jax.__version__}, {jax.devices()[0].platform}"


def clopper_pearson_lower(
    count: Int[np.ndarray, "..."], total: Int[np.ndarray, "..."], level: float
) -> Float[np.ndarray, "..."]:
    """Exact one-sided lower limits of binomial proportions: each exceeds the truth with probability <= `level`.

    count: successes in 0..total.  total: trials; no trial gives 0.
    Source: Clopper & Pearson, Biometrika 26 (1934) 404-413.
    """
    count, total = np.broadcast_arrays(count, total)
    limit = betaincinv(np.maximum(count, 1), total - count + 1.0, level)
    return np.where(count > 0, limit, 0.0)


def clopper_pearson_upper(
    count: Int[np.ndarray, "..."], total: Int[np.ndarray, "..."], level: float
) -> Float[np.ndarray, "..."]:
    """Exact one-sided upper limits: each falls below the truth with probability <= `level`; no trial gives 1."""
    return 1.0 - clopper_pearson_lower(np.asarray(total) - np.asarray(count), total, level)


def clopper_pearson(total: int, successes: int, alpha: float) -> tuple[float, float]:
    """Exact two-sided 1 - alpha interval of a binomial proportion, for one fixed number of trials; [0, 1] for none.

    It does not survive looking repeatedly: `search.SuccessTest` does.
    """
    count, trials = np.asarray(successes), np.asarray(total)
    lower, upper = (limit(count, trials, alpha / 2) for limit in (clopper_pearson_lower, clopper_pearson_upper))
    return float(lower), float(upper)
