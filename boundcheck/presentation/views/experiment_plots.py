"""Figures of the reproduced experiments: our curves with intervals, the paper's points beside them."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from boundcheck.presentation.document import Figure
from boundcheck.presentation.figures import HARD, INK, OTHER, SOFT, THIRD
from boundcheck.records.reproduce import MeanInterval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from boundcheck.records.reproduce import Figure1, Table1

COLOURS = {"teacher": INK, "hard": HARD, "soft": SOFT, "gain": THIRD}
NAMES = {"teacher": "teacher", "hard": "hard labels", "soft": "soft labels"}
MARKS = {"teacher": "s", "hard": "v", "soft": "^"}


def table1_panels(result: "Table1") -> list[Figure]:
    """Accuracy against width on each data set, and the gain of soft labels on both."""
    panels = [
        Figure(partial(_accuracy, result, name), f"test accuracy on {name} (n = {n}); hollow: the paper")
        for name, n in zip(result.datasets, result.n_train, strict=True)
    ]
    return [*panels, Figure(partial(_gains, result), "soft minus hard, paired; x: the paper")]


def _accuracy(result: "Table1", name: str, axes: "Axes") -> None:
    rows = [row for row in result.rows if row.data == name]
    _curves(axes, [row.width for row in rows], rows, shift=1.03)
    _width_axis(axes, result.settings.widths)
    axes.set_ylabel("test accuracy, %")
    _accuracy_axis(axes, rows)
    axes.legend(fontsize=7, loc="lower right")


def _gains(result: "Table1", axes: "Axes") -> None:
    for name, colour, shift in zip(result.datasets, ("#e69f00", "#cc79a7"), (0.98, 1.02), strict=True):
        rows = [row for row in result.rows if row.data == name]
        _errorbar(axes, [row.width * shift for row in rows], [row.gain for row in rows], colour, name)
        theirs = [(row.width * shift, row.paper["soft"] - row.paper["hard"]) for row in rows if row.paper]
        if theirs:
            axes.plot(*zip(*theirs, strict=True), "x", color=colour, ms=7, mew=2, label=f"{name}, paper")
    axes.axhline(0, color=OTHER, lw=0.8)
    _width_axis(axes, result.settings.widths)
    axes.set_ylabel("points")
    axes.legend(fontsize=7)


def figure1_panels(result: "Figure1") -> list[Figure]:
    """Accuracy against the noise variance, ours and the paper's, and the gain of soft labels."""
    return [
        Figure(partial(_ours, result), f"ours: {result.data}, {result.settings.runs} runs"),
        Figure(partial(_theirs, result), "the paper: CIFAR-10 cats and dogs (read off)"),
        Figure(partial(_gain, result), "soft minus hard, paired"),
    ]


def _ours(result: "Figure1", axes: "Axes") -> None:
    _curves(axes, [row.noise for row in result.rows], result.rows, shift=1.02, paper=False)
    _accuracy_axis(axes, result.rows)
    axes.set_ylabel("test accuracy, %")
    axes.legend(fontsize=8)
    _noise_axis(axes, result)


def _theirs(result: "Figure1", axes: "Axes") -> None:
    known = [(row.noise, row.paper) for row in result.rows if row.paper is not None]
    for kind, name in NAMES.items() if known else ():
        values = [paper[kind] for _, paper in known]
        axes.plot([v for v, _ in known], values, f"--{MARKS[kind]}", color=COLOURS[kind], mfc="none", label=name)
    axes.set_ylabel("test accuracy, %")
    _noise_axis(axes, result)


def _gain(result: "Figure1", axes: "Axes") -> None:
    _errorbar(axes, [row.noise for row in result.rows], [row.gain for row in result.rows], COLOURS["gain"], "ours")
    theirs = [(row.noise, row.paper["soft"] - row.paper["hard"]) for row in result.rows if row.paper is not None]
    if theirs:
        axes.plot(*zip(*theirs, strict=True), "x--", color=OTHER, label="paper")
    axes.axhline(0, color=OTHER, lw=0.8)
    axes.set_ylabel("points")
    axes.legend(fontsize=8)
    _noise_axis(axes, result)


def _noise_axis(axes: "Axes", result: "Figure1") -> None:
    noise = [row.noise for row in result.rows]
    axes.set(xscale="log", xlabel="noise variance")
    axes.set_xticks(noise, [f"{v:g}" for v in noise], minor=False)
    axes.minorticks_off()


def _curves(axes: Any, x: Sequence[float], rows: Sequence[Any], *, shift: float, paper: bool = True) -> None:
    for i, kind in enumerate(NAMES):
        place = [value * shift ** (i - 1) for value in x]
        _errorbar(axes, place, [getattr(row, kind) for row in rows], COLOURS[kind], NAMES[kind])
        theirs = [(v, row.paper[kind]) for v, row in zip(place, rows, strict=True) if row.paper and paper]
        if theirs:
            axes.plot(*zip(*theirs, strict=True), MARKS[kind], color=COLOURS[kind], mfc="none", ms=8, mew=1.5)
    axes.set_xscale("log")


def _errorbar(axes: Any, x: Sequence[float], values: Sequence[MeanInterval], colour: str, label: str) -> None:
    """Means in per cent with their intervals; an infinite interval is not drawn."""
    down = [_finite(100 * (v.mean - v.lower)) for v in values]
    up = [_finite(100 * (v.upper - v.mean)) for v in values]
    means = [100 * v.mean for v in values]
    axes.errorbar(x, means, yerr=(down, up), color=colour, marker="o", ms=3, lw=1.2, capsize=2, label=label)


def _finite(value: float) -> float:
    return 0.0 if value == float("inf") else value


def _accuracy_axis(axes: Any, rows: Sequence[Any]) -> None:
    """From a little below the lowest mean; long intervals of few runs are cut off."""
    lowest = min(100 * getattr(row, kind).mean for row in rows for kind in NAMES)
    axes.set_ylim(max(0.0, lowest - 10), 101)


def _width_axis(axes: Any, widths: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(widths), [str(width) for width in widths])
    axes.set_xlabel("student width (neurons)")
