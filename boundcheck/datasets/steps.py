"""The steps of --prepare: each is learned on training rows, recorded, and applied to any rows.

A step is two functions, of STEPS: one learns on rows and says what it left out or changed, one applies what it learned.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, listed, quoted

_CONSTANT = 1e-12  # a deviation below this times the largest entry is rounding

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
    parameter: int | float | str | None
    learned: Learned
    said: str = ""

    def __str__(self) -> str:
        return self.name if self.parameter is None else f"{self.name}={self.parameter}"

    def apply(self, rows: Rows) -> Rows:
        """The same step on any rows with the same columns."""
        return STEPS[self.name].apply(rows, self.learned)


def parse(where: str, steps: str | Sequence[str]) -> list[tuple[str, Any]]:
    """Names and parameters of `standardize,pca=20,bias`; a sequence holds one step an entry. InputError if unknown."""
    found = []
    for text in filter(None, (str(part).strip() for part in (steps.split(",") if isinstance(steps, str) else steps))):
        name, equals, value = (part.strip() for part in text.partition("="))
        if name not in STEPS:
            raise InputError(f"{where}: --prepare has no step {quoted(name)}; use {', '.join(STEPS)}")
        try:
            found.append((name, _parameter(name, value if equals else None)))
        except ValueError:
            usage = STEPS[name].usage
            raise InputError(f"{where}: --prepare {quoted(text)} is not understood; {usage}") from None
    return found


def _parameter(name: str, text: str | None) -> int | float | str | None:
    """What is typed after name=, None for nothing. Raises ValueError if the step takes no such thing."""
    value: int | float | str | None = text
    if name == "pca":
        value, right = int(text or ""), int(text or "") >= 1
    elif name == "bias" and text is not None:
        value, right = float(text), 0 < abs(float(text)) < math.inf
    else:
        right = text is None or (name == "impute" and text in ("mean", "drop"))
    if not right:
        raise ValueError(text)
    return value


def learn(where: str, asked: Sequence[tuple[str, Any]], rows: Rows) -> tuple[tuple[Step, ...], Rows]:
    """Learn steps (of `parse`) in order, each on the rows as the one before leaves them; and the rows after the last.

    Raises InputError where the data do not allow it, and where a column still holds text in the end.
    """
    learned = []
    for name, parameter in asked:
        step, rows = _fit(where, name, parameter, rows)
        learned.append(step)
        check_memory(where, *rows.X.shape)
    if rows.levels:
        raise InputError(_categorical(where, rows, "the theory needs numbers"))
    return tuple(learned), rows


def _fit(where: str, name: str, parameter: Any, rows: Rows) -> tuple[Step, Rows]:
    """One step and the rows after it."""
    if rows.levels and name not in ("impute", "onehot"):
        raise InputError(_categorical(where, rows, f"{name} needs numbers"))
    if name != "impute" and (bad := np.isnan(rows.X)).any():
        column = rows.names[int(np.flatnonzero(bad.any(axis=0))[0])]
        raise InputError(f"{where}: column {quoted(column)} has missing values; put impute before {name} in --prepare")
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            step = Step(name, parameter, *STEPS[name].fit(rows, parameter))
            done = step.apply(rows)
    except np.linalg.LinAlgError as error:
        raise InputError(f"{where}: --prepare {name} finds no axes ({error}); standardize first") from error
    except _RefusedError as error:
        raise InputError(f"{where}: {error}") from None
    numbers = [v for v in step.learned.values() if isinstance(v, np.ndarray)] + ([] if name == "impute" else [done.X])
    if not all(np.isfinite(v).all() for v in numbers):
        raise InputError(f"{where}: the numbers are too large for --prepare {name}; scale them down first")
    return step, done


def _categorical(where: str, rows: Rows, why: str) -> str:
    column = next(iter(rows.levels))
    return (
        f"{where}: column {quoted(rows.names[column])} holds text ({listed(rows.levels[column], 3)}): {why}; add "
        f"onehot to --prepare, or leave the column out with --ignore"
    )


class _RefusedError(Exception):
    """Why a step cannot be learned on these rows."""


def _impute(rows: Rows, how: str | None) -> tuple[Learned, str]:
    missing = np.isnan(rows.X)
    touched = missing.any(axis=1)
    if how == "drop":
        if touched.all():
            raise _RefusedError("every row has a missing value; impute the mean instead of impute=drop")
        count = int(touched.sum())
        return {"how": "drop"}, f"{count:,} rows with missing values left out" if count else ""
    fill = np.zeros(rows.X.shape[1])
    for j, name in enumerate(rows.names):
        present = rows.X[~missing[:, j], j]
        if not len(present):
            raise _RefusedError(f"column {quoted(name)} has no value at all; leave it out with --ignore")
        fill[j] = np.bincount(present.astype(int)).argmax() if j in rows.levels else present.mean()
    modes = {rows.names[j]: levels[int(fill[j])] for j, levels in rows.levels.items()}
    count, how_said = int(missing.sum()), "the column's mean" + (", or most frequent category" if modes else "")
    return {"how": "mean", "fill": fill, "modes": modes}, f"{count:,} missing values became {how_said}" if count else ""


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


class Kind(NamedTuple):
    """What a step is: learns on rows with a parameter, applies what was learned; and how it is typed."""

    fit: Callable[[Rows, Any], tuple[Learned, str]]
    apply: Callable[[Rows, Learned], Rows]
    usage: str = "it takes no parameter"


STEPS: dict[str, Kind] = {
    "impute": Kind(_impute, _imputed, "write impute (the column's mean) or impute=drop"),
    "onehot": Kind(_onehot, _indicators),
    "center": Kind(_center, _affine),
    "standardize": Kind(_standardize, _affine),
    "whiten": Kind(_whiten, _affine),
    "pca": Kind(_pca, _affine, "write pca=K with K >= 1 directions, such as pca=20"),
    "bias": Kind(_bias, _append, "write bias or bias=B with B not 0, such as bias=0.5"),
}
