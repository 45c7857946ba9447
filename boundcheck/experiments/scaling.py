"""How the smallest width grows with the margin, the target error and the number of samples, on families whose
margin is known exactly.

* gamma: K = 4, 8, 12, ... points on the circle with alternating labels (theory: Margins in closed form); n = K
  grows as well.
* n: eight arcs of the circle with alternating labels and n/8 equally spaced points each; gamma depends on the arcs'
  ends only, so that n grows alone.
* eps: such arcs with so many points that every target error is many of them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from boundcheck.datasets import Dataset, from_arrays, load_dataset
from boundcheck.errors import InputError
from boundcheck.experiments.exponents import crossing, exponent, reached_at_once, slope
from boundcheck.margins.planar import planar_margin
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Against, BoundRow, Fit, Place, Scaling, ScalingRow, Search, TrainingSpec

POINTS = (8, 12, 16, 20)
TARGETS = (0.2, 0.1, 0.05, 0.02)
SAMPLES = (16, 32, 64, 128, 256)
MANY = 256
ARC = 10.0  # degrees between the ends of an arc
WORK = 4.0  # eta T gamma^2 eps: as the theorems ask, steps grow so that they limit no place more than another


@dataclass(frozen=True)
class Contender:
    """What is trained at a place, what it is called, the bound that speaks of it, and what the theorems say of it."""

    name: str
    spec: TrainingSpec
    bound: BoundRow | None
    theorem: str


@dataclass(frozen=True, eq=False)
class Member:
    """A data set of a family.  gains: (n,) y_i z_i of its kernel teacher, exact in the plane."""

    data: Dataset
    gains: Float[np.ndarray, " n"]
    place: Place


def family(against: Against, eps: float) -> list[Member]:
    """The members of a family in the order of growing difficulty."""
    if against == "gamma":
        return [_member(load_dataset(f"synthetic:circle:points={k}"), eps) for k in POINTS]
    if against == "eps":
        one = _member(arcs(MANY), eps)
        return [replace(one, place=replace(one.place, eps=e)) for e in TARGETS]
    if against == "n":
        return [_member(arcs(n), eps) for n in SAMPLES]
    raise InputError(f"reproduce scaling {against}: unknown; use gamma, eps or n")


def arcs(n: int, groups: int = 8) -> Dataset:
    """n points in `groups` arcs of the circle, at least two in each, labels alternating from arc to arc."""
    each = n // groups
    offsets = np.radians(np.linspace(-ARC / 2, ARC / 2, each))
    turns = 2 * np.pi * np.arange(groups)[:, None] / groups + offsets
    X = np.stack([np.cos(turns), np.sin(turns)], axis=-1).reshape(-1, 2)
    y = np.repeat(np.where(np.arange(groups) % 2 == 0, 1, -1), each)
    return from_arrays(X, y, name=f"arcs:n={n}", normalize="unit")


def enough_steps(place: Place, step_size: float) -> int:
    """T = WORK / (eta gamma^2 eps), as in theory: Sharp soft bound, at a constant that suffices in practice."""
    return math.ceil(WORK / (step_size * place.gamma**2 * place.eps))


def scaling(
    against: Against,
    contenders: Callable[[Place], Sequence[Contender]],
    search: Callable[[Dataset, Float[np.ndarray, " n"] | None, TrainingSpec, Place], Search],
    *,
    eps: float,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Scaling:
    """Search the smallest width at every place of a family for every contender, and fit the exponents.

    contenders: at a place, in an order that is the same everywhere.  search: (data, soft labels or None, spec, place).
    """
    members = family(against, eps)
    places = [member.place for member in members]
    fields = [contenders(place) for place in places]
    rows = []
    for done, (member, place) in enumerate(zip(members, places, strict=True)):
        p = 1 / (1 + np.exp(-member.data.y * member.gains))
        found: list[Search] = []
        for spec, name in ((contender.spec, contender.name) for contender in fields[done]):
            progress.update(
                f"{place.data}, eps = {place.eps:g}: {name}", done + len(found) / len(fields[done]), len(members)
            )
            found.append(search(member.data, p if spec.labels == "soft" else None, spec, place))
        rows.append(ScalingRow(place, tuple(found), tuple(crossing(s.trials, s.success_target) for s in found)))
    rng = np.random.default_rng([seed, len(members)])
    x = [getattr(place, against) for place in places]
    fits = [
        _fit(x, [field[column] for field in fields], [row.searches[column] for row in rows], rng)
        for column in range(len(fields[0]))
    ]
    return Scaling(against, tuple(rows), tuple(fits))


def _fit(
    x: Sequence[float], contenders: Sequence[Contender], searches: Sequence[Search], rng: np.random.Generator
) -> Fit:
    found = exponent(x, searches, rng)
    bounds = [contender.bound for contender in contenders if contender.bound is not None]
    reached = sum(crossing(s.trials, s.success_target) is not None for s in searches)
    below = sum(map(reached_at_once, searches))
    return Fit(
        search=contenders[0].name,
        exponent=None if found is None else found.value,
        lower=None if found is None else found.lower,
        upper=None if found is None else found.upper,
        places=reached,
        beyond=len(searches) - reached,
        below=below,
        bound=bounds[0].bound if bounds else None,
        bound_exponent=slope(np.log(x), np.log([float(row.width) for row in bounds])) if bounds else None,
        theorem=contenders[0].theorem,
    )


def _member(data: Dataset, eps: float) -> Member:
    exact = planar_margin(data.X, data.y.astype(np.float64))
    return Member(data, exact.g, Place(data.name, exact.margin.lower, eps, len(data.y)))
