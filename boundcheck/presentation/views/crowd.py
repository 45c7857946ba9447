"""`crowd` and `reproduce crowd`: what a crowd's answers say, and what students make of their labels."""

from typing import TYPE_CHECKING, Any

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Next, Note, Table
from boundcheck.presentation.views import crowd_plots
from boundcheck.records import CrowdReport, Interval
from boundcheck.softlabels.encoding import counted

if TYPE_CHECKING:
    from boundcheck.records.crowd import CrowdArm, CrowdCount, CrowdStudent

MODELS = {
    "mv": "majority vote",
    "te": "triangular estimation, weighted vote",
    "wls": "weighted rank-one, weighted vote",
    "one": "one coin (a reliability per worker)",
    "two": "two coins (a reliability per worker and class)",
    "scaled": "two types, reliabilities r and c r",
    "free": "two types, a reliability per worker and type",
}
NOT_CALIBRATED = "p is not calibrated: it is the model's own; --method auto cools it by held-out answers"
HELD_OUT = (
    Column("model", "model"),
    Column("parameters", "parameters"),
    Column("log_likelihood", "per answer", format="{:.4f}".format),
    Column("behind", "behind the best", format=lambda v: "best" if v == 0 else f"{v:.4f}"),
    Column("standard_error", "s.e.", format="{:.4f}".format),
)


def _ends(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"[{interval.lower:.4f}, {interval.upper:.4f}] {numbers.confidence(interval.confidence)}"


QUALITY = (
    Column("name", "", lambda row: row[0], prose=True),
    Column("value", "value", lambda row: row[1], lambda v: "" if v is None else f"{v:.4f}"),
    Column("interval", "interval", lambda row: row[2], _ends),
)


def crowd(report: CrowdReport) -> Document:
    """The model, its labels against the truth; models and workers in detail."""
    per_task = report.n_answers / max(1, report.n_tasks - report.unanswered)
    types = report.model.removeprefix("types")
    model = f"{report.model}, {MODELS.get(report.model) or f'{types} types, a reliability per worker and type'}"
    grouped = " on each group of tasks" if report.types > 1 and report.method in ("te", "wls", "ds1", "ds2") else ""
    said = (
        f"{report.source}: {report.n_workers} workers, {report.n_tasks} tasks, {report.n_answers} answers "
        f"({per_task:.1f} a task); model: {model}{grouped}."
    )
    known = f"labels against {report.n_truth} known ones" if report.n_truth else "labels"
    blocks: list[Block] = [
        Answer(said),
        Note(f"labels: {counted(report.labels)}"),
        Note(_types(report)),
        Table(QUALITY, _quality(report), known),
        *([] if report.method == "auto" else [Note(NOT_CALIBRATED)]),
        Note(f"assumed: {report.assumption}"),
    ]
    for what, file in (("soft labels", report.output), ("figure", report.figure)):
        if file is not None:
            blocks.append(Note(f"{what}: {file}"))
    file = report.output
    go_on = ["boundcheck crowd ANSWERS -o crowd.npz"] if file is None else [f"boundcheck labels check {file}"]
    blocks += [Next(go_on), Table(HELD_OUT, report.held_out, "log-likelihood of held-out answers", detail=True)]
    if report.confounded:
        left_out = ", ".join(f"{name} ({value:.2f})" for name, value in report.confounded.items())
        blocks.append(Note(f"left out, since types tell the label (up to 1): {left_out}"))
    if report.reliability:
        blocks.append(_workers(report))
    return Document(f"soft labels from {report.source}", [*blocks, *crowd_plots.figures(report)])


def _types(report: CrowdReport) -> str:
    parts = [f"task types: {report.types}"]
    if report.types > 1:
        parts.append("tasks of each: " + ", ".join(map(str, report.type_sizes)))
    if report.above_edge is not None:
        parts.append(f"eigenvalues above the noise edge {numbers.number(report.edge, 3)}: {report.above_edge}")
    if report.corr_type_label is not None:
        parts.append(f"corr(type, label) = {report.corr_type_label:.2f}")
    if report.predicted_type_error is not None:
        parts.append(f"about {report.predicted_type_error:.1%} of the types wrong (predicted from the fit)")
    if report.one_type_p_value is not None:
        parts.append(f"p-value of one type {report.one_type_p_value:.3g}")
    return "; ".join(parts)


def _workers(report: CrowdReport) -> Table:
    """Every worker, the most reliable on the first (easiest) type first."""
    ranked = sorted(report.reliability.items(), key=lambda item: -item[1][0])
    heads = [f"type {k + 1}" for k in range(report.types)] if report.types > 1 else ["2 P(right) - 1"]
    columns = [Column("worker", "worker", lambda item: item[0])]
    columns += [Column(head, head, lambda item, k=k: item[1][k], "{:+.2f}".format) for k, head in enumerate(heads)]  # type: ignore[misc]
    return Table(columns, ranked, "reliability (estimates)", detail=True)


def _quality(report: CrowdReport) -> list[tuple[str, float | None, Interval | None]]:
    bounds = None if report.vote_bounds is None else Interval(*report.vote_bounds)
    rows = [
        ("error, from how often workers agree", report.self_estimated_error, report.self_estimated_error_interval),
        ("temperature of p, fitted to held-out answers", report.held_out_temperature, None),
        ("bounds on the error (if the reliabilities are right)", None, bounds),
        ("error", report.error, report.error_interval),
        ("expected calibration error", report.ece, report.ece_interval),
        ("best further temperature (> 1: over-confident)", report.temperature, report.temperature_interval),
        ("log loss", report.log_loss, None),
        ("log loss of each half at the temperature of the other", report.log_loss_at_temperature, None),
    ]
    return [row for row in rows if row[1] is not None or row[2] is not None]


def students(result: "CrowdStudent") -> Document:
    """An answer for each comparison with exact intervals; every crowd's labels and smallest widths."""
    comparisons = [_sentence(count) for count in result.counts]
    columns: list[Column] = [
        Column("seed", "crowd", format=str),
        Column("model", "model"),
        *(
            Column(arm.labels, arm.labels, lambda draw, i=i: _arm(draw.arms[i]))  # type: ignore[misc]
            for i, arm in enumerate(result.draws[0].arms)
        ),
    ]
    title = "error of the labels, bracket of the smallest width, ~ where it crosses"
    setting: list[tuple[str, Any]] = [
        ("data", f"{result.data}: {result.n} rows, {result.d} features"),
        ("crowds", f"{result.scenario}, {result.workers} workers each"),
        (
            "success",
            f"average error against the truth of at most {result.eps:g} in "
            f"{numbers.percent(result.truth.search.success_target)} of the runs",
        ),
        ("true labels", _arm(result.truth)),
    ]
    return Document(
        "students of a crowd's labels",
        [
            Answer(f"{comparisons[0]}."),
            *(Note(f"{said}.") for said in comparisons[1:]),
            Table(columns, result.draws, title),
            Facts(setting),
        ],
    )


def _arm(arm: "CrowdArm") -> str:
    return f"{arm.label_error:.3f} {arm.search.interval} ~{numbers.number(arm.crossing, 3)}"


def _sentence(count: "CrowdCount") -> str:
    share = count.fewer_share
    said = (
        f"fewer neurons with the posterior than with the {count.against}: {count.answer} "
        f"({count.fewer} of {count.crowds} crowds, share in {numbers.ends(share, 3)}, "
        f"{numbers.confidence(share.confidence)} confidence; more in {count.more})"
    )
    if count.mean_ratio is None or count.ratio is None:
        return said
    return f"{said}; mean ratio of widths {count.mean_ratio:.3g}, in {numbers.ends(count.ratio, 3)}"
