"""Several bounds at several (gamma, eps): rows, ratios, crossovers, growth, and what must be said about them."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Literal, TypeVar

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Bound, Point
from boundcheck.bounds.crossover import crossover, gamma_grid
from boundcheck.bounds.data_dependent import DataBound
from boundcheck.bounds.growth import leading
from boundcheck.errors import BoundcheckWarning, InputError
from boundcheck.records import BoundRow, Crossover
from boundcheck.records.comparison import BoundFormula, Growth, Ratio, WinnerMap

Real = Fraction | float
PointAt = Callable[..., Point]
Pair = tuple[Bound, Bound]
Statement = TypeVar("Statement", bound=Bound | DataBound)
Variable = Literal["gamma", "eps", "n"]
Curve = tuple[tuple[float, float], ...]
MAP_EPS = tuple(float(f"{10 ** (-3.5 + 3.2 * i / 16):.3g}") for i in range(17))  # 0.000316 to 0.501
MAP_GAMMAS = 25
CURVE_POINTS = 49


def evaluate_all(
    bounds: Sequence[Bound],
    gammas: Sequence[Fraction],
    eps: Sequence[Fraction],
    at: PointAt,
    eps_margins: Mapping[Fraction, Fraction] | None = None,
    *,
    strict: bool,
) -> tuple[BoundRow, ...]:
    """Rows ordered by eps, gamma and bound.

    eps_margins: by eps, where the sharp bounds that allow it are evaluated.  A bound that does not apply somewhere (a
    hypothesis fails, or no width satisfies it for these steps) is left out everywhere with a warning; an error where
    `strict` or where no bound remains.
    """
    by_bound: dict[str, list[BoundRow]] = {}
    for bound in bounds:
        try:
            by_bound[bound.id] = [
                row_at(bound, at, gamma, target, (eps_margins or {}).get(target))
                for target, gamma in product(eps, gammas)
            ]
        except InputError as error:
            if strict or (not by_bound and bound is bounds[-1]):
                raise
            warnings.warn(f"left out: {error}", BoundcheckWarning, stacklevel=2)
    return tuple(row for group in zip(*by_bound.values(), strict=True) for row in group)


def row_at(bound: Bound, at: PointAt, gamma: Real, eps: Real, eps_margin: Real | None) -> BoundRow:
    """The bound at gamma, or at the eps-margin where that is given, allowed, and asks for less (theory: Eps-margin)."""
    row = bound.row(at(gamma=gamma, eps=eps))
    sharper = bound.at_eps_margin()
    if sharper is None or eps_margin is None or eps_margin <= gamma:
        return row
    better = sharper.row(at(gamma=eps_margin, eps=eps))
    if row.width <= better.width:
        return row
    return replace(better, gamma=float(gamma), margin="eps", margin_value=float(eps_margin))


def leading_bounds(rows: Sequence[BoundRow], *, lower: bool) -> tuple[str, ...]:
    """The bounds on the error with the fewest neurons of their family and labels somewhere, in the order of rows.

    lower: whether lower bounds, of other data of this margin, are among them.
    """
    least: dict[tuple[str, ...], BoundRow] = {}
    for row in rows:
        if row.criterion == "error" and (lower or row.direction == "upper"):
            place = str(row.gamma), str(row.eps), row.family, row.labels
            least[place] = min(least.get(place, row), row, key=lambda one: one.width)
    best = {row.bound for row in least.values()}
    return tuple(name for name in dict.fromkeys(row.bound for row in rows) if name in best)


def pairs(bounds: Sequence[Statement], *, across: bool) -> list[tuple[Statement, Statement]]:
    """Every (soft, hard); published against published and sharp against sharp only, unless `across`."""
    soft = [bound for bound in bounds if bound.labels == "soft"]
    hard = [bound for bound in bounds if bound.labels == "hard"]
    return [(a, b) for a, b in product(soft, hard) if across or a.family == b.family]


def ratios(rows: Sequence[BoundRow], of: Sequence[tuple[Statement, Statement]]) -> tuple[Ratio, ...]:
    """soft / hard width at every (gamma, eps). Raises InputError for one above the largest float."""
    widths = {(row.bound, row.gamma, row.eps): row.width for row in rows}
    places = dict.fromkeys((row.gamma, row.eps) for row in rows)
    try:
        return tuple(
            Ratio(a.id, b.id, gamma, eps, widths[a.id, gamma, eps] / widths[b.id, gamma, eps])
            for (gamma, eps), (a, b) in product(places, of)
        )
    except OverflowError as error:
        raise InputError("the numbers are too extreme; take a larger gamma or eps") from error


def curve(bound: Bound, gammas: Sequence[float], eps: Fraction, at: PointAt) -> Curve:
    """(gamma, real width) along `gammas`; infinite where the steps asked for are too few, or too large."""
    return tuple((gamma, _width_or_infinity(bound, at(Fraction(gamma), eps))) for gamma in gammas)


def _width_or_infinity(bound: Bound, where: Point) -> float:
    try:
        return bound.real_width(where)
    except InputError:
        return math.inf


def curves(bounds: Sequence[Bound], eps: Fraction, at: PointAt) -> dict[str, Curve]:
    """Width against gamma of each bound, for a figure."""
    gammas = gamma_grid(CURVE_POINTS)
    drawn = {bound.id: curve(bound, gammas, eps, at) for bound in bounds}
    return {name: tuple(p for p in points if math.isfinite(p[1])) for name, points in drawn.items()}


def crossovers(of: Sequence[Pair], eps: Sequence[Fraction], at: PointAt) -> tuple[Crossover, ...]:
    """Every pair's crossover at every eps."""
    found = []
    for target in eps:
        involved = {bound.id: bound for pair in of for bound in pair}
        drawn = {name: curve(bound, gamma_grid(), target, at) for name, bound in involved.items()}
        found += [crossover(a, b, float(target), partial(at, eps=target), drawn) for a, b in of]
    return tuple(found)


def formula(bound: Bound, *, fixed_c: bool) -> BoundFormula:
    """The closed form of a bound and its growth; fixed_c as in `growth`."""
    variables: tuple[Variable, ...] = ("gamma", "eps")
    return BoundFormula(
        bound.id,
        bound.labels,
        bound.family,
        bound.title,
        str(bound.width),
        sp.latex(bound.width),
        tuple(growth(bound, variable, fixed_c=fixed_c) for variable in variables),
    )


def growth(bound: Bound, variable: Variable, *, fixed_c: bool) -> Growth:
    """How the closed form grows as gamma or eps tends to 0, or n to infinity, with the defaults of tau, beta and R*.

    fixed_c: c stays as gamma tends to 0; else it is 2 gamma, which adds powers of gamma where b/c stands.
    """
    width = bound.width.subs({s.field_risk: 0, s.beta: (s.kappa * s.gamma) ** 2 * s.eps / 32, s.tau: s.gamma})
    width = width if fixed_c else width.subs(s.c, 2 * s.gamma)
    symbol = {"gamma": s.gamma, "eps": s.eps, "n": s.n}[variable]
    term = leading(width.subs(s.n, 1 / s.n) if variable == "n" else width, symbol)
    return Growth(variable, float(term.power), float(term.log_power))


def maps(bounds: Sequence[Bound], at: PointAt) -> tuple[WinnerMap, ...]:
    """One map for each footing that has both kinds of labels: published, sharp at loss scale 1, sharp with any loss."""
    published = [bound for bound in bounds if bound.family == "published"]
    sharp = [bound for bound in bounds if bound.family == "sharp"]
    same_scale = [bound for bound in sharp if bound.fixed_scale]
    families = [published, same_scale]
    if len(sharp) > len(same_scale):
        families.append(sharp)
    drawn = {bound.id: _plane(bound, at) for bound in bounds}
    return tuple(winner_map(family, drawn) for family in families if len({bound.labels for bound in family}) == 2)


def _plane(bound: Bound, at: PointAt) -> list[Curve]:
    """Widths over the (gamma, eps) plane, one curve for each eps."""
    return [curve(bound, gamma_grid(MAP_GAMMAS), Fraction(eps), at) for eps in MAP_EPS]


def winner_map(bounds: Sequence[Bound], drawn: Mapping[str, list[Curve]]) -> WinnerMap:
    """Which bound asks for the fewest neurons over the (gamma, eps) plane; empty where none is finite."""
    names = tuple(bound.id for bound in bounds)

    def least(i: int, j: int) -> str:
        width, name = min((drawn[name][i][j][1], name) for name in names)
        return name if math.isfinite(width) else ""

    winner = tuple(tuple(least(i, j) for j in range(MAP_GAMMAS)) for i in range(len(MAP_EPS)))
    return WinnerMap(names, MAP_EPS, gamma_grid(MAP_GAMMAS), winner)
