"""Tables of `compare`: every bound side by side, growth, crossovers, and what must be said about them."""

from collections.abc import Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from boundcheck.presentation.views.verify import integer
from boundcheck.records import BoundRow, Crossover
from boundcheck.records.comparison import Comparison, Ratio


def show(comparison: Comparison, console: Console) -> None:
    """The whole result of `compare`."""
    console.print(escape(heading(comparison)), soft_wrap=True)
    for eps, rows in groupby(comparison.rows, key=lambda row: row.eps):
        console.print(width_table(eps, list(rows)))
        if comparison.ratios:
            console.print(ratio_table(eps, comparison.ratios))
    console.print(growth_table(comparison))
    if comparison.crossovers:
        console.print(crossover_table(comparison.crossovers))
    console.print("[bold]Read this with the numbers[/bold]")
    for sentence in comparison.findings:
        console.print(f"- {escape(sentence)}", soft_wrap=True)
    for line in notes(comparison.rows):
        console.print(f"[dim]{escape(line)}[/dim]", soft_wrap=True)


def heading(comparison: Comparison) -> str:
    """What all rows share."""
    c = "c = 2 gamma (always valid)" if comparison.c is None else f"c = {comparison.c:.4g}"
    parts = [f"n = {comparison.n}", c, f"total failure probability {comparison.failure_probability:g} for every row"]
    if comparison.logit_scale != 1:
        parts.append(f"soft labels at logit scale {comparison.logit_scale:g}")
    if comparison.data:
        known = comparison.gamma_confidence
        whence = "gamma as given" if known is None else f"gamma is the lower end at confidence {known:g}"
        parts.insert(0, f"{comparison.data}: {whence}")
    return "; ".join(parts)


def width_table(eps: float, rows: Sequence[BoundRow]) -> Table:
    """Width and training of every bound; the fewest neurons of each margin in bold."""
    title = f"neurons that suffice for average error {eps:g}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("gamma", "bound", "width", "steps T", "step size", "radius B"):
        table.add_column(name, justify="left" if name == "bound" else "right", no_wrap=True)
    for gamma, group in groupby(rows, key=lambda row: row.gamma):
        table.add_section()
        same = list(group)
        least = min(row.width for row in same)
        for i, row in enumerate(same):
            width = integer(row.width) + (" vacuous" if row.vacuous else "")
            table.add_row(
                f"{gamma:.4g}" if i == 0 else "",
                row.bound,
                f"[bold]{width}[/bold]" if row.width == least else width,
                "floor" if row.at_floor else "infinite" if row.steps is None else integer(row.steps),
                "-" if row.step_size is None else f"{row.step_size:.3g}",
                "none" if row.radius is None else f"{row.radius:.4g}",
            )
    return table


def ratio_table(eps: float, ratios: Sequence[Ratio]) -> Table:
    """Soft width over hard width; below 1 in green, where soft labels ask for fewer neurons."""
    title = f"soft width / hard width, average error {eps:g}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    here = [ratio for ratio in ratios if ratio.eps == eps]
    table.add_column("gamma =", no_wrap=True)
    for gamma in dict.fromkeys(ratio.gamma for ratio in here):
        table.add_column(f"{gamma:.4g}", justify="right", no_wrap=True)
    for (soft, hard), group in groupby(sorted(here, key=_pair), key=_pair):
        values = [short(ratio.ratio) for ratio in group]
        table.add_row(f"{soft} / {hard}", *(f"[green]{v}[/green]" if r else v for v, r in values))
    return table


def short(ratio: float) -> tuple[str, bool]:
    """At most five characters or an exponent, and whether the ratio is below 1."""
    if ratio < 0.001:
        return "<.001", True
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.3g}", ratio < 1


def _pair(ratio: Ratio) -> tuple[str, str]:
    return ratio.soft, ratio.hard


def growth_table(comparison: Comparison) -> Table:
    """Exact limits of the closed forms."""
    title = "growth of the closed form as gamma or eps tends to 0"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("bound", "in gamma", "in eps"):
        table.add_column(name, no_wrap=True)
    for formula in comparison.formulas:
        table.add_row(formula.bound, *(growth.text for growth in formula.growth))
    return table


def crossover_table(crossovers: Sequence[Crossover]) -> Table:
    """Where soft labels ask for fewer neurons."""
    low, high = min(c.gamma_range[0] for c in crossovers), max(c.gamma_range[1] for c in crossovers)
    title = f"where soft asks for fewer, {low:.3g} <= gamma <= {high:.3g}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("soft", "hard"):
        table.add_column(name, no_wrap=True)
    targets = list(dict.fromkeys(c.eps for c in crossovers))
    for eps in targets:
        table.add_column(f"eps = {eps:g}", justify="right")
    pairs = dict.fromkeys((c.soft, c.hard) for c in crossovers)
    found = {(c.soft, c.hard, c.eps): where(c) for c in crossovers}
    for pair in pairs:
        table.add_row(*pair, *(found[*pair, eps] for eps in targets))
    return table


def where(crossover: Crossover) -> str:
    """For example `gamma < 0.0384`."""
    if crossover.gamma is None:
        return crossover.soft_smaller
    if crossover.soft_smaller == "mixed":
        return f"changes at {crossover.gamma:.4g} and again"
    return f"gamma {'<' if crossover.soft_smaller == 'below' else '>'} {crossover.gamma:.4g}"


def notes(rows: Sequence[BoundRow]) -> list[str]:
    """Each bound's source and notes, once."""
    seen: dict[str, None] = {}
    for row in rows:
        seen.setdefault(f"{row.bound}: {row.source}" + (f"; {row.note}" if row.note else ""))
    return list(seen)
