"""Figures of the width search: success against width, and the ladder from theorem to practice."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from boundcheck.presentation.charts import FOURTH, INK, LOOKS, THIRD, Axis, Chart, Level, Look, Series
from boundcheck.presentation.document import Figure
from boundcheck.records import Fit, LogitScales, Scaling, Search, Trial
from boundcheck.records.verification import Rung, WidthReport, WidthSearchReport
from boundcheck.verification import name_of

MARKS = {"proved": "s", "certified": "D", "estimated": "o", "needed": "|"}
WIDTH = Axis("width m", log=True)


def search_panels(report: WidthSearchReport) -> list[Figure]:
    """The ladder; success, errors and movement against the width."""
    target = report.searches[0].success_target
    return [
        Figure(ladder(report.ladder), "squares proved, diamonds certified, discs trained; arrows: none up to there"),
        Figure(
            Chart(_tried(report), Axis("share of runs"), list(map(_rates, report.searches)), [Level(target, "target")]),
            f"share of runs with average error <= {report.eps:g}; bars hold together",
        ),
        Figure(
            _two(report, lambda trial, _: (trial.mean_error, trial.final_error), "error", [Level(report.eps, "eps")]),
            "average error (filled) and error after the last step (hollow)",
        ),
        Figure(
            _two(report, lambda trial, search: (trial.flip_fraction, trial.movement / search.radius), "share"),
            "flipped share of activations (filled), movement / B (hollow)",
        ),
    ]


def _look(search: Search) -> Look:
    """Of its labels; dotted where the radius is not that of the theorems."""
    look = LOOKS[search.labels]
    return look if search.radius == 1 else replace(look, line=":")


def _rates(search: Search) -> Series:
    trials = _sorted(search)
    share = [t.successes / t.seeds for t in trials]
    return Series(name_of(search), _look(search), [t.width for t in trials], share, [t.ci for t in trials])


def _two(
    report: WidthSearchReport,
    values: Callable[[Trial, Search], tuple[float, float]],
    label: str,
    levels: Sequence[Level] = (),
) -> Chart:
    """Two values at every width tried, filled and hollow."""
    series = []
    for search in report.searches:
        trials, look = _sorted(search), _look(search)
        both = [values(trial, search) for trial in trials]
        widths = [t.width for t in trials]
        series.append(Series(name_of(search), look, widths, [one for one, _ in both]))
        series.append(Series("", replace(look, line="", hollow=True), widths, [other for _, other in both]))
    return Chart(_tried(report), Axis(label), series, levels)


def _tried(report: WidthSearchReport) -> Axis:
    """The widths, powers of two named."""
    widths = sorted({trial.width for search in report.searches for trial in search.trials})
    return replace(WIDTH, ticks={float(width): str(width) for width in widths if width & (width - 1) == 0})


def _sorted(search: Search) -> list[Trial]:
    return sorted(search.trials, key=lambda trial: trial.width)


def ladder(rungs: Sequence[Rung]) -> Chart:
    """Every rung over a common axis; one that was not reached is an arrow from where it was sought."""
    shown = [rung for rung in reversed(rungs) if rung.width or rung.searched_to]
    series = []
    for height, rung in enumerate(shown):
        look = replace(LOOKS[rung.labels], line="", mark=MARKS[rung.kind] if rung.width else ">")
        low, high = rung.bracket or (None, None)
        ends = [] if low is None or high is None else [(float(max(low, 1)), float(high))]
        at = float(rung.width or rung.searched_to or 0)
        series.append(Series("", look, [at], [height], ends, lying=True))
    names = {float(i): _rung_name(rung) for i, rung in enumerate(shown)}
    needed = max((rung.width or 0 for rung in shown if rung.kind == "needed"), default=0)
    zone = [Level(1, "impossible zone", Look(INK), needed, upright=True)] if needed > 2 else []
    return Chart(WIDTH, Axis("", ticks=names), series, zone)


def _rung_name(rung: Rung) -> str:
    own = f", B={rung.radius:.3g}" if rung.kind in ("estimated", "needed") and rung.radius is not None else ""
    return f"{rung.bound}{own} ({rung.labels})"


def width_runs(report: WidthReport) -> Chart:
    """The average errors of the runs at one width beside the target and the certificates."""
    seeds = range(len(report.runs))
    errors = Series(
        "average error", replace(LOOKS[report.bound.labels], line=""), seeds, [run.average_error for run in report.runs]
    )
    proved = Series("certificate", Look(INK, "", "D", hollow=True), seeds, [run.certificate for run in report.runs])
    return Chart(Axis("run"), Axis("average error"), [errors, proved], [Level(report.eps, "target")])


def _bracket(search: Search) -> tuple[float, float]:
    low, high = search.bracket
    return float(max(low, 1)), float(high or search.max_width)


def scaling(report: Scaling) -> Chart:
    """The smallest widths against the family's variable, with brackets and fitted lines."""
    places = [getattr(row.place, report.against) for row in report.rows]
    looks = [*LOOKS.values(), Look(THIRD, "", "^"), Look(FOURTH, "", "v")]
    series = []
    for column, (fit, look) in enumerate(zip(report.fits, looks, strict=False)):
        apart = 1 + 0.02 * (column - (len(report.fits) - 1) / 2)  # equal widths would hide each other
        searches = [row.searches[column] for row in report.rows]
        widths = [row.widths[column] for row in report.rows]
        series.append(
            Series(
                f"{fit.search}: slope {slope_phrase(fit)}",
                replace(look, line=""),
                [place * apart for place in places],
                widths,
                list(map(_bracket, searches)),
                [search.bracket[1] is None for search in searches],
            )
        )
        if fit.exponent is not None and not fit.beyond and not fit.below:
            x, width = np.array([(p, w) for p, w in zip(places, widths, strict=True) if w], dtype=float).T
            level = np.exp(np.log(width).mean() - fit.exponent * np.log(x).mean())
            series.append(Series("", Look(look.colour, "--", ""), x.tolist(), (level * x**fit.exponent).tolist()))
    ticks = {place: f"{place:.3g}" for place in places}
    return Chart(Axis(report.against, log=True, ticks=ticks), Axis("smallest width m", log=True), series)


def slope_phrase(fit: Fit) -> str:
    """The slope, marked as a bound where places lie beyond the widest network."""
    if fit.exponent is None:
        return "-"
    if fit.lower is None and fit.upper is None:
        return "unknown"
    sign = "<= " if fit.lower is None else ">= " if fit.upper is None else ""
    return f"{sign}{fit.exponent:.2f}"


def logit_scales(report: LogitScales) -> Chart:
    """The smallest widths against the logit scale, with brackets, beside the sharp bounds."""
    scales = [row.logit_scale for row in report.rows]
    series = [
        Series(
            f"{labels} labels",
            LOOKS[labels],
            [scale * apart for scale in scales],
            [getattr(row, f"{labels}_crossing") for row in report.rows],
            [_bracket(getattr(row, labels)) for row in report.rows],
            [getattr(row, labels).bracket[1] is None for row in report.rows],
        )
        for labels, apart in (("soft", 1.0), ("hard", 1.06))
    ]
    for bounds, line in zip(zip(*(row.bounds for row in report.rows), strict=True), ("-", "--"), strict=False):
        series.append(Series(bounds[0].bound, Look(INK, line, ""), scales, [float(row.width) for row in bounds]))
    x = Axis("logit scale = radius B", log=True, ticks={scale: f"{scale:g}" for scale in scales})
    return Chart(x, Axis(f"width for error <= {report.eps:g}", log=True), series)
