"""Figures of `compare`: width against margin with its crossovers, and which bound asks for the fewest neurons where."""

from pathlib import Path
from typing import TYPE_CHECKING

from boundcheck.errors import InputError
from boundcheck.presentation.figures import new_figure, save
from boundcheck.records.comparison import Comparison, WinnerMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# soft labels in blues, hard labels in warm colours; published bounds dashed
STYLE = {
    "soft-published": ("#0072b2", "--"),
    "soft-kl-published": ("#56b4e9", "--"),
    "soft-sharp": ("#0072b2", "-"),
    "soft-sharp-nfree": ("#56b4e9", "-"),
    "hard-published": ("#d55e00", "--"),
    "hard-gd-published": ("#999999", "--"),
    "hard-sharp": ("#d55e00", "-"),
    "hard-tempered": ("#e69f00", "-"),
    "hard-perceptron": ("#cc79a7", "-"),
}


WIDEST = 1e200  # Matplotlib's log axes overflow where a few decades more do


def draw(result: Comparison, path: Path) -> None:
    """Write the curves at the first eps, and the maps of the footings that have both kinds of labels, to `path`.

    Raises InputError for widths that log axes have no room for.
    """
    if any(width > WIDEST for points in result.curves.values() for _, width in points):
        raise InputError(f"{path}: widths above {WIDEST:g} are not drawn; take a larger eps, or leave --plot out")
    rows, columns = (2, 2) if len(result.maps) > 1 else (1, 1 + len(result.maps))
    figure, axes = new_figure(rows, columns, width=6.0 * columns, height=4.6 * rows)
    panels = [axes] if rows * columns == 1 else list(axes.flat)
    widths(result, panels[0])
    for axis, found in zip(panels[1:], result.maps, strict=False):
        winners(found, axis)
    for axis in panels[1 + len(result.maps) :]:
        axis.set_axis_off()
    figure.suptitle(f"n = {result.n}, total failure probability {result.failure_probability:g}; all are upper bounds")
    save(figure, path)


def widths(result: Comparison, axis: "Axes") -> None:
    """Width against gamma on log axes; a dot where two widths cross, a line at each gamma of the rows."""
    eps = result.eps[0]
    for bound, points in result.curves.items():
        colour, line = STYLE[bound]
        axis.plot([gamma for gamma, _ in points], [width for _, width in points], color=colour, ls=line, label=bound)
    crossings = [c for c in result.crossovers if c.eps == eps and c.gamma is not None]
    for crossing in crossings:
        assert crossing.gamma is not None
        height = _interpolated(result.curves[crossing.soft], crossing.gamma)
        axis.plot(crossing.gamma, height, "ko", ms=5)
        axis.annotate(f"{crossing.gamma:.3g}", (crossing.gamma, height), (5, 5), textcoords="offset points", fontsize=8)
    axis.set(xscale="log", yscale="log", xlabel="margin gamma", ylabel="width m that suffices", title=f"eps = {eps:g}")
    others = [m for bound, points in result.curves.items() if bound != "hard-gd-published" for _, m in points]
    if others:  # 1/gamma^8 would flatten all the rest
        axis.set_ylim(min(others) / 3, max(others) * 10)
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)


def _interpolated(points: tuple[tuple[float, float], ...], gamma: float) -> float:
    """Width at gamma, log-log between the neighbours."""
    import numpy as np

    x, y = np.log(np.array(points)).T
    return float(np.exp(np.interp(np.log(gamma), x, y)))


def winners(found: WinnerMap, axis: "Axes") -> None:
    """The bound with the fewest neurons over the (gamma, eps) plane."""
    import numpy as np
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    present = [bound for bound in found.bounds if any(bound in row for row in found.winner)]
    index = np.array([[present.index(bound) if bound else np.nan for bound in row] for row in found.winner])
    colours = [STYLE[bound][0] for bound in present]
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
    axis.set_title("fewest neurons among: " + ", ".join(found.bounds), fontsize=7, wrap=True)
    axis.legend([Patch(color=colour) for colour in colours], present, fontsize=8, loc="lower left")
