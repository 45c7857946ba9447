"""Figures of `compare`: width against margin with its crossovers, and which bound asks for the fewest neurons where."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from boundcheck.errors import InputError
from boundcheck.presentation.document import Figure
from boundcheck.presentation.figures import COLOURS, HARD, INK, SOFT
from boundcheck.records.comparison import Comparison, WinnerMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = {"soft": (SOFT, "#56b4e9"), "hard": (HARD, "#e69f00", "#cc79a7"), "any": (INK,)}
STEEP = 6  # powers of 1/gamma beyond which a curve would flatten all the rest
WIDEST = 1e200  # Matplotlib's log axes overflow where a few decades more do


def styles(result: Comparison) -> dict[str, tuple[str, str]]:
    """Colour and line of each bound: soft labels in blues, hard ones in warm colours, any black; published dashed."""
    found: dict[str, tuple[str, str]] = {}
    for formula in result.formulas:
        shades, line = SHADES[formula.labels], "--" if formula.family == "published" else "-"
        earlier = sum(style[1] == line and style[0] in shades for style in found.values())
        found[formula.bound] = shades[earlier % len(shades)], line
    return found


def figures(result: Comparison) -> list[Figure]:
    """Widths against the margin at the first eps, and who asks for the fewest neurons, where these were computed."""
    if not result.curves:
        return [Figure(partial(rows_by_gamma, result), _caption(result))]
    maps = [
        Figure(partial(winners, found, styles(result)), "fewest neurons among " + ", ".join(found.bounds))
        for found in result.maps
    ]
    return [Figure(partial(widths, result), _caption(result)), *maps]


def _caption(result: Comparison) -> str:
    return (
        f"width that suffices at eps = {result.eps[0]:g}, n = {result.n}, total failure probability "
        f"{result.failure_probability:g}; upper bounds, lower ones black"
    )


def rows_by_gamma(result: Comparison, axis: "Axes") -> None:
    """Widths of the table against gamma; a row for each bound where there is one margin only."""
    rows = [row for row in result.rows if row.eps == result.eps[0] and row.width < WIDEST]
    if len(result.gammas) == 1:
        for place, row in enumerate(reversed(rows)):
            axis.plot(float(row.width), place, "s", color=COLOURS[row.labels])
        axis.set_yticks(range(len(rows)), [row.bound for row in reversed(rows)])
        axis.set(xscale="log", xlabel="width m that suffices")
    else:
        for bound in dict.fromkeys(row.bound for row in rows):
            own = sorted((row.gamma, float(row.width)) for row in rows if row.bound == bound)
            colour, line = styles(result)[bound]
            axis.plot(*zip(*own, strict=True), marker=".", color=colour, ls=line, label=bound)
        axis.set(xscale="log", yscale="log", xlabel="margin gamma", ylabel="width m that suffices")
        axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def widths(result: Comparison, axis: "Axes") -> None:
    """Width against gamma on log axes; a dot where two widths cross. Raises InputError for widths above WIDEST."""
    if any(width > WIDEST for points in result.curves.values() for _, width in points):
        raise InputError(f"--plot: widths above {WIDEST:g} are not drawn; take a larger eps, or leave --plot out")
    eps = result.eps[0]
    for bound, points in result.curves.items():
        colour, line = styles(result)[bound]
        axis.plot([gamma for gamma, _ in points], [width for _, width in points], color=colour, ls=line, label=bound)
    crossings = [c for c in result.crossovers if c.eps == eps and c.gamma is not None]
    for crossing in crossings:
        assert crossing.gamma is not None
        height = _interpolated(result.curves[crossing.soft], crossing.gamma)
        axis.plot(crossing.gamma, height, "ko", ms=5)
        axis.annotate(f"{crossing.gamma:.3g}", (crossing.gamma, height), (5, 5), textcoords="offset points", fontsize=8)
    axis.set(xscale="log", yscale="log", xlabel="margin gamma", ylabel="width m that suffices")
    steep = {f.bound for f in result.formulas if any(g.variable == "gamma" and g.power > STEEP for g in f.growth)}
    others = [m for bound, points in result.curves.items() if bound not in steep for _, m in points]
    if others:
        axis.set_ylim(min(others) / 3, max(others) * 10)
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def _interpolated(points: tuple[tuple[float, float], ...], gamma: float) -> float:
    """Width at gamma, log-log between the neighbours."""
    import numpy as np

    x, y = np.log(np.array(points)).T
    return float(np.exp(np.interp(np.log(gamma), x, y)))


def winners(found: WinnerMap, style: Mapping[str, tuple[str, str]], axis: "Axes") -> None:
    """The bound with the fewest neurons over the (gamma, eps) plane."""
    import numpy as np
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    present = [bound for bound in found.bounds if any(bound in row for row in found.winner)]
    index = np.array([[present.index(bound) if bound else np.nan for bound in row] for row in found.winner])
    colours = [style[bound][0] for bound in present]
    axis.pcolormesh(
        found.gamma,
        found.eps,
        index,
        cmap=ListedColormap(colours),
        vmin=-0.5,
        vmax=len(present) - 0.5,
        shading="nearest",
    )
    axis.set(xscale="log", yscale="log", xlabel="margin gamma", ylabel="target error eps")
    axis.legend([Patch(color=colour) for colour in colours], present, fontsize=8, loc="lower left")
