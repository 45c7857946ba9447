"""Tables of a crowd: the models compared, the workers, the labels against the truth."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from boundcheck.records import CrowdReport, Interval
from boundcheck.records.base import confidence_text
from boundcheck.softlabels.encoding import counted

MODELS = {
    "mv": "majority vote",
    "te": "triangular estimation, weighted vote",
    "wls": "weighted rank-one, weighted vote",
    "one": "one coin (a reliability per worker)",
    "two": "two coins (a reliability per worker and class)",
    "scaled": "two types, reliabilities r and c r",
    "free": "two types, a reliability per worker and type",
}
_SHOWN = 5


def show(report: CrowdReport, console: Console) -> None:
    """The whole result of `crowd`."""
    per_task = report.n_answers / max(1, report.n_tasks - report.unanswered)
    console.print(
        f"{escape(report.source)}: {report.n_workers} workers, {report.n_tasks} tasks, {report.n_answers} answers "
        f"({per_task:.1f} a task)",
        soft_wrap=True,
    )
    console.print(f"labels: {escape(counted(report.labels))}", soft_wrap=True)
    if report.held_out:
        console.print(_models(report))
    if report.confounded:
        left_out = ", ".join(f"{model} ({value:.2f})" for model, value in report.confounded.items())
        console.print(f"left out, since types tell the label (up to 1): {left_out}", soft_wrap=True)
    grouped = " on each group of tasks" if report.types > 1 and report.method in ("te", "wls", "ds1", "ds2") else ""
    console.print(f"model: {_name(report.model)}{grouped}")
    console.print(_types(report), soft_wrap=True)
    if report.reliability:
        console.print(_workers(report))
    console.print(_quality(report))
    console.print(f"assumed: {report.assumption}", soft_wrap=True)
    for what, file in (("soft labels", report.output), ("figure", report.figure)):
        if file is not None:
            console.print(f"{what}: {escape(file)}", soft_wrap=True)


def _name(model: str) -> str:
    types = model.removeprefix("types")
    return f"{model}, {MODELS.get(model) or f'{types} types, a reliability per worker and type'}"


def _types(report: CrowdReport) -> str:
    parts = [f"task types: {report.types}"]
    if report.types > 1:
        parts.append("tasks of each: " + ", ".join(map(str, report.type_sizes)))
    if report.above_edge is not None:
        parts.append(f"eigenvalues above the noise edge {report.edge:.3g}: {report.above_edge}")
    if report.corr_type_label is not None:
        parts.append(f"corr(type, label) = {report.corr_type_label:.2f}")
    if report.predicted_type_error is not None:
        parts.append(f"about {report.predicted_type_error:.1%} of the types wrong (predicted from the fit)")
    if report.one_type_p_value is not None:
        parts.append(f"p-value of one type {report.one_type_p_value:.3g}")
    return "; ".join(parts)


def _models(report: CrowdReport) -> Table:
    table = Table(title="log-likelihood of held-out answers", title_justify="left")
    for heading, side in (
        ("model", "left"),
        ("parameters", "right"),
        ("per answer", "right"),
        ("behind the best (s.e.)", "right"),
        ("", "left"),
    ):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    for row in report.held_out:
        behind = "best" if row.behind == 0 else f"{row.behind:.4f} ({row.standard_error:.4f})"
        taken = "taken" if row.model == report.model else ""
        table.add_row(row.model, str(row.parameters), f"{row.log_likelihood:.4f}", behind, taken)
    return table


def _workers(report: CrowdReport) -> Table:
    """The most and the least reliable workers, by the first (easiest) type."""
    ranked = sorted(report.reliability.items(), key=lambda item: -item[1][0])
    shown = ranked if len(ranked) <= 2 * _SHOWN else ranked[:_SHOWN] + ranked[-_SHOWN:]
    table = Table(title="reliability (estimates)", title_justify="left")
    table.add_column("worker")
    for k in range(report.types):
        table.add_column(f"type {k + 1}" if report.types > 1 else "2 P(right) - 1", justify="right")
    for place, (worker, r) in enumerate(shown):
        table.add_row(escape(worker), *(f"{value:+.2f}" for value in r))
        if len(shown) < len(ranked) and place == _SHOWN - 1:
            table.add_row(f"... {len(ranked) - 2 * _SHOWN} more", *("" for _ in r))
    return table


def _quality(report: CrowdReport) -> Table:
    title = "labels" if not report.n_truth else f"labels against {report.n_truth} known ones"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("value", justify="right")
    table.add_column("interval", justify="right")
    if report.self_estimated_error is not None:
        claimed = f"{report.self_estimated_error:.4f}"
        table.add_row("error, from how often workers agree", claimed, _ends(report.self_estimated_error_interval))
    if report.held_out_temperature is not None:
        table.add_row("temperature of p, fitted to held-out answers", f"{report.held_out_temperature:.3g}", "")
    if report.vote_bounds is not None:
        low, high = report.vote_bounds
        table.add_row("bounds on the error (if the reliabilities are right)", "", f"[{low:.4f}, {high:.4f}]")
    rows = (
        ("error", report.error, report.error_interval),
        ("expected calibration error", report.ece, report.ece_interval),
        ("best further temperature (> 1: over-confident)", report.temperature, report.temperature_interval),
        ("log loss", report.log_loss, None),
        ("log loss of each half at the temperature of the other", report.log_loss_at_temperature, None),
    )
    for name, value, interval in rows:
        if value is not None:
            table.add_row(name, f"{value:.4f}", _ends(interval))
    return table


def _ends(interval: Interval | None) -> str:
    return (
        ""
        if interval is None
        else f"[{interval.lower:.4f}, {interval.upper:.4f}] {confidence_text(interval.confidence)}"
    )
