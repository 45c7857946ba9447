"""Synthetic families, synthetic:FAMILY[:key=value,...]: seeded, and both classes always present.

A family is one function: its keywords besides `seed` are the keys, their annotations say how a value is read, and its
docstring says what is known of the margin. gamma is the sup-norm margin of the limiting kernel (the paper's Assumption
1), gamma_2 its RKHS norm; gamma_2^2 <= gamma <= gamma_2 (theory: Kernel and margin).
"""

import functools
import inspect
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from boundcheck.datasets.dataset import Table, generator
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, quoted

_SIGNS = ("-1", "1")
_MOST_CIRCLE_POINTS = 10**6
_LARGEST_CUBE = 62
_BATCHES = 100
_NETWORKS = 100
_SMALLEST_BATCH = 1000


def circle(*, points: int = 8, seed: int = 0) -> Table:
    """`points` >= 2 equidistant points on the unit circle with alternating labels, beginning with +1 at angle 0.

    Each coordinate is the double nearest to the exact one, so the symmetries survive the rounding: points opposite
    each other are exactly antipodal. For points = 2 mod 4 above 2 gamma = gamma_2 = 0 (antipodal pairs with opposite
    labels around the circle, theory: Zero margin); for multiples of 4 gamma = gamma_2 > 0 (0.1352990250 at 8); for odd
    numbers 0 < gamma < gamma_2 (theory: Margins in closed form).
    """
    if not 2 <= points <= _MOST_CIRCLE_POINTS:
        raise InputError(f"synthetic:circle: points={points} is out of range; use 2 to {_MOST_CIRCLE_POINTS}")
    return _table(_unit_points([Fraction(2 * i, points) for i in range(points)]), np.resize([1, -1], points))


def pair(*, angle: Fraction = Fraction(90), seed: int = 0) -> Table:
    """Two unit points with opposite labels, `angle` degrees apart, in [0, 180].

    With t the angle in radians: gamma = (pi - t)/(2 pi) sin(t/2) + t/(2 pi) and
    gamma_2^2 = (1 - cos(t) (1 - t/pi))/4 (theory: Margins in closed form); both 0 at angle 0, both 1/2 at 180.
    """
    if not 0 <= angle <= 180:
        raise InputError(f"synthetic:pair: angle={float(angle):g} is out of range; use degrees from 0 to 180")
    return _table(_unit_points([Fraction(0), angle / 180]), np.array([1, -1]))


def sphere(*, n: int = 100, d: int = 10, seed: int = 0) -> Table:
    """n uniform points on the unit sphere of R^d, d >= 2, each label +1 or -1 with probability 1/2.

    gamma > 0 with probability 1 (no two rows are collinear, theory: Zero margin), without a lower bound in closed form.
    """
    _check_sizes("sphere", n, d)
    rng = generator("synthetic", seed, stream=1)
    X = _on_sphere(rng, n, d)
    y = rng.choice([-1, 1], size=n)
    if abs(y.sum()) == n:
        y[rng.integers(n)] *= -1
    return _table(X, y)


def xor(*, d: int = 5, k: int = 2, n: int | None = None, seed: int = 0) -> Table:
    """Parity of the first k of d coordinates on the cube {-1, 1}^d / sqrt(d), 1 <= k <= d: the whole cube, or n of it.

    On the whole cube gamma > 0 for even k (antipodes share their label) and for k = 1 (a linear classifier); for odd
    k >= 3 gamma = 0: every antipodal pair has opposite labels and sum y x = 0 (theory: Zero margin, ii).
    """
    if not 2 <= d <= _LARGEST_CUBE or not 1 <= k <= d:
        raise InputError(f"synthetic:xor: d={d},k={k} is out of range; use d from 2 to {_LARGEST_CUBE}, k from 1 to d")
    size = 2**d if n is None else n
    check_memory("synthetic:xor", size, d)
    if not 2 <= size <= 2**d:
        raise InputError(f"synthetic:xor: n={size} is out of range; use 2 to {2**d}, the points of the cube")
    rng = generator("synthetic", seed, stream=1)
    corners = np.arange(size) if size == 2**d else np.sort(rng.choice(2**d, size, replace=False))
    bits = corners[:, None] >> np.arange(d) & 1
    y = 1 - 2 * (bits[:, :k].sum(axis=1) % 2)
    if abs(y.sum()) == size:  # move one corner across an edge: into the other class, and not onto a corner present
        row = rng.integers(size)
        bits[row, 0] ^= 1
        y[row] *= -1
    return _table((1.0 - 2.0 * bits) / math.sqrt(d), y)


def teacher(*, n: int = 100, d: int = 10, neurons: int = 4, gap: float = 0.1, seed: int = 0) -> Table:
    """n uniform points on the unit sphere of R^d, labelled by the sign of a random ReLU network f, |f(x)| > gap.

    f(x) = sum_j a_j max(0, w_j . x) / sqrt(neurons), w_j ~ N(0, I_d), a_j alternating in sign, neurons >= 2; a network
    without both classes among its first max(n, 1000) points is drawn again. f is Lipschitz with constant
    sum ||w_j|| / sqrt(neurons), so each point is at least gap over that from the boundary.
    gamma > 0 with probability 1 (no two rows are collinear); f is a sum of single neurons, not an average against
    the Gaussian, so gap gives no lower bound on gamma.
    """
    _check_sizes("teacher", n, d)
    check_memory("synthetic:teacher", neurons, d + n)
    if neurons < 2 or not 0 <= gap < math.inf:
        raise InputError(
            f"synthetic:teacher: neurons={neurons},gap={gap:g} is out of range; use neurons >= 2, gap >= 0"
        )
    rng = generator("synthetic", seed, stream=1)
    for _ in range(_NETWORKS):
        W = rng.standard_normal((neurons, d))
        if (found := _beyond_gap(rng, W, n, gap)) is not None:
            return _table(*found)
    raise InputError(
        f"synthetic:teacher: gap={gap:g} leaves too few points, or one class only, of {_NETWORKS} random networks; use "
        "a smaller gap"
    )


def _beyond_gap(
    rng: np.random.Generator, W: Float64[np.ndarray, "m d"], n: int, gap: float
) -> tuple[Float64[np.ndarray, "n d"], Int64[np.ndarray, " n"]] | None:
    """The first n points with |f| > gap, the last giving way to the other class if that is missing.

    None if a class is missing in the first batch, or if the batches allowed would not hold n points.
    """
    a = np.resize([1.0, -1.0], len(W)) / math.sqrt(len(W))
    points, signs, kept = [], [], 0
    for batch in range(_BATCHES):
        X = _on_sphere(rng, max(n, _SMALLEST_BATCH), W.shape[1])
        f = np.maximum(X @ W.T, 0) @ a
        far = np.abs(f) > gap
        points.append(X[far])
        signs.append(np.sign(f[far]).astype(np.int64))
        kept += len(signs[-1])
        if batch == 0 and (len(np.unique(signs[0])) < 2 or kept * _BATCHES < n):
            return None
        if kept >= n:
            X, y = np.concatenate(points), np.concatenate(signs)
            chosen = np.arange(n)
            if abs(y[:n].sum()) == n:
                chosen[-1] = np.flatnonzero(y != y[0])[0]
            return X[chosen], y[chosen]
    return None


def gauss(*, n: int = 100, d: int = 10, distance: float = 2.0, seed: int = 0) -> Table:
    """n >= 2 points of two Gaussian classes in turn, N(+- distance/2 e_1, I_d); d >= 2, distance >= 0.

    The best linear classifier errs with probability Phi(-distance/2), so the classes overlap; gamma > 0 all the same,
    with probability 1 (no two rows are collinear, theory: Zero margin), without a lower bound in closed form.
    """
    _check_sizes("gauss", n, d)
    if not 0 <= distance < 1e100:
        raise InputError(f"synthetic:gauss: distance={distance:g} is out of range; use a number from 0 to 1e100")
    y = np.resize([1, -1], n)
    X = generator("synthetic", seed, stream=1).standard_normal((n, d))
    X[:, 0] += y * (distance / 2)
    return _table(X, y)


FAMILIES: dict[str, Callable[..., Table]] = {f.__name__: f for f in (circle, pair, sphere, xor, teacher, gauss)}


def add_family(make: Callable[..., tuple[Float64[np.ndarray, "n d"], Int64[np.ndarray, " n"]]]) -> Callable[..., Any]:
    """Enter `make(*, key: int = 8, ..., seed: int) -> (X, y)`, y in {-1, +1}, as synthetic:NAME[:key=value,...].

    Keys are int or float by their annotations.  Returns `make`, so that it is a decorator.
    Raises InputError for a name that is taken and keys of another kind.
    """
    name, keys = make.__name__, inspect.signature(make, eval_str=True).parameters
    if name in FAMILIES:
        raise InputError(f"synthetic:{name} is there already; give yours another name")
    if "seed" not in keys or any(key.annotation not in _READ for key in keys.values()):
        raise InputError(f"synthetic:{name}: give it an argument seed, and annotate every argument as int or float")

    @functools.wraps(make)
    def table(**values: Any) -> Table:
        X, y = make(**values)
        return _table(np.asarray(X, np.float64), np.asarray(y))

    FAMILIES[name] = table
    return make


def read_synthetic(text: str, seed: int) -> Table:
    """The table of FAMILY[:key=value,...]; unknown families and keys are InputErrors naming the valid ones."""
    family, _, options = text.partition(":")
    if family not in FAMILIES:
        raise InputError(f"synthetic:{quoted(family)[1:-1]}: unknown family; use {', '.join(FAMILIES)}")
    make = FAMILIES[family]
    keys = {k: v.annotation for k, v in inspect.signature(make, eval_str=True).parameters.items() if k != "seed"}
    values: dict[str, Any] = {}
    for option in filter(None, options.split(",")):
        key, _, text = (part.strip() for part in option.partition("="))
        if key not in keys or key in values:
            how = "given twice" if key in values else "unknown"
            raise InputError(f"synthetic:{family}: key {quoted(key)} is {how}; use {', '.join(f'{k}=' for k in keys)}")
        try:
            values[key] = _READ[keys[key]](text)
        except ValueError as error:
            what = "an integer" if _READ[keys[key]] is int else "a number"
            raise InputError(
                f"synthetic:{family}: {key}={quoted(text)} is not {what}; write for example {key}=8"
            ) from error
    return make(**values, seed=seed)


def _fraction(text: str) -> Fraction:
    """Exact value of a decimal number; one that no double holds is refused, or 0 (its Fraction would be enormous)."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return Fraction(text) if value else Fraction(0)


_READ: dict[Any, Callable[[str], Any]] = {int: int, int | None: int, float: float, Fraction: _fraction}
"""How the value of a key is read, by the annotation of its parameter."""


def _unit_points(turns: list[Fraction]) -> Float64[np.ndarray, "n 2"]:
    """(cos, sin) of pi times each fraction, every coordinate correctly rounded."""
    import flint

    points = np.empty((len(turns), 2))
    with flint.ctx.workprec(128):
        for row, turn in zip(points, turns, strict=True):
            sin, cos = flint.arb.sin_cos_pi_fmpq(flint.fmpq(turn.numerator, turn.denominator))
            row[:] = float(cos), float(sin)
    return points


def _on_sphere(rng: np.random.Generator, n: int, d: int) -> Float64[np.ndarray, "n d"]:
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X


def _check_sizes(family: str, n: int, d: int) -> None:
    if n < 2 or d < 2:
        raise InputError(f"synthetic:{family}: n={n},d={d} is out of range; use n >= 2 and d >= 2")
    check_memory(f"synthetic:{family}", n, d)


def _table(X: Float64[np.ndarray, "n d"], y: Int64[np.ndarray, " n"]) -> Table:
    return Table(X, (np.asarray(y) > 0).astype(np.int64), _SIGNS)
