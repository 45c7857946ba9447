"""Figures of the width search: success against width, and the ladder from theorem to practice."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.presentation.figures import new_figure, save
from boundcheck.presentation.views.verify import slope_phrase
from boundcheck.records import LogitScales, Scaling, Search
from boundcheck.verification import WidthReport, WidthSearchReport, name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"soft": "#0072b2", "hard": "#d55e00"}
SEARCH_COLOURS = (COLOURS["soft"], COLOURS["hard"], "#009e73")
SCALING_COLOURS = (*SEARCH_COLOURS, "#cc79a7")
MARKS = {"proved": "s", "certified": "D", "estimated": "o"}


def draw(report: WidthSearchReport | WidthReport, path: Path) -> None:
    """Write the figure of whichever report `verify` returned."""
    if isinstance(report, WidthReport):
        width_runs(report, path)
    else:
        width_search(report, path)


def width_search(report: WidthSearchReport, path: Path) -> None:
    """Write success rates with their intervals, movement and errors against width, and the ladder, to `path`."""
    figure, ((rates, rungs), (errors, flips)) = new_figure(2, 2, width=11.0, height=8.0)
    for search, colour, style in zip(report.searches, SEARCH_COLOURS, ("-", "--", ":"), strict=True):
        _curves(search, colour, style, rates, errors, flips)
    rates.axhline(report.searches[0].success_target, color="grey", lw=0.8)
    rates.set(xscale="log", xlabel="width m", ylabel=f"share of runs with error <= {report.eps:g}")
    errors.axhline(report.eps, color="grey", lw=0.8)
    errors.set(xscale="log", xlabel="width m", ylabel="error: average (solid), last (open)")
    flips.set(xscale="log", xlabel="width m", ylabel="flipped share (solid), movement / B (open)")
    rates.legend(fontsize=8)
    _ladder(report, rungs)
    figure.suptitle(f"{report.data}: n = {report.n}, d = {report.d}, gamma >= {report.gamma.lower:.4g}")
    save(figure, path)


def _curves(search: Search, colour: str, style: str, rates: "Axes", errors: "Axes", flips: "Axes") -> None:
    trials = sorted(search.trials, key=lambda t: t.width)
    widths = [t.width for t in trials]
    share = [t.successes / t.seeds for t in trials]
    reach = [
        [s - t.ci[0] for s, t in zip(share, trials, strict=True)],
        [t.ci[1] - s for s, t in zip(share, trials, strict=True)],
    ]
    rates.errorbar(widths, share, yerr=reach, fmt="o", ls=style, color=colour, ms=4, capsize=2, label=name_of(search))
    errors.plot(widths, [t.mean_error for t in trials], "o", ls=style, color=colour, ms=4)
    errors.plot(widths, [t.final_error for t in trials], "o", ls="none", mfc="none", color=colour, ms=4)
    flips.plot(widths, [t.flip_fraction for t in trials], "o", ls=style, color=colour, ms=4)
    flips.plot(widths, [t.movement / search.radius for t in trials], "o", ls="none", mfc="none", color=colour, ms=4)


def _ladder(report: WidthSearchReport, axes: "Axes") -> None:
    shown = [rung for rung in report.ladder if rung.width or rung.searched_to]
    for height, rung in enumerate(reversed(shown)):
        mark = MARKS[rung.kind] if rung.width else ">"
        axes.plot(rung.width or rung.searched_to or 0, height, mark, color=COLOURS[rung.labels])
        if rung.bracket is not None and rung.bracket[1] is not None:
            axes.plot([max(rung.bracket[0], 1), rung.bracket[1]], [height, height], color=COLOURS[rung.labels])
    axes.set_yticks(range(len(shown)), [_label(rung.bound, rung.radius) for rung in reversed(shown)], fontsize=8)
    axes.set(xscale="log", xlabel="width m")
    axes.set_title("squares proved, diamonds certified, discs trained, arrows: none up to there", fontsize=9)
    axes.grid(axis="x", lw=0.3)


def _label(bound: str, radius: float | None) -> str:
    return f"{bound}, B={radius:.3g}" if bound == "empirical" and radius is not None else bound


def width_runs(report: WidthReport, path: Path) -> None:
    """Write the average errors of the runs at one width beside the target and the certificates to `path`."""
    figure, axes = new_figure(width=6.0, height=4.0)
    seeds = range(len(report.runs))
    axes.plot(seeds, [run.average_error for run in report.runs], "o", color=COLOURS["soft"], label="average error")
    certified = [(i, run.certificate) for i, run in enumerate(report.runs) if run.certificate is not None]
    axes.plot([i for i, _ in certified], [c for _, c in certified], "D", color="black", mfc="none", label="certificate")
    axes.axhline(report.eps, color="grey", lw=0.8, label="target")
    axes.set(xlabel="run", ylabel="average error", title=f"{report.data}, width {report.width}, {report.bound.bound}")
    axes.legend(fontsize=8)
    save(figure, path)


def scaling(report: Scaling, path: Path) -> None:
    """Write the smallest widths against the family's variable, with brackets and fitted lines, to `path`."""
    figure, axes = new_figure(width=6.5, height=4.5)
    places = [getattr(row.place, report.against) for row in report.rows]
    for column, (fit, colour) in enumerate(zip(report.fits, SCALING_COLOURS, strict=True)):
        apart = 1 + 0.02 * (column - (len(report.fits) - 1) / 2)  # equal widths would hide each other
        for place, row in zip(places, report.rows, strict=True):
            low, high = row.searches[column].bracket
            ends = [max(low, 1), high or row.searches[column].max_width]
            axes.plot([place * apart] * 2, ends, color=colour, lw=1)
        known = [(x, row.widths[column]) for x, row in zip(places, report.rows, strict=True) if row.widths[column]]
        x, width = np.array(known, dtype=float).reshape(-1, 2).T
        axes.plot(x * apart, width, "o", ms=5, color=colour, label=f"{fit.search}: {slope_phrase(fit)}")
        if fit.exponent is not None and not fit.beyond and not fit.below:
            level = np.exp(np.log(width).mean() - fit.exponent * np.log(x).mean())
            axes.plot(x, level * x**fit.exponent, "--", lw=0.8, color=colour)
    axes.set(xscale="log", yscale="log", xlabel=report.against, ylabel="smallest width m")
    axes.set_xticks(places, [f"{place:.3g}" for place in places], minor=False)
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axes.legend(title="slope", fontsize=8)
    save(figure, path)


def logit_scales(report: LogitScales, path: Path) -> None:
    """Write the smallest widths against the logit scale, with brackets, beside the sharp bounds, to `path`."""
    figure, axes = new_figure(width=6.5, height=4.5)
    scales = [row.logit_scale for row in report.rows]
    for name, apart in (("soft", 1.0), ("hard", 1.06)):
        found = [(row.logit_scale * apart, getattr(row, name), getattr(row, f"{name}_crossing")) for row in report.rows]
        for at, search, _ in found:
            low, high = search.bracket
            axes.plot([at, at], [max(low, 1), high or search.max_width], color=COLOURS[name], lw=2)
        known = [(at, width) for at, _, width in found if width is not None]
        axes.plot(
            [at for at, _ in known],
            [width for _, width in known],
            "o-",
            ms=4,
            color=COLOURS[name],
            label=f"{name} labels",
        )
    for column, style in zip(range(len(report.rows[0].bounds) if report.rows else 0), ("-", "--"), strict=False):
        rows = [row.bounds[column] for row in report.rows]
        axes.plot(scales, [row.width for row in rows], color="black", ls=style, lw=1, label=rows[0].bound)
    axes.set(xscale="log", yscale="log", xlabel="logit scale = radius B", ylabel=f"width for error <= {report.eps:g}")
    axes.set_xticks(scales, [f"{scale:g}" for scale in scales], minor=False)
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axes.set_title(f"{report.data}: n = {report.n}, gamma >= {report.gamma.lower:.4g}", fontsize=10)
    if report.rows:
        axes.legend(fontsize=8)
    save(figure, path)
