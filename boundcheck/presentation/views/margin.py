"""The table that `boundcheck margin` prints."""

import math

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from boundcheck.margins import MarginReport
from boundcheck.presentation.views.bounds import width_table
from boundcheck.records import Interval

_ROWS = 5


def show(report: MarginReport, console: Console) -> None:
    """Print the data, both margins with what is proved and what is estimated, the rows that limit them, and widths."""
    console.print(
        f"[bold]{escape(report.data)}[/bold]: n = {report.n}, d = {report.d}, norms {report.norm_min:.4g} to "
        f"{report.norm_max:.4g}, {report.n_positive} positive and {report.n_negative} negative rows",
        soft_wrap=True,
    )
    if report.conflicts:
        _show_conflicts(report, console)
        return
    table = Table("margin", "lower", "upper", "relative width", "status")
    table.add_row("gamma, sup norm (Assumption 1)", *_interval(report.gamma_sup), _status(report))
    table.add_row("gamma, RKHS norm", *_interval(report.gamma_rkhs), "exact: closed-form kernel, duality gap")
    table.add_row(
        "outer bounds of gamma", *_interval(report.outer), "proved: gamma_rkhs^2, min(gamma_rkhs, min||x||/2)"
    )
    console.print(table)
    console.print(
        f"Assumption 1 holds (exact test). {report.support_size} rows support the margin; those with the largest "
        "weights limit it most:",
        soft_wrap=True,
    )
    console.print(_limiting(report))
    if report.widths:
        console.print(width_table(report.widths[0].eps, report.widths))
        console.print("at the lower end of gamma, sup norm", style="dim")


def _limiting(report: MarginReport) -> Table:
    table = Table("row", "label", "weight", "nearest row of the other label", "angle", box=SIMPLE_HEAD, pad_edge=False)
    for one in report.limiting[:_ROWS]:
        table.add_row(
            str(one.row), f"{one.label:+d}", f"{one.weight:.3g}", str(one.rival), f"{math.degrees(one.angle):.3g} deg"
        )
    return table


def _interval(interval: Interval) -> tuple[str, str, str]:
    width = interval.relative_width
    shown = "> 99 %" if width > 0.99 else f"{100 * width:.2g} %" if width > 1e-9 else "< 1e-9"
    return f"{interval.lower:.7g}", f"{interval.upper:.7g}", shown


def _status(report: MarginReport) -> str:
    ended = "; ended by Ctrl-C" if report.interrupted else ""
    if not report.gamma_sup.exact:
        return f"{100 * report.gamma_sup.confidence:g} % confidence, {report.samples:,} random draws{ended}"
    return f"proved: the outer bounds{ended}" if report.gamma_sup == report.outer else "exact: no sampling"


def _show_conflicts(report: MarginReport, console: Console) -> None:
    listed = ", ".join(map(str, report.conflicts[:20])) + (", ..." if len(report.conflicts) > 20 else "")
    console.print(
        f"[bold red]gamma = 0 exactly: Assumption 1 fails.[/bold red] Rows {listed} force it: same direction with "
        "opposite labels, or antipodal pairs that cancel. Remove or relabel them.",
        soft_wrap=True,
    )
