"""What `margin` finds, and the kernel teacher."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from boundcheck.records.base import Interval, Record, jsonable
from boundcheck.records.bounds import BoundRow


@dataclass(frozen=True, eq=False)
class Teacher(Record):
    """The kernel teacher x -> E[v.phi_x] of the maximising field v (theory: Kernel and margin).

    q: (n,) simplex weights.  kind: rkhs, v = s / (E||s||^2)^(1/2) with s = sum_i q_i y_i phi_i, so E||v||^2 = 1; sup,
    about s / ||s||, and ||v|| <= 1 everywhere.  margin: of the norm that `kind` names.  z: (n,) logits E[v.phi_i].
    p: (n,) sigmoid(z).  z_error: (n,) bound on the error of z, at the confidence of `margin` (0: exact up to rounding).
    radius: bound on sup ||v||, the radius B that a network needs to follow v.  digest: of the data set.
    """

    q: Float64[np.ndarray, " n"]
    z: Float64[np.ndarray, " n"]
    p: Float64[np.ndarray, " n"]
    kind: Literal["sup", "rkhs"]
    margin: Interval
    radius: float
    digest: str
    z_error: Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class Limiting(Record):
    """A row that holds the margin down: its index in the source, its label and its share q_i of the optimum.

    rival: the row of the other label in the direction nearest to it.  angle: between the two, in radians.
    """

    row: int
    label: int
    weight: float
    rival: int
    angle: float


@dataclass(frozen=True)
class Moment(Record):
    """The interval as it stood after `seconds`."""

    seconds: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Level(Record):
    """gamma_nu: the margin when only the mean over the worst nu-fraction of the rows counts.  nu: in (0, 1].

    gamma_sup: exact in the plane and where gamma_nu = 0, otherwise sampled, or its outer bounds where nothing was.
    samples, draws: as for the report, of this level alone.
    """

    nu: float
    gamma_sup: Interval
    gamma_rkhs: Interval
    samples: int = 0
    draws: int = 0


@dataclass(frozen=True)
class MarginReport(Record):
    """Both margins of a data set (theory: Kernel and margin).

    gamma_sup: of the paper's Assumption 1; exact in the plane, otherwise at its confidence, or `outer` where nothing
    was sampled.  gamma_rkhs: exact up to its duality gap.  assumption_holds: decided in exact arithmetic on the raw
    rows; conflicts: the source indices of rows that force the margin to be 0.  limiting: the rows with the largest
    weights, at most ten.  outer: [gamma_rkhs^2, min(gamma_rkhs, norm_min / 2)], which contains gamma_sup without any
    sampling.  widths: the published widths at the lower end of gamma_sup, where a target error was given and that end
    is positive; sharpest: the sharpest bounds there, for eps = 0.05 where none was given.  samples: draws for the
    interval, antithetic pairs or single.  interrupted: whether Ctrl-C ended the work.
    draws: the `draws` that give the same numbers without a clock.  profile: gamma_nu at some nu.  nu_zero: the largest
    nu with gamma_nu = 0, None where it was not asked for.
    teacher: not part of the JSON; None where the margin is 0.
    """

    data: str
    n: int
    d: int
    norm_min: float
    norm_max: float
    n_positive: int
    n_negative: int
    gamma_sup: Interval
    gamma_rkhs: Interval
    support_size: int
    assumption_holds: bool
    conflicts: tuple[int, ...]
    limiting: tuple[Limiting, ...]
    outer: Interval
    samples: int
    seconds: float
    history: tuple[Moment, ...] = ()
    interrupted: bool = False
    draws: int = 0
    profile: tuple[Level, ...] = ()
    nu_zero: float | None = None
    widths: tuple[BoundRow, ...] = ()
    sharpest: tuple[BoundRow, ...] = ()
    teacher: Teacher | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Everything but the teacher, which `--save-teacher` writes."""
        return {f.name: jsonable(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "teacher"}
