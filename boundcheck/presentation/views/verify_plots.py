"""Figures of the width search: success against width, and the ladder from theorem to practice."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.presentation.document import Figure
from boundcheck.presentation.figures import COLOURS, INK, OTHER, THIRD
from boundcheck.records import Fit, LogitScales, Scaling, Search, Trial
from boundcheck.records.verification import WidthReport, WidthSearchReport
from boundcheck.verification import name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCALING_COLOURS = (COLOURS["soft"], COLOURS["hard"], THIRD, "#cc79a7")
MARKS = {"proved": "s", "certified": "D", "estimated": "o"}


def search_panels(report: WidthSearchReport) -> list[Figure]:
    """The ladder; success, errors and movement against the width."""
    return [
        Figure(partial(ladder, report), "squares proved, diamonds certified, discs trained, arrows: none up to there"),
        Figure(partial(rates, report), f"share of runs with average error <= {report.eps:g}; bars hold together"),
        Figure(partial(errors, report), "average error (solid) and error after the last step (open)"),
        Figure(partial(movement, report), "flipped share of activations (solid), movement / B (open)"),
    ]


def rates(report: WidthSearchReport, axes: "Axes") -> None:
    """Success rate with its interval at every width tried; the target as a line."""
    for search, colour, style in _styled(report):
        trials = _sorted(search)
        share = [t.successes / t.seeds for t in trials]
        low = [s - t.ci[0] for s, t in zip(share, trials, strict=True)]
        high = [t.ci[1] - s for s, t in zip(share, trials, strict=True)]
        widths = [t.width for t in trials]
        name = name_of(search)
        axes.errorbar(widths, share, [low, high], fmt="o", ls=style, color=colour, ms=4, capsize=2, label=name)
    axes.axhline(report.searches[0].success_target, color=OTHER, lw=0.8)
    axes.set(xscale="log", xlabel="width m", ylabel="share of runs")
    axes.legend(fontsize=8)


def errors(report: WidthSearchReport, axes: "Axes") -> None:
    """Average and last error at every width tried; the target as a line."""
    _two(report, axes, lambda trial, _: (trial.mean_error, trial.final_error))
    axes.axhline(report.eps, color=OTHER, lw=0.8)
    axes.set(ylabel="error")


def movement(report: WidthSearchReport, axes: "Axes") -> None:
    """How far the networks moved."""
    _two(report, axes, lambda trial, search: (trial.flip_fraction, trial.movement / search.radius))
    axes.set(ylabel="share")


def _two(report: WidthSearchReport, axes: "Axes", values: Callable[[Trial, Search], tuple[float, float]]) -> None:
    """Two values at every width tried, solid and open."""
    for search, colour, style in _styled(report):
        trials = _sorted(search)
        solid, hollow = zip(*(values(trial, search) for trial in trials), strict=True)
        widths = [t.width for t in trials]
        axes.plot(widths, solid, "o", ls=style, color=colour, ms=4, label=name_of(search))
        axes.plot(widths, hollow, "o", ls="none", mfc="none", color=colour, ms=4)
    axes.set(xscale="log", xlabel="width m")
    axes.legend(fontsize=8)


def _styled(report: WidthSearchReport) -> list[tuple[Search, str, str]]:
    """Searches that trained anything, each with its colour and line; the second on hard labels is dotted."""
    found, seen = [], set()
    for search in report.searches:
        style = ":" if search.labels in seen else "-"
        seen.add(search.labels)
        if search.trials:
            found.append((search, COLOURS[search.labels], style))
    return found


def _sorted(search: Search) -> list[Trial]:
    return sorted(search.trials, key=lambda trial: trial.width)


def ladder(report: WidthSearchReport, axes: "Axes") -> None:
    """Every rung over a common axis; one that was not reached is an arrow from where it was sought."""
    shown = [rung for rung in report.ladder if rung.width or rung.searched_to]
    for height, rung in enumerate(reversed(shown)):
        mark = MARKS[rung.kind] if rung.width else ">"
        axes.plot(rung.width or rung.searched_to or 0, height, mark, color=COLOURS[rung.labels])
        if rung.bracket is not None and rung.bracket[1] is not None:
            axes.plot([max(rung.bracket[0], 1), rung.bracket[1]], [height, height], color=COLOURS[rung.labels])
    axes.set_yticks(range(len(shown)), [_label(rung.bound, rung.radius) for rung in reversed(shown)], fontsize=8)
    axes.set(xscale="log", xlabel="width m")
    axes.grid(axis="x", lw=0.3)


def _label(bound: str, radius: float | None) -> str:
    return f"{bound}, B={radius:.3g}" if bound == "empirical" and radius is not None else bound


def width_runs(report: WidthReport, axes: "Axes") -> None:
    """The average errors of the runs at one width beside the target and the certificates."""
    seeds = range(len(report.runs))
    colour = COLOURS[report.bound.labels]
    axes.plot(seeds, [run.average_error for run in report.runs], "o", color=colour, label="average error")
    certified = [(i, run.certificate) for i, run in enumerate(report.runs) if run.certificate is not None]
    axes.plot([i for i, _ in certified], [c for _, c in certified], "D", color=INK, mfc="none", label="certificate")
    axes.axhline(report.eps, color=OTHER, lw=0.8, label="target")
    axes.set(xlabel="run", ylabel="average error")
    axes.legend(fontsize=8)


def scaling(report: Scaling, axes: "Axes") -> None:
    """The smallest widths against the family's variable, with brackets and fitted lines."""
    places = [getattr(row.place, report.against) for row in report.rows]
    for column, (fit, colour) in enumerate(zip(report.fits, SCALING_COLOURS, strict=False)):
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


def slope_phrase(fit: Fit) -> str:
    """The slope, marked as a bound where places lie beyond the widest network."""
    if fit.exponent is None:
        return "-"
    if fit.lower is None and fit.upper is None:
        return "unknown"
    sign = "<= " if fit.lower is None else ">= " if fit.upper is None else ""
    return f"{sign}{fit.exponent:.2f}"


def logit_scales(report: LogitScales, axes: "Axes") -> None:
    """The smallest widths against the logit scale, with brackets, beside the sharp bounds."""
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
        axes.plot(scales, [row.width for row in rows], color=INK, ls=style, lw=1, label=rows[0].bound)
    axes.set(xscale="log", yscale="log", xlabel="logit scale = radius B", ylabel=f"width for error <= {report.eps:g}")
    axes.set_xticks(scales, [f"{scale:g}" for scale in scales], minor=False)
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    if report.rows:
        axes.legend(fontsize=8)
