"""What `labels check` and `labels make` print."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from boundcheck.labels.bias import Bias
from boundcheck.labels.report import QualityReport, SampleSize
from boundcheck.labels.teachers import LabelsMade
from boundcheck.presentation.numbers import number
from boundcheck.records.base import confidence_text
from boundcheck.softlabels.calibration import Calibration
from boundcheck.softlabels.encoding import counted
from boundcheck.softlabels.estimates import Estimate

_MOST_CLASSES = 12
AT_TEMPERATURE = "of each half of the rows, at the temperature fitted to the other half"


def quality(report: QualityReport, console: Console) -> None:
    """The verdict with its assumption, then the indicators, then what follows from them."""
    console.print(_headline(report), soft_wrap=True)
    if report.labels:
        console.print(f"labels: {escape(counted(report.labels))}", soft_wrap=True)
    if report.kappa is None:
        console.print(f"self-estimated Delta = {report.self_estimated_delta:.4g} (assumes calibration)", soft_wrap=True)
    else:
        console.print(_indicators(report))
        if len(report.per_class) <= _MOST_CLASSES:
            console.print(_classes(report))
        console.print(_sample_sizes(report.sample_sizes, report))
        _settings(report, console)
    if report.bias is not None:
        console.print(_bias(report.bias))
    if report.calibration is not None:
        console.print(_calibration(report.calibration))
    _verdict(report, console)
    for note in report.notes:
        console.print(f"note: {escape(note)}", soft_wrap=True)


def made(report: LabelsMade, console: Console) -> None:
    """What was written, and what it is worth."""
    radius = "none known" if report.radius != report.radius else f"{report.radius:.6g}"
    console.print(
        f"[bold]{escape(report.file)}[/bold]: {report.n} soft labels by {escape(report.source)}; "
        f"max |logit| {report.max_abs_logit:.4g}, radius B {radius}",
        soft_wrap=True,
    )
    if report.answers:
        console.print(f"labels of the answers: {escape(counted(report.answers))}", soft_wrap=True)
    quality(report.quality, console)


def _headline(report: QualityReport) -> str:
    how = {
        "given": "given",
        "half": f"chosen on one half, assessed on the other {report.n_used}",
        "all": "chosen on the same data",
        "only": "the only choice",
        "default": "the default, without truth to choose it by",
        "candidates": "candidate sets",
    }[report.k_choice]
    size = "candidate sets" if report.k is None else f"label sets of size k = {report.k} ({how})"
    return f"{report.n} soft labels over {report.classes} classes, {size}"


def _verdict(report: QualityReport, console: Console) -> None:
    if report.kappa is None:
        return
    if report.certified:
        console.print(
            f"[green]certified[/green]: kappa > 0, so minimising the superset risk is consistent, under "
            f"{escape(report.assumption)} ({_sure(report)} confidence)",
            soft_wrap=True,
        )
    elif not report.makes_claim:
        console.print(f"[yellow]not certified[/yellow]: {escape(report.assumption)}", soft_wrap=True)
    elif report.refuted:
        console.print(
            f"[red]refuted[/red]: kappa <= 0, some wrong label is at least as often in the set as the true one, under "
            f"{escape(report.assumption)} ({_sure(report)} confidence)",
            soft_wrap=True,
        )
    else:
        console.print("[yellow]undecided[/yellow]: the interval of kappa contains 0", soft_wrap=True)


def _row(table: Table, name: str, estimate: Estimate | None, meaning: str) -> None:
    if estimate is not None:
        table.add_row(
            name, number(estimate.value), escape(f"[{number(estimate.lower)}, {number(estimate.upper)}]"), meaning
        )


def _indicators(report: QualityReport) -> Table:
    table = Table(
        title=f"indicators (estimates; intervals hold jointly, {_sure(report)})",
        title_justify="left",
    )
    for heading, side in (("", "left"), ("value", "right"), ("interval", "right"), ("meaning", "left")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    _row(table, "Delta", report.delta, "the truth is not in the set, on average")
    _row(table, "Delta_max", report.delta_max, "the same, in the worst class")
    _row(table, "gamma", report.gamma, "a wrong label is in the set, worst class and label")
    _row(table, "kappa", report.kappa, "least lead of the truth over a wrong label (ours)")
    _row(table, "psi", report.psi, "Chernoff exponent from Delta_max and gamma (ours)")
    _row(table, "psi_pairs", report.psi_pairs, "the same from all pairs, sharper (ours)")
    return table


def _classes(report: QualityReport) -> Table:
    table = Table(
        "class", "examples", "missed", "worst intruder", "its share", "lead", title="per class", title_justify="left"
    )
    for row in report.per_class:
        if row.unreliability is None or row.ambiguity is None or row.kappa is None:
            table.add_row(str(row.label), "0", *["-"] * 4)
            continue
        table.add_row(
            str(row.label),
            str(row.count),
            f"{row.unreliability.value:.3f}",
            str(row.intruder),
            f"{row.ambiguity.value:.3f}",
            f"{row.kappa.value:+.3f}",
        )
    return table


def _sample_sizes(rows: tuple[SampleSize, ...], report: QualityReport) -> Table:
    wanted = report.settings
    table = Table(
        title=f"examples needed for error <= {wanted.eps:g} with probability >= {1 - wanted.failure:g}",
        title_justify="left",
    )
    for heading, side in (
        ("statement", "left"),
        ("at the values", "right"),
        ("at the bounds", "right"),
        ("source", "left"),
    ):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(row.theorem, _count(row.at_value), _count(row.at_bound), row.source)
    return table


def _count(n: int | None) -> str:
    return "no guarantee" if n is None else f"{n:,}"


def _settings(report: QualityReport, console: Console) -> None:
    if report.error_bound is not None and report.error_bound < 1:
        console.print(
            f"from these {report.n} examples, if Delta is known on average only: error <= {report.error_bound:.4g}",
            soft_wrap=True,
        )
    noise, mixed = report.additive_noise, report.incomplete_supervision
    if noise is not None:
        console.print(
            f"one-hot labels plus N(0, {noise.sigma:g}^2) at k = {noise.k}: Delta = {noise.delta:.4f}, "
            f"gamma = {noise.gamma:.4f}",
            soft_wrap=True,
        )
    if mixed is not None:
        limit = "for every share" if mixed.fraction_limit > 1 else f"up to a share of {mixed.fraction_limit:.4g}"
        console.print(
            f"a share {mixed.fraction:g} of such labels, the rest exact: Delta_max {mixed.delta.value:.4g}, gamma "
            f"{mixed.gamma.value:.4g}, kappa {mixed.kappa.value:.4g} (at least {mixed.kappa.lower:.4g}); Delta_max + "
            f"gamma < 1 {limit}",
            soft_wrap=True,
        )


def _bias(bias: Bias) -> Table:
    table = Table(
        "", "value", f"{confidence_text(bias.confidence)} interval", "meaning", title="bias", title_justify="left"
    )
    _row(table, "bias", bias.bias, "E ||d - e_y||_1, in \\[0, 2]")
    _row(table, "soft-CE margin", bias.soft_ce_margin, "> 0: soft cross-entropy is consistent (ours)")
    _row(table, "E|d - eta|", bias.posterior_bias, "against the known posterior")
    _row(table, "wrong side", bias.sign_disagreement, "P((d - 1/2)(eta - 1/2) < 0)")
    return table


def _calibration(found: Calibration) -> Table:
    table = Table(
        "",
        "value",
        f"{confidence_text(found.confidence)} interval",
        "meaning",
        title="calibration",
        title_justify="left",
    )
    _row(table, "ECE", found.ece, f"{found.bins} bins; the value is biased upward, the interval is not")
    _row(table, "error", found.error, f"of the argmax; the labels claim {found.self_estimated_error:.4g}")
    _row(table, "Brier", found.brier, "interval for large n")
    if found.impossible:
        table.add_row("log loss", "-", "", f"unbounded: {found.impossible} rows give their true class weight 0")
    else:
        _row(table, "log loss", found.log_loss, "interval for large n")
    if found.temperature is not None:
        _row(table, "temperature", found.temperature, "> 1: over-confident; interval for large n")
    if found.log_loss_at_temperature is not None:
        table.add_row("log loss then", f"{found.log_loss_at_temperature:.4g}", "", AT_TEMPERATURE)
    return table


def _sure(report: QualityReport) -> str:
    assert report.joint_confidence is not None, "printed only where there is a truth"
    return confidence_text(report.joint_confidence)
