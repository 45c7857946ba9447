"""The kernel teacher on disk."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from boundcheck.errors import InputError, writing
from boundcheck.records import Interval
from boundcheck.records.margin import Teacher

_KEYS = (
    "q", "logits", "logits_error", "p", "gamma_lower", "gamma_upper", "confidence", "exact", "kind", "radius", "digest",
)  # fmt: skip
# What an archive that is damaged, or none, and values of the wrong shape or type raise.
_UNREADABLE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


def save_teacher(teacher: Teacher, path: Path, preparation: bytes = b"") -> None:
    """Write the .npz that `load_teacher` reads, with z and z_error under the keys logits and logits_error.

    preparation: what was done to the rows, `Preparation.text()`.  Raises OutputError where the path cannot be
    written.
    """
    interval = teacher.margin
    with writing(path), path.open("wb") as file:
        np.savez(
            file,
            q=teacher.q,
            logits=teacher.z,
            logits_error=teacher.z_error,
            p=teacher.p,
            gamma_lower=interval.lower,
            gamma_upper=interval.upper,
            confidence=interval.confidence,
            exact=interval.exact,
            kind=teacher.kind,
            radius=teacher.radius,
            digest=teacher.digest,
            preparation=preparation,
        )


def is_teacher(data: str) -> bool:
    """Whether DATA names a teacher that `margin --save-teacher` wrote, rather than a data set."""
    if not (data.endswith(".npz") and zipfile.is_zipfile(data)):
        return False
    with zipfile.ZipFile(data) as archive:
        return {"gamma_lower.npy", "radius.npy"} <= set(archive.namelist())


def load_teacher(path: Path) -> Teacher:
    """Read what `save_teacher` wrote; raises InputError for anything else. Nothing is ever unpickled."""
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
