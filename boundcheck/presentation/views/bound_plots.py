"""Figures of `compare`: width against margin with its crossovers, and which bound asks for the fewest neurons where."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.errors import InputError
from boundcheck.presentation.charts import INK, LOOKS, Axis, Chart, Level, Look, Series
from boundcheck.presentation.document import Figure
from boundcheck.records.comparison import Comparison, WinnerMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = {"soft": ("#0072b2", "#56b4e9", "#003f63"), "hard": ("#d55e00", "#e69f00", "#cc79a7"), "any": (INK,)}
STEEP = 6  # powers of 1/gamma beyond which a curve would flatten all the rest
WIDEST = 1e200  # Matplotlib's log axes overflow where a few decades more do
GAMMA, WIDTH = Axis("margin gamma", log=True), Axis("width m that suffices", log=True)


def styles(result: Comparison) -> dict[str, Look]:
    """Soft labels in blues with discs, hard ones in warm colours with squares, any black; published bounds dashed."""
    found: dict[str, Look] = {}
    for formula in result.formulas:
        shades, line = SHADES[formula.labels], "--" if formula.family == "published" else "-"
        earlier = sum(look.line == line and look.colour in shades for look in found.values())
        found[formula.bound] = Look(shades[earlier % len(shades)], line, LOOKS[formula.labels].mark)
    return found


def figures(result: Comparison) -> list[Figure]:
    """Widths against the margin at the first eps, and who asks for the fewest neurons, where these were computed."""
    caption = (
        f"width that suffices at eps = {result.eps[0]:g}, n = {result.n}, total failure probability "
        f"{result.failure_probability:g}; upper bounds, lower ones black"
    )
    if not result.curves:
        return [Figure(one_gamma(result) if len(result.gammas) == 1 else rows_by_gamma(result), caption)]
    maps = [
        Figure(partial(winners, found, styles(result)), "fewest neurons among " + ", ".join(found.bounds))
        for found in result.maps
    ]
    return [Figure(widths(result), caption), *maps]


def one_gamma(result: Comparison) -> Chart:
    """A row for each bound, where there is one margin only."""
    rows = [row for row in reversed(result.rows) if row.eps == result.eps[0] and row.width < WIDEST]
    series = [
        Series("", replace(LOOKS[row.labels], line=""), [float(row.width)], [place]) for place, row in enumerate(rows)
    ]
    return Chart(WIDTH, Axis("", ticks={float(i): row.bound for i, row in enumerate(rows)}), series)


def rows_by_gamma(result: Comparison) -> Chart:
    """Widths of the table against gamma."""
    series = []
    for bound, look in styles(result).items():
        own = [row for row in result.rows if row.bound == bound and row.eps == result.eps[0] and row.width < WIDEST]
        points = sorted((row.gamma, float(row.width)) for row in own)
        series.append(Series(bound, look, [gamma for gamma, _ in points], [width for _, width in points]))
    return Chart(GAMMA, WIDTH, series)


def widths(result: Comparison) -> Chart:
    """Width against gamma; a black dot where two widths cross. Raises InputError for widths above WIDEST."""
    curves = {bound: np.array(points).T for bound, points in result.curves.items()}
    if any(width.max() > WIDEST for _, width in curves.values()):
        raise InputError(f"--plot: widths above {WIDEST:g} are not drawn; take a larger eps, or leave --plot out")
    looks = styles(result)
    series = [Series(bound, looks[bound], gamma, width) for bound, (gamma, width) in curves.items()]
    crossings = [
        (crossing.gamma, _interpolated(result.curves[crossing.soft], crossing.gamma))
        for crossing in result.crossovers
        if crossing.eps == result.eps[0] and crossing.gamma is not None
    ]
    if crossings:
        gammas, heights = zip(*crossings, strict=True)
        series.append(Series("two widths cross", Look(INK, ""), gammas, heights))
    steep = {f.bound for f in result.formulas if any(g.variable == "gamma" and g.power > STEEP for g in f.growth)}
    others = [width for bound, (_, width) in curves.items() if bound not in steep]
    limits = (min(w.min() for w in others) / 3, max(w.max() for w in others) * 10) if others else (None, None)

    def named(axes: "Axes") -> None:
        for place in crossings:
            axes.annotate(f"{place[0]:.3g}", place, (5, 5), textcoords="offset points", fontsize=8)

    own = [Level(gamma, f"gamma of {result.data}", upright=True) for gamma in result.gammas if result.data]
    return Chart(GAMMA, replace(WIDTH, limits=limits), series, own, named)


def _interpolated(points: Sequence[tuple[float, float]], gamma: float) -> float:
    """Width at gamma, log-log between the neighbours."""
    x, y = np.log(np.array(points)).T
    return float(np.exp(np.interp(np.log(gamma), x, y)))


def winners(found: WinnerMap, looks: Mapping[str, Look], axes: "Axes") -> None:
    """The bound with the fewest neurons over the (gamma, eps) plane."""
    from matplotlib.colors import ListedColormap, Normalize

    present = [bound for bound in found.bounds if any(bound in row for row in found.winner)]
    index = np.array([[present.index(bound) if bound else np.nan for bound in row] for row in found.winner])
    colours = ListedColormap([looks[bound].colour for bound in present])
    limits = Normalize(-0.5, len(present) - 0.5)
    axes.pcolormesh(found.gamma, found.eps, index, cmap=colours, norm=limits, shading="nearest")
    names = [Series(bound, Look(looks[bound].colour, "", "s"), [], []) for bound in present]
    Chart(GAMMA, Axis("target error eps", log=True), names)(axes)
