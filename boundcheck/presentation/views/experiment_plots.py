"""Figures of the reproduced experiments: our curves with intervals, the paper's points beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boundcheck.experiments.estimates import Estimate
from boundcheck.presentation.figures import new_figure, save

if TYPE_CHECKING:
    from boundcheck.experiments.figure1 import Figure1
    from boundcheck.experiments.table1_result import Table1

COLOURS = {"teacher": "#000000", "hard": "#d55e00", "soft": "#0072b2", "gain": "#009e73"}
NAMES = {"teacher": "teacher", "hard": "hard labels", "soft": "soft labels"}
MARKS = {"teacher": "s", "hard": "v", "soft": "^"}


def plot_table1(result: "Table1", path: Path) -> None:
    """Accuracy against width on each data set, and the gain of soft labels on both."""
    figure, axes = new_figure(1, len(result.datasets) + 1, width=13.0, height=4.2)
    for place, name in zip(axes, result.datasets, strict=False):
        rows = [row for row in result.rows if row.data == name]
        _curves(place, [row.width for row in rows], rows, shift=1.03)
        _width_axis(place, result.settings.widths, f"{name} (n = {result.n_train[result.datasets.index(name)]})")
        place.set_ylabel("test accuracy, %")
        _accuracy_axis(place, rows)
        place.legend(fontsize=7, loc="lower right")
    for name, colour, shift in zip(result.datasets, ("#e69f00", "#cc79a7"), (0.98, 1.02), strict=True):
        rows = [row for row in result.rows if row.data == name]
        _errorbar(axes[-1], [row.width * shift for row in rows], [row.gain for row in rows], colour, name)
        theirs = [(row.width * shift, row.paper["soft"] - row.paper["hard"]) for row in rows if row.paper]
        if theirs:
            axes[-1].plot(*zip(*theirs, strict=True), "x", color=colour, ms=7, mew=2, label=f"{name}, paper")
    axes[-1].axhline(0, color="grey", lw=0.8)
    _width_axis(axes[-1], result.settings.widths, "soft minus hard, paired")
    axes[-1].set_ylabel("points")
    axes[-1].legend(fontsize=7)
    figure.suptitle(f"{result.source}: {result.settings.runs} seeds a cell, 95 % intervals; x, hollow: the paper")
    save(figure, path)


def plot_figure1(result: "Figure1", path: Path) -> None:
    """Accuracy against the noise variance, ours and the paper's, and the gain of soft labels."""
    figure, (ours, theirs, gain) = new_figure(1, 3, width=13.0, height=4.2)
    noise = [row.noise for row in result.rows]
    _curves(ours, noise, result.rows, shift=1.02, paper=False)
    _accuracy_axis(ours, result.rows)
    ours.set(title=f"ours: {result.data}, {result.settings.runs} runs", ylabel="test accuracy, %")
    known = [(row.noise, row.paper) for row in result.rows if row.paper is not None]
    for kind in NAMES if known else ():
        values = [paper[kind] for _, paper in known]
        theirs.plot([v for v, _ in known], values, f"--{MARKS[kind]}", color=COLOURS[kind], mfc="none")
    theirs.set(title="the paper: CIFAR-10 cats and dogs (read off)", ylabel="test accuracy, %")
    _errorbar(gain, noise, [row.gain for row in result.rows], COLOURS["gain"], "ours")
    if known:
        differences = [paper["soft"] - paper["hard"] for _, paper in known]
        gain.plot([v for v, _ in known], differences, "x--", color="grey", label="paper")
    gain.axhline(0, color="grey", lw=0.8)
    gain.set(title="soft minus hard, paired", ylabel="points", xscale="log")
    gain.legend(fontsize=8)
    ours.legend(fontsize=8)
    theirs.set_xscale("log")
    for axes in (ours, theirs, gain):
        axes.set_xlabel("noise variance")
        axes.set_xticks(noise, [f"{v:g}" for v in noise], minor=False)
        axes.minorticks_off()
    save(figure, path)


def _curves(axes: Any, x: Sequence[float], rows: Sequence[Any], *, shift: float, paper: bool = True) -> None:
    for i, kind in enumerate(NAMES):
        place = [value * shift ** (i - 1) for value in x]
        _errorbar(axes, place, [getattr(row, kind) for row in rows], COLOURS[kind], NAMES[kind])
        theirs = [(v, row.paper[kind]) for v, row in zip(place, rows, strict=True) if row.paper and paper]
        if theirs:
            axes.plot(*zip(*theirs, strict=True), MARKS[kind], color=COLOURS[kind], mfc="none", ms=8, mew=1.5)
    axes.set_xscale("log")


def _errorbar(axes: Any, x: Sequence[float], values: Sequence[Estimate], colour: str, label: str) -> None:
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


def _width_axis(axes: Any, widths: Sequence[int], title: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(widths), [str(width) for width in widths])
    axes.set_xlabel("student width (neurons)")
    axes.set_title(title, fontsize=10)
