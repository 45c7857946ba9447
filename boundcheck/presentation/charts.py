"""Charts of points, lines and intervals: one style, told apart by colour and, in grey, by line and mark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SOFT, HARD, THIRD, FOURTH, OTHER, INK = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#999999", "#000000"


@dataclass(frozen=True)
class Look:
    """How points are drawn.  line: as Matplotlib names it, "" for none.  hollow: marks that are not filled."""

    colour: str
    line: str = "-"
    mark: str = "o"
    hollow: bool = False


LOOKS = {"soft": Look(SOFT, "-", "o"), "hard": Look(HARD, "--", "s"), "any": Look(INK, ":", "D")}
"""Labels -> their look, in every chart."""
THEIRS = Look(OTHER, "-.", "x")
DASHED = Look(OTHER, "--", "")
MARKS = 12  # along a curve
CROWDED = 300  # points, from which on they are drawn smaller


@dataclass(frozen=True)
class Axis:
    """label: of the axis.  ticks: place -> text, in place of Matplotlib's.  limits: of what is shown."""

    label: str
    log: bool = False
    ticks: Mapping[float, str] = field(default_factory=dict)
    limits: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class Series:
    """Points (x, y) of one name; a y of None is left out.

    ends: an interval of y for each point, or of x where `lying`.  unbounded: whose upper end is a place where the
    search stopped, not an end; drawn as an arrow.  steps: the value holds until the next point.
    """

    name: str
    look: Look
    x: Sequence[float]
    y: Sequence[float | None]
    ends: Sequence[tuple[float, float]] = ()
    unbounded: Sequence[bool] = ()
    lying: bool = False
    steps: bool = False


@dataclass(frozen=True)
class Level:
    """A line across the chart at a value of y, or of x where `upright`; a band up to `upper`, if given."""

    value: float
    name: str
    look: Look = DASHED
    upper: float | None = None
    upright: bool = False


@dataclass(frozen=True)
class Chart:
    """What a `document.Figure` draws.  The legend stands below the axes, where it can hide nothing."""

    x: Axis
    y: Axis
    series: Sequence[Series]
    levels: Sequence[Level] = ()
    more: Callable[["Axes"], None] | None = None

    def __call__(self, axes: "Axes") -> None:
        """Draw on the axes."""
        from matplotlib.ticker import NullFormatter

        axes.set(xscale="log" if self.x.log else "linear", yscale="log" if self.y.log else "linear")
        for level in self.levels:
            _level(axes, level)
        for series in self.series:
            _intervals(axes, series)
            _points(axes, series)
        if self.more is not None:
            self.more(axes)
        for axis, own in ((self.x, "x"), (self.y, "y")):
            axes.set(**{f"{own}label": axis.label})
            if axis.ticks:
                getattr(axes, f"set_{own}ticks")(list(axis.ticks), list(axis.ticks.values()), minor=False)
            if axis.log:
                getattr(axes, f"{own}axis").set_minor_formatter(NullFormatter())
            if axis.limits != (None, None):
                getattr(axes, f"set_{own}lim")(*axis.limits)
        axes.grid(alpha=0.3)
        legend(axes)


def legend(axes: "Axes") -> None:
    """Every name once, below the axes."""
    found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if found:
        longest = max(map(len, found))
        columns = 1 if longest > 40 else 2 if longest > 18 else 3
        shown = axes.legend(
            found.values(), found, ncols=columns, fontsize=8, frameon=False, loc="upper center", handlelength=3
        )
        shown.set_bbox_to_anchor((0.5, -0.16))


def _level(axes: "Axes", level: Level) -> None:
    if level.upper is not None:
        span = axes.axvspan if level.upright else axes.axhspan
        span(level.value, level.upper, color=level.look.colour, alpha=0.2, label=level.name)
        return
    line = axes.axvline if level.upright else axes.axhline
    line(level.value, color=level.look.colour, ls=level.look.line, lw=1.2, label=level.name)


def _points(axes: "Axes", series: Series) -> None:
    look = series.look
    known = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
    axes.plot(
        [x for x, _ in known],
        [y for _, y in known],
        color=look.colour,
        linestyle=look.line or "none",
        marker=look.mark,
        markersize=5 if len(known) <= CROWDED else 2.5,
        markerfacecolor="none" if look.hollow else None,
        markevery=max(1, len(known) // MARKS) if look.line else 1,
        label=series.name,
        drawstyle="steps-post" if series.steps else "default",
    )


def _intervals(axes: "Axes", series: Series) -> None:
    """A bar for each interval; an arrow where it has no upper end."""
    if not series.ends:
        return
    line, cap, arrow = (axes.hlines, "|", ">") if series.lying else (axes.vlines, "_", "^")
    places: Sequence[Any] = series.y if series.lying else series.x
    unbounded = series.unbounded or [False] * len(series.ends)
    for place, (low, high), endless in zip(places, series.ends, unbounded, strict=True):
        line([place], low, high, color=series.look.colour, lw=1.6, alpha=0.7)
        for end, mark in ((low, cap), (high, arrow if endless else cap)):
            at: Any = (end, place) if series.lying else (place, end)
            axes.plot(*at, mark, color=series.look.colour, ms=6, mfc="none")
