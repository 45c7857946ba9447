"""Tables of the width search, the ladder and the runs at one width."""

from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table

from boundcheck.records import Fit, LogitScales, Scaling, Search
from boundcheck.records.base import confidence_text
from boundcheck.verification import Judgement, Verdict, WidthReport, WidthSearchReport, name_of, proved_for

_COLOUR = {
    Verdict.CONSISTENT: "green",
    Verdict.REFUTED: "bold red",
    Verdict.ASSUMPTION_FAILS: "red",
    Verdict.UNDECIDED: "yellow",
}


def integer(value: int | None) -> str:
    """An integer as people read it: exact below a million, 1.64 x 10^9 beyond, a dash for None."""
    if value is None:
        return "-"
    if abs(value) < 10**6:
        return f"{value:,}"
    mantissa, exponent = f"{Decimal(int(value)):.2e}".split("e")  # steps may exceed the largest float
    return f"{mantissa} x 10^{int(exponent)}"


def verdict_line(console: Console, judgement: Judgement) -> None:
    """The verdict in colour, then the sentence that justifies it."""
    colour = _COLOUR[judgement.verdict]
    console.print(f"[{colour}]{judgement.verdict.value}[/{colour}]: {escape(judgement.reason)}", soft_wrap=True)


def search_table(search: Search) -> Table:
    """Every width tried with its success rate and interval."""
    table = Table(
        title=f"{name_of(search)}: average error <= {search.eps:g} with probability >= {search.success_target:g}; "
        f"{search.steps:,} steps of size {search.step_size:.4g}",
        title_justify="left",
    )
    for heading in (
        "width",
        "seeds",
        "successes",
        f"rate, {confidence_text(search.confidence)} interval",
        "mean error",
        "",
    ):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for trial in sorted(search.trials, key=lambda t: t.width):
        low, high = trial.ci
        table.add_row(
            str(trial.width),
            str(trial.seeds),
            str(trial.successes),
            f"{trial.successes / trial.seeds:.3f}  [{low:.3f}, {high:.3f}]",
            f"{trial.mean_error:.4g}",
            trial.verdict,
        )
    return table


def show(report: WidthSearchReport | WidthReport, console: Console) -> None:
    """Print whichever report `verify` returned."""
    if isinstance(report, WidthReport):
        width_runs(report, console)
    else:
        width_search(report, console)


def width_search(report: WidthSearchReport, console: Console) -> None:
    """The whole result of `verify --width-search`; without a margin nothing was trained."""
    if not report.searches:
        console.print(f"{report.data}: n = {report.n}, d = {report.d}", soft_wrap=True)
        verdict_line(console, report.judgement)
        return
    how = "as the theorems prescribe" if report.training == "theorem" else "practically, each run until it is decided"
    console.print(
        f"{report.data}: n = {report.n}, d = {report.d}, {margin_phrase(report)}; trained {how}", soft_wrap=True
    )
    for search in report.searches:
        console.print(search_table(search))
        cut = f"; cut short by its {search.stopped}" if search.stopped in ("budget", "time") else ""
        console.print(f"smallest width: {integer(search.minimal_width)}, bracket {search.interval}{cut}\n")
    for comparison in report.comparisons:
        console.print(escape(comparison.statement), soft_wrap=True)
    console.print(ladder_table(report))
    if line := proved_for(report.gamma):
        console.print(line, soft_wrap=True)
    verdict_line(console, report.judgement)


def _narrow_table(title: str) -> Table:
    """For tables of many columns: they must fit in 80."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))


def margin_phrase(report: WidthSearchReport | WidthReport | LogitScales) -> str:
    """The interval of the sup-norm margin, marked proved or with its confidence."""
    gamma = report.gamma
    how = "proved" if gamma.exact else f"{confidence_text(gamma.confidence)} confidence"
    return f"margin gamma in [{gamma.lower:.4g}, {gamma.upper:.4g}] ({how})"


def ladder_table(report: WidthSearchReport) -> Table:
    """From the printed theorem down to the trained network; factor: what the step to the next rung gains."""
    title = f"ladder from theorem to practice, eps = {report.eps:g}"
    table = _narrow_table(title)
    for heading in ("labels", "rung", "B", "width", "factor", "kind"):
        side: JustifyMethod = "right" if heading in ("B", "width", "factor") else "left"
        table.add_column(heading, justify=side, no_wrap=heading != "kind")
    for above, rung in zip([None, *report.ladder], report.ladder, strict=False):
        first = above is None or above.labels != rung.labels
        if first:
            table.add_section()
        # a bound's name tells its loss
        name = f"{rung.bound}, {rung.loss}" if rung.kind != "proved" else rung.bound
        factor = f"{rung.factor:.3g}" if rung.factor else ""
        width = integer(rung.width) if rung.width else f"> {integer(rung.searched_to)}"
        radius = "" if rung.radius is None else f"{rung.radius:.3g}"
        kind = f"{rung.kind}, {rung.note}" if rung.note else rung.kind
        table.add_row(rung.labels if first else "", name, radius, width, factor, escape(kind))
    return table


def width_runs(report: WidthReport, console: Console) -> None:
    """The whole result of `verify --width M`."""
    row = report.bound
    console.print(f"{report.data}: n = {report.n}, d = {report.d}, {margin_phrase(report)}", soft_wrap=True)
    console.print(
        f"width {report.width}, {_how(report)}: {report.spec.steps:,} steps of size "
        f"{report.spec.step_size:.4g}, radius B = {report.spec.radius:.4g}; the bound asks for width "
        f"{integer(row.width)}",
        soft_wrap=True,
    )
    table = Table()
    for heading in ("seed", "average error", "average risk", "certificate", "final error", "flips"):
        table.add_column(heading, justify="right")
    for run in report.runs:
        certificate = "-" if run.certificate is None else f"{run.certificate:.4g}"
        table.add_row(
            str(run.seed),
            f"{run.average_error:.4g}",
            f"{run.average_risk:.4g}",
            certificate,
            f"{run.final_error:.4g}",
            f"{run.flip_fraction:.4g}",
        )
    console.print(table)
    verdict_line(console, report.judgement)


def _how(report: WidthReport) -> str:
    if report.training == "theorem":
        return f"trained as {report.bound.bound} prescribes"
    until = "each run until it is decided" if report.until_decided else "every run to its last step"
    return f"trained practically on the loss of {report.bound.bound}, {until}"


def scaling(report: Scaling, console: Console) -> None:
    """The whole result of `reproduce scaling`: crossings and brackets at every place, then the fitted exponents."""
    target = report.rows[0].searches[0].success_target
    title = f"width at which {target:.0%} of runs succeed, (shown to fail, to succeed]"
    table = _narrow_table(title)
    headings = ["n", *(name for name in ("gamma", "eps") if report.against in (name, "n"))]
    for heading in (*headings, *(fit.search for fit in report.fits)):
        table.add_column(heading, justify="right")
    for row in report.rows:
        cells = [
            f"{'-' if width is None else format(width, '.3g')} {search.interval}"
            for width, search in zip(row.widths, row.searches, strict=True)
        ]
        table.add_row(*(f"{getattr(row.place, name):.4g}" for name in headings), *cells)
    console.print(table)
    fits = _narrow_table(f"ln(width) against ln({report.against}): slope, 95 % interval over seeds")
    for heading in ("search", "places", "exponent", "interval", "bound's", "theorem"):
        fits.add_column(heading, no_wrap=heading != "theorem")
    for fit in report.fits:
        places = f"{fit.places}/{fit.places + fit.beyond}"
        there = "-" if fit.bound_exponent is None else f"{fit.bound_exponent:.2f}"
        theorem = fit.theorem + ("" if fit.bound is None else f" ({fit.bound})")
        fits.add_row(fit.search, places, slope_phrase(fit), _open_interval(fit), there, theorem)
    console.print(fits)
    if any(fit.beyond for fit in report.fits):
        console.print(
            "beyond: the target was reached at no width tried; such places bound the exponent on one side only."
        )
    if any(fit.below for fit in report.fits):
        console.print(
            "below: the narrowest width tried reached the target; such places bound it on one side only, too."
        )
    if report.cut:
        console.print(f"cut short; raise --budget or --time-limit: {'; '.join(report.cut)}", soft_wrap=True)
    console.print("The theorems' exponents are of upper bounds: a smaller measured exponent does not contradict them.")


def slope_phrase(fit: Fit) -> str:
    """The slope, marked as a bound where places lie beyond the widest network."""
    if fit.exponent is None:
        return "-"
    if fit.lower is None and fit.upper is None:
        return "unknown"
    sign = "<= " if fit.lower is None else ">= " if fit.upper is None else ""
    return f"{sign}{fit.exponent:.2f}"


def _open_interval(fit: Fit) -> str:
    low, high = ("..." if end is None else f"{end:.2f}" for end in (fit.lower, fit.upper))
    return f"[{low}, {high}]"


def logit_scales(report: LogitScales, console: Console) -> None:
    """The whole result of `reproduce temperature`: a row a scale, softest first, then the verdict."""
    console.print(f"{report.data}: n = {report.n}, d = {report.d}, {margin_phrase(report)}", soft_wrap=True)
    if report.rows:
        sure = confidence_text(report.confidence)
        title = f"smallest widths, eps = {report.eps:g}, all brackets at {sure} confidence together"
        table = _narrow_table(title)
        headings = ["kappa=B", "steps", "soft", "~", "hard", "~"]
        for heading in headings + [row.bound for row in report.rows[0].bounds]:
            table.add_column(heading, justify="right")
        for row in report.rows:
            table.add_row(
                f"{row.logit_scale:g}",
                f"{row.soft.steps:,}",
                row.soft.interval,
                "-" if row.soft_crossing is None else f"{row.soft_crossing:.3g}",
                row.hard.interval,
                "-" if row.hard_crossing is None else f"{row.hard_crossing:.3g}",
                *(integer(at.width) for at in row.bounds),
            )
        console.print(table)
        console.print(
            "~: width where the fitted success rate crosses the target. Hard labels have the same radius B; the bounds "
            "are at their floor."
        )
        scales = ", ".join(f"{scale:g}" for scale in report.fewer_than_hard) or "none"
        console.print(f"scales at which soft labels are shown to need fewer neurons than hard ones: {scales}")
    console.print(f"[bold]{report.trend}[/bold]: {escape(report.statement)}", soft_wrap=True)
