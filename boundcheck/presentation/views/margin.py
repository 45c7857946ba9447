"""`margin`: how hard the data are, which rows make them so, and how the interval was found."""

import math
from typing import TYPE_CHECKING

from boundcheck.margins.zero import REMEDY
from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Next, Note, Table
from boundcheck.presentation.views import margin_plots
from boundcheck.presentation.views.bounds import BOUND_COLUMNS
from boundcheck.records import BoundRow
from boundcheck.records.margin import Level, MarginReport

if TYPE_CHECKING:
    from boundcheck.datasets import Dataset

EASY, HARD = 10**3, 10**5
"""Neurons that a sharp theorem asks for: a layer of the first is ordinary, one of the second wider than any in use."""

LIMITING = (
    Column("row", "row", format=str),
    Column("label", "label", format="{:+d}".format),
    Column("weight", "weight", format=lambda q: numbers.number(q, 3)),
    Column("rival", "nearest row of the other label", format=str),
    Column("angle", "angle", lambda one: math.degrees(one.angle), lambda a: f"{a:.3g} degrees"),
)


def margin(report: MarginReport, dataset: "Dataset | None" = None) -> Document:
    """The margin as a certified interval, in two norms; the data set, if given, adds its rows to the figure."""
    title = f"margin of {report.data}"
    data = Facts(
        [
            ("n, d", f"{report.n} rows, {report.d} features"),
            ("norms", f"{numbers.number(report.norm_min)} to {numbers.number(report.norm_max)}"),
            ("labels", f"{report.n_positive} positive, {report.n_negative} negative"),
        ],
        detail=not report.conflicts,
    )
    if report.conflicts:
        listed = ", ".join(map(str, report.conflicts[:20])) + (" and others" if len(report.conflicts) > 20 else "")
        said = (
            f"{report.data}: gamma = 0 exactly, so Assumption 1 fails and no theorem applies. Rows {listed} force it: "
            f"same direction with opposite labels, or antipodal pairs that cancel. What helps: {REMEDY}."
        )
        return Document(title, [Answer(said), data, *_profile(report), *margin_plots.profile(report)])
    rows = [
        ("sup norm", report.gamma_sup, _status(report)),
        ("RKHS norm", report.gamma_rkhs, "proved: closed-form kernel, duality gap"),
        ("sup norm", report.outer, "proved: gamma_rkhs^2, min(gamma_rkhs, min||x||/2)"),
    ]
    columns = (
        Column("margin", "margin gamma", lambda row: row[0]),
        Column("lower", "lower", lambda row: row[1].lower, lambda v: numbers.number(v, 7)),
        Column("upper", "upper", lambda row: row[1].upper, lambda v: numbers.number(v, 7)),
        Column("relative_width", "relative width", lambda row: row[1].relative_width, _relative),
        Column("status", "how it is known", lambda row: row[2], prose=True),
    )
    blocks: list[Block] = [Answer(_answer(report)), Table(columns, rows[:2])]
    if report.sharpest:
        blocks.append(Note(_hardness(report.sharpest)))
    blocks += _profile(report)
    if report.widths:
        eps = numbers.number(report.widths[0].eps)
        suffice = f"neurons that suffice for average error {eps}, at the lower end of gamma"
        blocks.append(Table(BOUND_COLUMNS, [*report.widths, *report.sharpest], suffice))
    heaviest = f"{report.support_size} rows support the margin; those with the largest weights limit it most"
    return Document(
        title,
        [
            *blocks,
            Next(
                [
                    "boundcheck verify DATA --width-search",
                    "boundcheck compare --data DATA --eps .05",
                ]
            ),
            data,
            Table(columns, rows[2:], "bounds that need no sampling", detail=True),
            Table(LIMITING, report.limiting, heaviest, detail=True),
            *margin_plots.figures(report, dataset),
        ],
    )


def _level_status(level: Level) -> str:
    if level.draws:
        return f"{numbers.certainty(level.gamma_sup)}; --draws {level.draws} repeats it"
    return "proved"


LEVELS = (
    Column("nu", "worst share of the rows", lambda one: one.nu, lambda nu: f"{nu:g}"),
    Column("gamma_sup", "gamma_nu, sup norm", lambda one: one.gamma_sup, numbers.ends),
    Column("gamma_rkhs", "gamma_nu, RKHS norm", lambda one: one.gamma_rkhs, numbers.ends),
    Column("status", "how the sup norm is known", _level_status, prose=True),
)


def _profile(report: MarginReport) -> list[Block]:
    """What margin is left when the worst rows count on average only."""
    if report.nu_zero is None:
        return []
    said = "gamma_nu, the best mean margin of the worst share nu of the rows, is "
    if report.nu_zero >= 1:
        said += "0 for every nu: the rows cancel as a whole."
    elif report.nu_zero:
        said += f"0 up to nu = {numbers.number(report.nu_zero)} and positive beyond."
    else:
        said += "positive for every nu."
    return [Note(said), *([Table(LEVELS, report.profile)] if report.profile else [])]


def _answer(report: MarginReport) -> str:
    gamma = report.gamma_sup
    if gamma.lower <= 0:
        return (
            f"{report.data}: no rows force gamma to 0, so Assumption 1 holds, but no lower end above 0 was reached: "
            f"gamma (sup norm) is at most {numbers.number(gamma.upper)} ({numbers.certainty(gamma)})."
        )
    known = (
        f"gamma = {numbers.number(gamma.lower)}" if gamma.relative_width < 1e-4 else f"gamma in {numbers.ends(gamma)}"
    )
    return f"{report.data}: Assumption 1 holds with margin (sup norm) {known} ({numbers.certainty(gamma)})."


def _hardness(widths: tuple[BoundRow, ...]) -> str:
    """Whether the data are hard, by what the sharpest theorems ask for at the lower end of the margin."""
    least = {row.labels: row.width for row in widths}
    word = "easy" if max(least.values()) <= EASY else "hard" if min(least.values()) >= HARD else "moderately hard"
    return (
        f"These data are {word} for the theory: at eps {numbers.number(widths[0].eps)} the sharpest theorems ask for "
        f"{numbers.integer(least['soft'])} neurons with soft labels and {numbers.integer(least['hard'])} with hard "
        "ones; trained networks usually need far fewer, which `boundcheck verify` measures."
    )


def _relative(width: float) -> str:
    return "> 99 %" if width > 0.99 else f"{100 * width:.2g} %" if width > 1e-9 else "< 1e-9"


def _status(report: MarginReport) -> str:
    ended = (
        "; ended by Ctrl-C" if report.interrupted else f"; --draws {report.draws} repeats it" if report.draws else ""
    )
    if not report.gamma_sup.exact:
        return f"{numbers.certainty(report.gamma_sup)}, {report.samples:,} random draws{ended}"
    return f"proved: the outer bounds{ended}" if report.gamma_sup == report.outer else "proved: exact, no sampling"
