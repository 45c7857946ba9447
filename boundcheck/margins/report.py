"""What the margin stage hands on: the report and the kernel teacher."""

import dataclasses
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from boundcheck.errors import InputError, writing
from boundcheck.records import BoundRow, Interval, Record, jsonable

_KEYS = (
    "q", "logits", "logits_error", "p", "gamma_lower", "gamma_upper", "confidence", "exact", "kind", "radius", "digest",
)  # fmt: skip
# What an archive that is damaged, or none, and values of the wrong shape or type raise.
_UNREADABLE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


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

    def save(self, path: Path, preparation: bytes = b"") -> None:
        """Write the .npz that `load_teacher` reads, with z and z_error under the keys logits and logits_error.

        preparation: what was done to the rows, `Preparation.text()`.  Raises OutputError where the path cannot be
        written.
        """
        interval = self.margin
        with writing(path), path.open("wb") as file:
            np.savez(
                file,
                q=self.q,
                logits=self.z,
                logits_error=self.z_error,
                p=self.p,
                gamma_lower=interval.lower,
                gamma_upper=interval.upper,
                confidence=interval.confidence,
                exact=interval.exact,
                kind=self.kind,
                radius=self.radius,
                digest=self.digest,
                preparation=preparation,
            )


def is_teacher(data: str) -> bool:
    """Whether DATA names a teacher that `margin --save-teacher` wrote, rather than a data set."""
    if not (data.endswith(".npz") and zipfile.is_zipfile(data)):
        return False
    with zipfile.ZipFile(data) as archive:
        return {"gamma_lower.npy", "radius.npy"} <= set(archive.namelist())


def load_teacher(path: Path) -> Teacher:
    """Read what `Teacher.save` wrote; raises InputError for anything else. Nothing is ever unpickled."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = {key: file[key] for key in _KEYS}
        lower, upper, confidence, radius = (
            float(found[key]) for key in ("gamma_lower", "gamma_upper", "confidence", "radius")
        )
        exact = bool(found["exact"])
        if not (0 <= lower <= upper < float("inf") and 0 < radius < float("inf")) or found["logits"].ndim != 1:
            raise ValueError("its numbers are out of range")
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such file; write one with `boundcheck margin DATA --save-teacher FILE`"
        ) from error
    except _UNREADABLE as error:
        raise InputError(f"{path}: not a teacher ({error}); write one with --save-teacher") from error
    kind = str(found["kind"])
    if kind not in ("sup", "rkhs"):
        raise InputError(f"{path}: kind is {kind!r}; a teacher's is sup or rkhs")
    return Teacher(
        q=found["q"],
        z=found["logits"],
        p=found["p"],
        kind="sup" if kind == "sup" else "rkhs",
        margin=Interval(lower, upper, confidence, exact),
        radius=radius,
        digest=str(found["digest"]),
        z_error=found["logits_error"],
    )


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
    """gamma_nu: the margin when only the mean over the worst nu-fraction of the rows counts.  nu: in (0, 1]."""

    nu: float
    gamma_sup: Interval
    gamma_rkhs: Interval


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
    profile: gamma_nu at some nu; gamma_sup there is exact in the plane, and otherwise its outer bounds.  nu_zero: the
    largest nu with gamma_nu = 0, None where it was not asked for.
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
