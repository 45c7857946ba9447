"""Where a success rate crosses its target, and the power with which that width grows along a family."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import isotonic_regression

from boundcheck.records import Search, Trial

RESAMPLES = 999
LEAST_PLACES = 3


@dataclass(frozen=True)
class Exponent:
    """Least-squares slope of ln(width) against ln(x), with a 95 % interval; an end is None where it is open."""

    value: float
    lower: float | None
    upper: float | None


def crossing(trials: Sequence[Trial], target: float) -> float | None:
    """Width at which the success rate, made monotone, crosses `target`; linear in ln(width) between two widths.

    None where the rate never reaches the target at a width tried.
    """
    counts = np.array([[t.width, t.successes, t.seeds] for t in sorted(trials, key=lambda t: t.width)], dtype=float)
    return _cross(counts[:, 0], counts[:, 1], counts[:, 2], target) if len(counts) else None


def reached_at_once(search: Search) -> bool:
    """Whether the narrowest width tried reaches the target already, so that the crossing is at most that width."""
    return crossing(search.trials, search.success_target) == min((t.width for t in search.trials), default=0)


def monotone(values: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """Weighted least-squares fit of a non-decreasing sequence (pool adjacent violators)."""
    return np.asarray(isotonic_regression(values, weights=weights).x)


def slope(x: Float[np.ndarray, " k"], y: Float[np.ndarray, " k"]) -> float:
    """Least-squares slope of y against x."""
    return float(_leverage(x) @ y)


def exponent(x: Sequence[float], searches: Sequence[Search], rng: np.random.Generator) -> Exponent | None:
    """Fit ln(crossing) against ln(x); the interval resamples the seeds and takes the straight line for granted.

    A search that never reached its target is censored: its crossing lies above the widest width tried, where it is
    put. One whose narrowest width reached it is censored, too: its crossing lies at or below that width. The slope is
    then a bound on one side (on neither, if such places pull it both ways) and the interval is open on the other.
    None where fewer than LEAST_PLACES places have a crossing between two widths.
    """
    limits = [max((t.width for t in s.trials), default=2) for s in searches]
    widths = [crossing(s.trials, s.success_target) for s in searches]
    beyond = np.array([width is None for width in widths])
    below = np.array([reached_at_once(s) for s in searches])
    if len(widths) - (beyond | below).sum() < LEAST_PLACES:
        return None
    leverage = _leverage(np.log(x))
    drawn = [_resampled(s, limit, rng) for s, limit in zip(searches, limits, strict=True)]
    low, high = np.quantile(leverage @ np.log(drawn), [0.025, 0.975])
    value = leverage @ np.log([width or limit for width, limit in zip(widths, limits, strict=True)])
    return Exponent(
        value=float(value),
        lower=None if np.any(leverage[beyond] < 0) or np.any(leverage[below] > 0) else float(low),
        upper=None if np.any(leverage[beyond] > 0) or np.any(leverage[below] < 0) else float(high),
    )


def _leverage(x: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """The weights that make the slope of the values at x."""
    centred = x - x.mean()
    return np.asarray(centred / (centred @ centred))


def _cross(
    widths: Float[np.ndarray, " k"], successes: Float[np.ndarray, " k"], seeds: Float[np.ndarray, " k"], target: float
) -> float | None:
    rate = monotone(successes / seeds, seeds)
    above = np.flatnonzero(rate >= target)
    if not len(above):
        return None
    i = int(above[0])
    if i == 0:
        return float(widths[0])
    share = (target - rate[i - 1]) / (rate[i] - rate[i - 1])
    return float(np.exp(np.log(widths[i - 1]) + share * np.log(widths[i] / widths[i - 1])))


def _resampled(search: Search, limit: int, rng: np.random.Generator) -> Float[np.ndarray, " r"]:
    """Crossings with every width's successes drawn anew; a rate of 0 or 1 is moved inside by half a run."""
    if not search.trials:
        return np.full(RESAMPLES, float(limit))
    counts = [[t.width, t.successes, t.seeds] for t in sorted(search.trials, key=lambda t: t.width)]
    widths, successes, seeds = np.array(counts, dtype=float).T
    rate = (successes + 0.5) / (seeds + 1)
    draws = rng.binomial(seeds.astype(int), rate, size=(RESAMPLES, len(seeds)))
    return np.array([_cross(widths, draw, seeds, search.success_target) or limit for draw in draws])
