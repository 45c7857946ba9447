"""`soft-data` and `hard-data`: widths that suffice for one data set, from the moments of a field on it.

Everything is chosen before W(0) is drawn: the field and the labels by the data, the radius and the step size by pilot
draws.  So the failure probability over W(0) needs no union over them; and the moments that decide come from draws of
their own, so that their confidence needs none either, except over the widths that are checked (theory: Moments of the
data).
"""

import math
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from boundcheck.bounds.data_dependent import DATA_BOUNDS, DataBound
from boundcheck.bounds.inversion import NoWidthError
from boundcheck.datasets import Data, Dataset, as_dataset
from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.margins.moments import field_logits, moments, worst_mean
from boundcheck.margins.problem import margin_problem
from boundcheck.margins.rkhs import rkhs_margin
from boundcheck.numerics import derived_seed
from boundcheck.progress import SILENT, Progress
from boundcheck.records import BoundRow
from boundcheck.records.moments import FieldMoments

RADII = (1.0, 0.3, 0.1, 0.03, 0.01)  # tried for radius "best": the width falls with B, below .01 by less than 1 %
PILOT_DRAWS, DRAWS = 1 << 15, 1 << 18  # twice as many draws lower widths by 1 to 3 % on digits and breast_cancer
_OPERATIONS = 6e11  # of one sample at most, about half a minute: larger data are given fewer draws
_PILOTS, _CHECKS = 3, 6
_STEP = 1.03  # a width that fails its check by so little is raised by this factor
_STARTS, _WIDEST = (2_000, 16_000, 128_000, 1_024_000), 1 << 40
_MOST_ROWS = 12_000  # whose kernel matrix is held (1.2 GB)


@dataclass(frozen=True, eq=False)
class DataField:
    """A field v = S/||S||, S = sum_i q_i y_i phi_i, and (n,) logits z for the soft labels sigmoid(B z)."""

    q: Float64[np.ndarray, " n"]
    z: Float64[np.ndarray, " n"]


def eps_field(dataset: Dataset, eps: float, *, seed: int = 0, progress: Progress = SILENT) -> DataField:
    """The field of the eps-margin's optimum in the RKHS norm, with its logits from a sample (theory: Eps-margin).

    Raises InputError for more than 12,000 rows.
    """
    X, y = dataset.X, dataset.y.astype(np.float64)
    if len(y) > _MOST_ROWS:
        raise InputError(f"{dataset.name}: data bounds hold n x n numbers, up to {_MOST_ROWS:,} rows; use --subsample")
    progress.update("field of the data bounds")
    q = rkhs_margin(margin_problem(X, y).capped(eps)).q
    return DataField(q, field_logits(X, y, q, draws=default_draws(*X.shape), seed=seed))


def default_draws(n: int, d: int) -> int:
    """DRAWS, or as many as `_OPERATIONS` allow: a draw costs about 6 n d operations."""
    return int(np.clip(_OPERATIONS / (6 * n * d), 1 << 13, DRAWS))


def data_width(
    data: Data,
    bound: str,
    *,
    eps: float = 0.05,
    delta: float = 0.05,
    radius: float | Literal["best"] = 1.0,
    steps: int | None = None,
    step_size: float | None = None,
    field: DataField | None = None,
    gamma: float | None = None,
    confidence: float = 0.99,
    draws: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> BoundRow:
    """A width that suffices for `dataset` with probability 1 - 3 delta over W(0), up to `confidence` in the draws.

    bound: soft-data or hard-data.  radius: B, or "best" of RADII.  steps, step_size: default the floor; the step size
    that makes the width small where only steps are given.  field: default `eps_field`.  gamma: of the data, to put
    into the row.  draws: of one sample, by default 2^18, fewer for large data; a width takes about two samples, 10 to
    60 seconds for 2,000 rows.
    Raises InputError for numbers out of range, and where no width suffices by this field.
    """
    dataset = as_dataset(data)
    theorem, failure = DATA_BOUNDS[bound], float(3 * Fraction(str(delta)))
    for name, value in (("eps", eps), ("3 delta", failure), ("confidence", confidence)):
        if not 0 < value < 1:
            raise InputError(f"{name} {value:g}: must lie strictly between 0 and 1")
    if radius != "best" and not 0 < radius < math.inf:
        raise InputError(f"radius {radius:g}: must be positive, or best")
    field = field or eps_field(dataset, eps, seed=seed, progress=progress)
    search = _Search(dataset, theorem, field, eps, failure, steps, step_size, draws or default_draws(*dataset.X.shape))
    starts = {B: search.begin(B, seed, progress) for B in (RADII if radius == "best" else [radius])}
    B = min(starts, key=lambda B: starts[B][0])
    width, step = starts[B]
    for k in range(1, _PILOTS):  # the last pilot is as sharp as the checks
        few = PILOT_DRAWS if k < _PILOTS - 1 else search.draws
        width, step = search.pilot(B, width, few, derived_seed(seed, k), progress)
    risk = (1 - confidence) / _CHECKS
    for k in range(_CHECKS):
        found = search.sample(B, width, search.draws, 1 - risk, derived_seed(seed, _PILOTS + k), progress)
        if search.slack(found, step) >= 0:
            break
        width = max(search.smallest(found, step), _even(_STEP * width))
    else:
        raise InputError(
            f"{dataset.name}: no width was shown to suffice for {bound}; take more draws than {search.draws:,}"
        )
    at = -worst_mean(-dataset.y * field.z, eps)
    return BoundRow(
        bound=bound,
        labels=theorem.labels,
        loss=theorem.loss,
        gamma=at if gamma is None else gamma,
        eps=eps,
        width=width,
        steps=steps,
        step_size=None if steps is None and step_size is None else step,
        radius=B,
        failure_probability=failure,
        vacuous=False,
        source=theorem.source,
        temperature=1.0,
        criterion="error",
        target=eps,
        note=f"for this data set; moments at {confidence:g} confidence from {found.draws:,} draws",
        family="data",
        margin="eps",
        margin_value=at,
        confidence=confidence,
    )


def data_rows(
    dataset: Dataset,
    theorems: Sequence[DataBound],
    eps: Sequence[float],
    gamma: float,
    *,
    strict: bool = False,
    seed: int = 0,
    progress: Progress = SILENT,
    **settings: Any,
) -> tuple[BoundRow, ...]:
    """`data_width` of these theorems at every eps; one that shows no width is left out with a warning.

    strict: that is an InputError.
    """
    rows = []
    for target in eps if theorems else ():
        field = eps_field(dataset, target, seed=seed, progress=progress)
        for theorem in theorems:
            try:
                row = data_width(
                    dataset, theorem.id, eps=target, field=field, gamma=gamma, seed=seed, progress=progress, **settings
                )
            except InputError as error:
                if strict:
                    raise
                warnings.warn(f"left out: {error}", BoundcheckWarning, stacklevel=2)
            else:
                rows.append(row)
    return tuple(rows)


@dataclass(frozen=True, eq=False)
class _Search:
    """One theorem on one data set: its moments at a radius and a width, and the width that they ask for."""

    dataset: Dataset
    theorem: DataBound
    field: DataField
    eps: float
    failure: float
    steps: int | None
    step_size: float | None
    draws: int

    def sample(
        self, B: float, width: int, draws: int, confidence: float, seed: int, progress: Progress
    ) -> FieldMoments:
        """Moments from fresh draws. Raises InputError for soft labels whose logits B z exceed 1/2."""
        soft = self.theorem.labels == "soft"
        if soft and B * float(np.abs(self.field.z).max()) > 0.5 * (1 + 1e-9):
            raise InputError(f"radius {B:g}: soft labels of logits up to 1/2 are needed; take a smaller one")
        progress.update(f"{self.theorem.id}: moments at width {width:,}, B = {B:g}")
        return moments(
            self.dataset.X,
            self.dataset.y.astype(np.float64),
            self.field.q,
            self.field.z,
            eps=self.eps,
            width=width,
            radius=B,
            draws=draws,
            confidence=confidence,
            covariances=soft,
            seed=seed,
        )

    def pilot(self, B: float, width: int, draws: int, seed: int, progress: Progress) -> tuple[int, float]:
        """The width and the step size that the moments at `width` ask for; where few draws show none, from `draws`."""
        found = self.sample(B, width, draws, 0.99, seed, progress)
        step = self._best_step(found)
        try:
            return self.smallest(found, step), step
        except NoWidthError:
            if draws >= self.draws:
                raise
            return self.pilot(B, width, self.draws, seed, progress)

    def begin(self, B: float, seed: int, progress: Progress) -> tuple[int, float]:
        """The first pilot: where the moments at one width allow none, its slab is wide, and more neurons are tried.

        Raises NoWidthError where the widest allows none either.
        """
        for k, width in enumerate(_STARTS[:-1]):
            with suppress(NoWidthError):
                return self.pilot(B, width, PILOT_DRAWS, derived_seed(seed, 0, k), progress)
        return self.pilot(B, _STARTS[-1], PILOT_DRAWS, derived_seed(seed, 0, len(_STARTS)), progress)

    def slack(self, found: FieldMoments, step: float) -> float:
        """The theorem's condition: the width suffices where it is >= 0."""
        return self.theorem.slack(found, self.failure, step_size=step, steps=self.steps)

    def _best_step(self, found: FieldMoments) -> float:
        """The one asked for; 0 at the floor; else where the slack is largest at this width (any other is valid)."""
        if self.steps is None or self.step_size is not None:
            return self.step_size or 0.0
        from scipy.optimize import minimize_scalar

        most = self.theorem.largest_step * (1.0 if self.theorem.labels == "soft" else found.radius)
        best = minimize_scalar(
            lambda t: -self.slack(found, math.exp(t)),
            bounds=(math.log(1e-6 * most), math.log(0.99 * most)),
            method="bounded",
        )
        return float(f"{math.exp(best.x):.3e}")

    def smallest(self, found: FieldMoments, step: float) -> int:
        """About the smallest width that would suffice if the moments stayed what they are."""
        suffices = partial(self._suffices, found, step)
        high = 2
        while not suffices(high):
            high *= 2
            if high > _WIDEST:
                raise NoWidthError(
                    f"no width suffices for {self.theorem.id} by this field: its margin over the worst rows is not "
                    "positive, or the steps are too few"
                )
        low = high // 2
        while high - low > max(2, high // 500):
            middle = _even((low + high) / 2)
            low, high = (low, middle) if suffices(middle) else (middle, high)
        return _even(high)

    def _suffices(self, found: FieldMoments, step: float, width: int) -> bool:
        return self.slack(replace(found, width=width), step) >= 0


def _even(width: float) -> int:
    return 2 * int(np.ceil(width / 2))
