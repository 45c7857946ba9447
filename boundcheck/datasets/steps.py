"""Preparation of the rows: steps that are learned on training rows, recorded, and applied to any rows.

Every theorem holds for any fixed map of the inputs into the unit ball (theory: Preparation of the rows), so the
steps are part of the data. Statistics are those of the training rows; other rows go through the same map.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from boundcheck.datasets.norms import NORMALIZATIONS
from boundcheck.errors import InputError, listed, quoted
from boundcheck.records import jsonable

_CONSTANT = 1e-12  # a deviation below this times the largest entry is rounding
_KEPT = 1000  # numbers of one kind that the manifest shows; of more only how many there are

Learned = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Rows:
    """X: (n, d), NaN where a value is missing.  names: of the columns.  index: (n,) which row of the data each is.

    levels: column -> its categories, for those columns whose numbers are indices into them.
    """

    X: Shaped[np.ndarray, "n d"]
    names: tuple[str, ...]
    index: Int64[np.ndarray, " n"]
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Step:
    """One step.  learned: the numbers and names it took from the training rows.  said: what it left out or changed."""

    name: str
    parameter: float | int | str | None
    learned: Learned
    said: str = ""

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}={self.parameter}"

    def apply(self, rows: Rows) -> Rows:
        """The same step on any rows with the same columns."""
        return STEPS[self.name][2](rows, self.learned)


@dataclass(frozen=True, eq=False)
class Preparation:
    """The whole map from the rows of a source into the unit ball.

    scale: by which rows are divided first (255 for uint8 images).  steps: in order.  normalize: max, unit or none,
    the last step.  norm: the largest norm of the training rows, by which max divides.  before: what had been done to
    the rows of a prepared file.
    """

    scale: float = 1.0
    steps: tuple[Step, ...] = ()
    normalize: str = "none"
    norm: float = 1.0
    before: "Preparation | None" = None

    def apply(self, X: Any) -> Float64[np.ndarray, "n d"]:
        """Rows (n, d) of numbers, such as held-out ones, mapped as the training rows were; zero rows stay zero.

        Rows with a missing value disappear after impute=drop.
        """
        X = np.asarray(X if self.before is None else self.before.apply(X), dtype=np.float64)
        return self.on(Rows(X, tuple(map(str, range(X.shape[1]))), np.arange(len(X)))).X

    def on(self, rows: Rows) -> Rows:
        """Like `apply`, for columns with names and categories."""
        rows = replace(rows, X=rows.X / np.float64(self.scale))
        for step in self.steps:
            rows = step.apply(rows)
        X = rows.X
        if self.normalize == "unit":
            norms = np.linalg.norm(X, axis=1, keepdims=True)
            X = X / np.where(norms > 0, norms, 1)
        return replace(rows, X=X / self.norm)

    @property
    def spec(self) -> str:
        """The steps as they are typed after --prepare."""
        return ",".join(map(str, self.steps))

    def summary(self) -> dict[str, Any]:
        """JSON-ready: every step with what it learned, long statistics by their shape."""
        whole: dict[str, Any] = jsonable(self)
        for part in (whole, whole["before"] or {}):
            for step in part.get("steps", ()):
                learned = step["learned"].items()
                step["learned"] = {k: v if np.size(v) <= _KEPT else f"{np.shape(v)} numbers" for k, v in learned}
        return whole

    def text(self) -> bytes:
        """JSON with every digit, for the array `preparation` of a .npz."""
        return json.dumps(jsonable(self), allow_nan=False).encode()

    @classmethod
    def read(cls, text: bytes) -> "Preparation":
        """What `text` wrote. Raises ValueError for anything else."""
        try:
            return cls._of(json.loads(text))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a preparation: {error}") from error

    @classmethod
    def _of(cls, found: dict[str, Any]) -> "Preparation":
        steps = tuple(Step(s["name"], s["parameter"], dict(s["learned"]), str(s["said"])) for s in found["steps"])
        if not all(step.name in STEPS for step in steps) or found["normalize"] not in NORMALIZATIONS:
            raise ValueError("it names unknown steps")
        before = None if found["before"] is None else cls._of(found["before"])
        return cls(float(found["scale"]), steps, found["normalize"], float(found["norm"]), before)


def parse(where: str, steps: str | Sequence[str]) -> list[tuple[str, Any]]:
    """Names and parameters of `standardize,pca=20,bias`; a sequence holds one step an entry. InputError if unknown."""
    found = []
    for text in filter(None, (str(part).strip() for part in (steps.split(",") if isinstance(steps, str) else steps))):
        name, equals, value = (part.strip() for part in text.partition("="))
        if name not in STEPS:
            raise InputError(f"{where}: --prepare has no step {quoted(name)}; use {', '.join(STEPS)}")
        read = STEPS[name][0]
        try:
            found.append((name, read(value) if equals else read(None)))
        except (ValueError, TypeError):
            raise InputError(f"{where}: --prepare {quoted(text)} is not understood; {_USAGE[name]}") from None
    return found


def fit(where: str, name: str, parameter: Any, rows: Rows) -> tuple[Step, Rows]:
    """Learn one step on `rows` and apply it. Raises InputError where the data do not allow it."""
    if rows.levels and name not in ("impute", "onehot"):
        raise InputError(_categorical(where, rows, f"{name} needs numbers"))
    if name != "impute" and (bad := np.isnan(rows.X)).any():
        column = rows.names[int(np.flatnonzero(bad.any(axis=0))[0])]
        raise InputError(f"{where}: column {quoted(column)} has missing values; put impute before {name} in --prepare")
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            learned, said = STEPS[name][1](rows, parameter)
            step = Step(name, parameter, learned, said)
            done = step.apply(rows)
    except np.linalg.LinAlgError as error:
        raise InputError(f"{where}: --prepare {name} finds no axes ({error}); standardize first") from error
    except _RefusedError as error:
        raise InputError(f"{where}: {error}") from None
    numbers = [v for v in learned.values() if isinstance(v, np.ndarray)] + ([] if name == "impute" else [done.X])
    if not all(np.isfinite(v).all() for v in numbers):
        raise InputError(f"{where}: the numbers are too large for --prepare {name}; scale them down first")
    return step, done


def _categorical(where: str, rows: Rows, why: str) -> str:
    column = next(iter(rows.levels))
    return (
        f"{where}: column {quoted(rows.names[column])} holds text ({listed(rows.levels[column], 3)}): {why}; add "
        f"onehot to --prepare, or leave the column out with --ignore"
    )


def refuse_text(where: str, rows: Rows) -> None:
    """Raise InputError if a column still holds categories."""
    if rows.levels:
        raise InputError(_categorical(where, rows, "the theory needs numbers"))


class _RefusedError(Exception):
    """Why a step cannot be learned on these rows."""


def _impute(rows: Rows, how: str) -> tuple[Learned, str]:
    missing = np.isnan(rows.X)
    touched = missing.any(axis=1)
    if how == "drop":
        if touched.all():
            raise _RefusedError("every row has a missing value; impute the mean instead of impute=drop")
        count = int(touched.sum())
        return {"how": how}, f"{count:,} rows with missing values left out" if count else ""
    fill = np.zeros(rows.X.shape[1])
    for j, name in enumerate(rows.names):
        present = rows.X[~missing[:, j], j]
        if not len(present):
            raise _RefusedError(f"column {quoted(name)} has no value at all; leave it out with --ignore")
        fill[j] = np.bincount(present.astype(int)).argmax() if j in rows.levels else present.mean()
    modes = {rows.names[j]: levels[int(fill[j])] for j, levels in rows.levels.items()}
    count, how_said = int(missing.sum()), "the column's mean" + (", or most frequent category" if modes else "")
    return {"how": how, "fill": fill, "modes": modes}, f"{count:,} missing values became {how_said}" if count else ""


def _imputed(rows: Rows, learned: Learned) -> Rows:
    missing = np.isnan(rows.X)
    if learned["how"] == "drop":
        keep = ~missing.any(axis=1)
        return replace(rows, X=rows.X[keep], index=rows.index[keep])
    fill, levels = np.array(learned["fill"], dtype=np.float64), dict(rows.levels)
    for j in rows.levels:  # other rows may number the categories in another way
        mode = learned["modes"][rows.names[j]]
        levels[j] = levels[j] if mode in levels[j] else (*levels[j], mode)
        fill[j] = levels[j].index(mode)
    return replace(rows, X=np.where(missing, fill, rows.X), levels=levels)


def _onehot(rows: Rows, _: None) -> tuple[Learned, str]:
    found = {}
    for j, levels in rows.levels.items():
        used = sorted(levels[k] for k in np.unique(rows.X[:, j]).astype(int))
        if len(used) == len(rows.X) > 2:
            raise _RefusedError(
                f"column {quoted(rows.names[j])} has another text in every row, like a name or a number of the row; "
                "leave it out with --ignore"
            )
        found[rows.names[j]] = used
    columns = sum(map(len, found.values()))
    return {"levels": found}, f"{len(found)} columns became {columns}" if found else "no column holds text"


def _indicators(rows: Rows, learned: Learned) -> Rows:
    """One column a category, 1 where the row has it; a category unknown to the training rows has none."""
    parts, names = [], []
    for j, name in enumerate(rows.names):
        if j not in rows.levels:
            parts.append(rows.X[:, j : j + 1])
            names.append(name)
            continue
        text = np.array(rows.levels[j], dtype=object)[rows.X[:, j].astype(int)]
        parts.append(np.stack([text == level for level in learned["levels"][name]], axis=1).astype(np.float64))
        names += [f"{name}={level}" for level in learned["levels"][name]]
    return Rows(np.concatenate(parts, axis=1, dtype=np.float64), tuple(names), rows.index)


def _mean(X: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, " d"]:
    """Column means; of a constant column exactly its value."""
    return np.asarray(np.where(np.ptp(X, axis=0) == 0, X[0], X.mean(axis=0)))


def _center(rows: Rows, _: None) -> tuple[Learned, str]:
    return {"mean": _mean(rows.X)}, ""


def _standardize(rows: Rows, _: None) -> tuple[Learned, str]:
    mean = _mean(rows.X)
    deviation = np.sqrt(_mean((rows.X - mean) ** 2))
    constant = deviation <= _CONSTANT * np.abs(rows.X).max(axis=0)
    if constant.all():
        raise _RefusedError("every column is constant; nothing is left by --prepare standardize")
    names = [rows.names[j] for j in np.flatnonzero(constant)]
    said = f"{len(names)} constant columns became 0 ({listed(names, 3)})" if names else ""
    mean = np.where(constant, rows.X[0], mean)
    return {"mean": mean, "deviation": np.where(constant, 1.0, deviation)}, said


def _axes(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, principal axes as columns (largest entry positive), and the deviation along each: those above rounding."""
    mean = _mean(rows.X)
    triangle = np.linalg.qr(rows.X - mean, mode="r")
    _, s, Vt = np.linalg.svd(triangle, full_matrices=False)
    rank = int((s > s[0] * max(rows.X.shape) * np.finfo(np.float64).eps).sum())
    if rank == 0:
        raise _RefusedError("all rows are the same; they have no principal axes")
    V = Vt[:rank].T
    V *= np.sign(V[np.abs(V).argmax(axis=0), np.arange(rank)])
    return mean, V, s[:rank] / math.sqrt(len(rows.X))


def _whiten(rows: Rows, _: None) -> tuple[Learned, str]:
    mean, V, deviation = _axes(rows)
    d = rows.X.shape[1]
    said = f"{len(deviation)} directions of {d} kept, the others have no variance" if len(deviation) < d else ""
    return {"mean": mean, "axes": V / deviation}, said


def _pca(rows: Rows, k: int) -> tuple[Learned, str]:
    mean, V, deviation = _axes(rows)
    said = f"only {len(deviation)} directions have any variance" if len(deviation) < k else ""
    if len(deviation) >= k:
        said = f"{100 * (deviation[:k] ** 2).sum() / (deviation**2).sum():.3g} % of the variance kept"
    return {"mean": mean, "axes": V[:, :k]}, said


def _affine(rows: Rows, learned: Learned) -> Rows:
    """(x - mean), divided by the deviations or taken along the axes."""
    X = rows.X - learned["mean"]
    if "axes" in learned:
        X = X @ learned["axes"]
        return replace(rows, X=X, names=tuple(f"axis {k}" for k in range(X.shape[1])))
    return replace(rows, X=X / learned["deviation"] if "deviation" in learned else X)


def _bias(rows: Rows, value: float | None) -> tuple[Learned, str]:
    """The value given, or the root mean square of the rows' norms, which follows the rows' units."""
    size = float(np.sqrt(_mean(rows.X**2).sum()))
    if value is None and not size:
        raise _RefusedError("all rows are zero; say how large the bias is: bias=1")
    return {"value": size if value is None else value}, ""


def _append(rows: Rows, learned: Learned) -> Rows:
    column = np.full((len(rows.X), 1), learned["value"])
    return replace(rows, X=np.concatenate([rows.X, column], axis=1), names=(*rows.names, "bias"))


def _nothing(text: str | None) -> None:
    if text is not None:
        raise ValueError(text)


def _how(text: str | None) -> str | None:
    if text not in (None, "mean", "drop"):
        raise ValueError(text)
    return text


def _count(text: str | None) -> int:
    if int(text or "") < 1:
        raise ValueError(text)
    return int(text or "")


def _level(text: str | None) -> float | None:
    if text is None:
        return None
    if not 0 < abs(float(text)) < math.inf:
        raise ValueError(text)
    return float(text)


Fit = Callable[[Rows, Any], tuple[Learned, str]]
STEPS: dict[str, tuple[Callable[[str | None], Any], Fit, Callable[[Rows, Learned], Rows]]] = {
    "impute": (_how, lambda rows, how: _impute(rows, how or "mean"), _imputed),
    "onehot": (_nothing, _onehot, _indicators),
    "center": (_nothing, _center, _affine),
    "standardize": (_nothing, _standardize, _affine),
    "whiten": (_nothing, _whiten, _affine),
    "pca": (_count, _pca, _affine),
    "bias": (_level, _bias, _append),
}
"""Name -> (reads the parameter, learns on rows, applies what was learned)."""
_USAGE = {
    "impute": "write impute (the column's mean) or impute=drop",
    "pca": "write pca=K with K >= 1 directions, such as pca=20",
    "bias": "write bias or bias=B with B not 0, such as bias=0.5",
    **dict.fromkeys(("onehot", "center", "standardize", "whiten"), "it takes no parameter"),
}
