"""What given soft labels cost to follow: KL divergence against radius, and width (theory: Any teacher)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from boundcheck.bounds.soft_agnostic import width_to_follow
from boundcheck.datasets import Dataset
from boundcheck.errors import InputError
from boundcheck.kernels import limiting_kernel
from boundcheck.labels.follow import Clipped, Fit, clipped, fit, risk
from boundcheck.numerics import clopper_pearson
from boundcheck.progress import Progress
from boundcheck.records import Interval
from boundcheck.records.base import Estimate
from boundcheck.records.label_cost import CostRow, Followed, LabelsCost
from boundcheck.softlabels.probabilities import probabilities

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
MOST_ROWS = 10_000  # a fit solves n x n systems
CONFIDENCE = 0.99
PILOT_DRAWS, DRAWS = 1 << 13, 1 << 16  # a pilot chooses field and radius; fresh draws say what it then is worth
_RIDGES, _FIRST_RIDGE, _RATIO = 14, 0.2, 4.0  # times the mean of K_ii; widths are flat within a factor 4 of the best
_CLIPS = 2.0 ** np.arange(-2.5, 1.5, 0.5)  # of the field's root mean square length
_RISES = 2  # a path of ridges ends after so many that ask for more neurons
_FOLDS = 5  # one of which is held out
NEARLY = 2.0  # widths within this factor of the smallest are as good; the lowest temperature keeps most information


@dataclass(frozen=True, eq=False)
class Candidate:
    """A fit, its clipped fields as the pilot saw them, and upper bounds of what each leaves."""

    fit: Fit
    fields: Clipped
    upper: Float64[np.ndarray, " k"]


class Teacher:
    """Soft labels for the rows of a data set, and the kernel that is to follow them.

    Raises InputError for more than MOST_ROWS rows, and for labels that say nothing (p = 1/2 everywhere).
    """

    def __init__(self, data: Dataset, logits: Float64[np.ndarray, " n"], seed: int) -> None:
        if len(data.y) > MOST_ROWS:
            raise InputError(f"{data.name}: {len(data.y):,} rows; give --subsample {MOST_ROWS} or less")
        if not logits.any():
            raise InputError(f"{data.name}: every soft label is 1/2, there is nothing to follow")
        self.data, self.logits, self.seed = data, logits, seed
        self.K = limiting_kernel(data.X)
        self.held_out = _one_fold(data.X, seed)

    def nearest(self, share: float, risk_of_draws: float = 1 - CONFIDENCE) -> Followed:
        """The field of least norm that leaves at most `share` of the KL divergence of f = 0, else that leaves least.

        Both ends are shares of that divergence; the upper one is the pilot's.
        """
        p = probabilities(self.logits)
        untrained, tried = float(risk(p, np.zeros(1))), []
        for candidate in self._path(p, risk_of_draws):
            tried.append(candidate)
            if len(tried) > 1 and tried[-2].upper.min() <= share * untrained:  # one fit beyond, which may need less
                break
        front = [replace(f, lower=f.lower / untrained, upper=f.upper / untrained) for f in _front(tried)]
        return next((point for point in front if point.upper <= share), front[-1])

    def cost(self, temperature: float, share: float, failure: float, risk_of_draws: float) -> CostRow:
        """The cheapest field of the path at this temperature, measured anew with probability 1 - risk_of_draws."""
        p = probabilities(self.logits / temperature)
        untrained = float(risk(p, np.zeros(1)))
        target, tried = share * untrained, []
        least, chosen, radius, rises = math.inf, None, 0.0, 0
        for candidate in self._path(p, risk_of_draws):
            tried.append(candidate)
            widths = _rough_widths(candidate, target, failure)
            k = int(np.argmin(widths))
            if widths[k] < least:
                least, chosen, radius, rises = float(widths[k]), candidate.fit, float(candidate.fields.radii[k]), 0
            elif math.isfinite(least):
                rises += 1
            if rises == _RISES:
                break
        row = CostRow(temperature, untrained, None, None, None, None, _front(tried))
        if chosen is None:
            return row
        upper = float(self._sampled(chosen.weights, radius, DRAWS).risk_upper(p, risk_of_draws)[0])
        lower = max(candidate.fit.least_risk(radius) for candidate in tried)
        return replace(
            row,
            radius=radius,
            kl_floor=Interval(lower, upper, 1 - risk_of_draws, exact=False),
            width=width_to_follow(radius, upper, target, failure=failure) if upper < target else None,
            follower=self._follower(p, chosen.ridge, radius),
        )

    def _path(self, p: Float64[np.ndarray, " n"], failure: float) -> Iterator[Candidate]:
        """Fields of growing norm, each with its upper bounds of R* at `failure`."""
        ridge, weights = _FIRST_RIDGE * float(np.trace(self.K)) / len(p), None
        for _ in range(_RIDGES):
            found = fit(self.K, p, ridge, weights)
            fields = clipped(self.data.X, found.weights, found.norm * _CLIPS, draws=PILOT_DRAWS, seed=self.seed)
            yield Candidate(found, fields, fields.risk_upper(p, failure))
            ridge, weights = ridge / _RATIO, found.weights

    def _sampled(self, weights: Float64[np.ndarray, " n"], radius: float, draws: int) -> Clipped:
        """One field along all rows, from draws that no choice has seen."""
        return clipped(self.data.X, weights, np.array([radius]), draws=draws, seed=self.seed + 1)

    def _follower(self, p: Float64[np.ndarray, " n"], ridge: float, radius: float) -> Estimate:
        """Agreement with the teacher's decisions on the rows held out; the teacher's undecided ones (p = 1/2) aside."""
        rows = ~self.held_out
        weights = np.zeros(len(p))
        weights[rows] = fit(self.K[np.ix_(rows, rows)], p[rows], ridge).weights
        z = self._sampled(weights, radius, PILOT_DRAWS).logits[0]
        decided = self.held_out & (self.logits != 0)
        agreed, total = int((self.logits * z > 0)[decided].sum()), int(decided.sum())
        low, high = clopper_pearson(total, agreed, 0.05) if total else (0.0, 1.0)
        return Estimate(agreed / max(total, 1), low, high)


def labels_cost(
    data: Dataset,
    logits: Float64[np.ndarray, " n"],
    source: str,
    *,
    share: float,
    temperatures: Sequence[float],
    failure: float,
    seed: int,
    progress: Progress,
) -> LabelsCost:
    """The record of `labels cost`; its measurements hold together with probability CONFIDENCE."""
    teacher = Teacher(data, logits, seed)
    rows = []
    for i, temperature in enumerate(temperatures):
        progress.update(f"temperature {temperature:g}", i, len(temperatures))
        rows.append(teacher.cost(temperature, share, failure, (1 - CONFIDENCE) / len(temperatures)))
    widths = [row.width for row in rows if row.width is not None]
    near = [row.temperature for row in rows if row.width is not None and row.width <= NEARLY * min(widths)]
    held_out = int(teacher.held_out.sum())
    best = min(near, default=None)
    return LabelsCost(data.name, len(data.y), source, share, failure, CONFIDENCE, held_out, tuple(rows), best)


def _one_fold(X: Float64[np.ndarray, "n d"], seed: int) -> Bool[np.ndarray, " n"]:
    """A random fold of the distinct rows."""
    group = np.unique(X, axis=0, return_inverse=True)[1].reshape(-1)
    fold = np.random.default_rng(seed).permutation(int(group.max()) + 1) % _FOLDS
    return np.asarray(fold[group] == 0)


def _rough_widths(candidate: Candidate, target: float, failure: float) -> Float64[np.ndarray, " k"]:
    """The closed form with Hoeffding's flips, to choose by; infinite where the field itself leaves too much."""
    B = candidate.fields.radii
    room = np.sqrt(target) - np.sqrt(candidate.upper)
    errors = 2 + 2 * math.sqrt(2 * math.log(2 / failure)) + math.sqrt(2 / math.pi) * B
    with np.errstate(divide="ignore"):
        return np.where(room > 0, B**2 * errors**2 / (8 * room**2), math.inf)


def _front(tried: Sequence[Candidate]) -> tuple[Followed, ...]:
    """The fields that no other one of smaller norm beats, by growing norm."""
    pairs = [pair for c in tried for pair in zip(c.fields.radii.tolist(), c.upper.tolist(), strict=True)]
    front: list[Followed] = []
    for radius, upper in sorted(pairs):
        if not front or upper < front[-1].upper:
            front.append(Followed(radius, max(c.fit.least_risk(radius) for c in tried), upper))
    return tuple(front)
