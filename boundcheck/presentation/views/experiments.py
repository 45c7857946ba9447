"""Tables of the reproduced experiments: our numbers beside the paper's, on the terminal and in LaTeX."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from boundcheck.experiments.estimates import Estimate, PaperClaim
from boundcheck.presentation import latex

if TYPE_CHECKING:
    from rich.console import Console

    from boundcheck.experiments.figure1 import Figure1
    from boundcheck.experiments.table1 import Choice
    from boundcheck.experiments.table1_result import Table1

STYLES = {"holds": "green", "refuted": "red", "undecided": "yellow"}


def show_table1(result: "Table1", console: "Console") -> None:
    """Print accuracies in per cent with 95 % intervals over the paper's, and the claims."""
    from rich.table import Table

    table = Table(title=f"Table 1: {result.source}, {result.settings.runs} seeds a cell", title_justify="left")
    table.add_column("data", no_wrap=True)
    for heading in ("width", "hard labels", "soft labels", "soft - hard"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i, row in enumerate(result.rows):
        if i == 0 or result.rows[i - 1].data != row.data:
            table.add_section()
            theirs = next((other.paper for other in result.rows if other.data == row.data and other.paper), None)
            best = _over_paper([interval(row.teacher)], theirs, 2, ("teacher",))
            table.add_row(row.data, f"{result.settings.teacher_width}*", *best, "teacher", "")
        cells = _over_paper([interval(row.hard), interval(row.soft), interval(row.gain)], row.paper, 2)
        table.add_row("", str(row.width), *cells)
    console.print(table)
    inside = [row.paper_gain_inside for row in result.rows if row.paper_gain_inside is not None]
    rows, test = (" and ".join(map(str, counts)) for counts in (result.n_train, result.n_test))
    ways = f"{len(result.settings.hard_grid)} for hard and {len(result.settings.soft_grid)} for soft labels"
    console.print(
        "Accuracy in % with 95 % intervals over initialisations and test rows (*the teacher is one network: test rows "
        "only); below ours, the paper's. "
        + (f"The paper's gain lies in our interval in {sum(inside)} of {len(inside)} cells. " if inside else "")
        + f"Trained on {rows} rows, tested on {test}; each cell's way to train was chosen on validation rows among "
        f"{ways} (--json shows which)."
    )
    show_claims(result.claims, console)


def show_figure1(result: "Figure1", console: "Console") -> None:
    """Print accuracies in per cent with 95 % intervals over the paper's, and the claims."""
    from rich.table import Table

    table = Table(title=f"Figure 1: {result.data}, {result.settings.runs} runs a cell", title_justify="left")
    for heading in ("noise variance", "teacher", "hard labels", "soft labels", "soft - hard"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in result.rows:
        ours = [interval(value) for value in (row.teacher, row.hard, row.soft, row.gain)]
        table.add_row(f"{row.noise:g}", *_over_paper(ours, row.paper, 1, ("teacher", "hard", "soft", "gain")))
    console.print(table)
    console.print(
        "Accuracy in % with 95 % intervals over runs (split, noise, initialisation); below ours, the paper's, read "
        "off its figure: CIFAR-10 cats and dogs, VGG 8+3 and 2+3."
    )
    if ignorant := [f"{row.noise:g}" for row in result.rows if row.teacher.lower <= 0.5]:
        console.print(
            f"[yellow]The teacher is not shown to beat a coin[/] at variance {', '.join(ignorant)}: its soft labels "
            "may know nothing there. More images or the paper's scale may help."
        )
    show_claims(result.claims, console)


def show_claims(claims: Sequence[PaperClaim], console: "Console") -> None:
    """Print each claim with its verdict and evidence."""
    from rich.markup import escape
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for claim in claims:
        table.add_row(
            f"[{STYLES[claim.verdict]}]{claim.verdict}[/]",
            f"({claim.id}) {escape(claim.statement)}\n[dim]{escape(claim.evidence)}[/]",
        )
    console.print(table)


def interval(value: Estimate) -> str:
    """`96.6 ± 0.4` in per cent where the interval is symmetric, else `96.6 (95.8, 97.1)`."""
    low, high = 100 * (value.mean - value.lower), 100 * (value.upper - value.mean)
    mean = round(100 * value.mean, 1) + 0.0  # a rounded -0.04 is no -0.0
    if abs(low - high) < 1e-6:
        return f"{mean:.1f} ± {high:.1f}"
    return f"{mean:.1f} ({100 * value.lower:.1f}, {100 * value.upper:.1f})"


def latex_table1(result: "Table1") -> str:
    """A document with the table (paper beside ours), how the students were trained, and the claims."""
    head = ["data", "width", "teacher", "hard", "soft", "soft $-$ hard", "paper: teacher", "hard", "soft", "gain"]
    body: list[list[str]] = []
    for i, row in enumerate(result.rows):
        first = i == 0 or result.rows[i - 1].data != row.data
        body += [[]] if first and body else []
        ours = [_math(value) for value in (row.teacher, row.hard, row.soft, row.gain)]
        body.append([latex.escape(row.data) if first else "", str(row.width), *ours, *_latex_paper(row.paper, 2)])
    caption = (
        f"Accuracy in \\% on {latex.escape(result.source)}, {result.settings.runs} initialisations a cell, with "
        "95\\,\\% intervals over initialisations and test rows, beside the paper's numbers."
    )
    ways = [
        [latex.escape(row.data), str(row.width), *_choice(row.hard_choice)[:2], *_choice(row.soft_choice)]
        for row in result.rows
    ]
    chosen = latex.table(
        "lrrrrrr",
        ["data", "width", r"hard: $\eta$", "$B$", r"soft: $\eta$", "$B$", r"$\tau$"],
        ways,
        f"How the students were trained: chosen on validation rows among {len(result.settings.hard_grid)} ways each.",
    )
    table = latex.table("lrrrrrrrrr", head, body, caption)
    return latex.document(_narrow(table), chosen, _latex_claims(result.claims))


def latex_figure1(result: "Figure1") -> str:
    """A document with the table (paper beside ours) and the claims."""
    head = ["variance", "teacher", "hard", "soft", "soft $-$ hard", "paper: teacher", "hard", "soft", "gain"]
    body = [
        [f"{row.noise:g}", *map(_math, (row.teacher, row.hard, row.soft, row.gain)), *_latex_paper(row.paper, 1)]
        for row in result.rows
    ]
    caption = (
        f"Accuracy in \\% on {latex.escape(result.data)} under Gaussian noise, {result.settings.runs} runs, with "
        "95\\,\\% intervals over runs, beside the paper's numbers read off its figure."
    )
    return latex.document(_narrow(latex.table("rrrrrrrrr", head, body, caption)), _latex_claims(result.claims))


def _over_paper(
    ours: Sequence[str],
    paper: dict[str, float] | None,
    digits: int,
    kinds: Sequence[str] = ("hard", "soft", "gain"),
) -> list[str]:
    """Each of `kinds` as two lines, ours and the paper's; one line where the paper has none."""
    if paper is None:
        return list(ours)
    theirs = {kind: f"{value:.{digits}f}" for kind, value in paper.items()}
    theirs["gain"] = f"{paper['soft'] - paper['hard']:+.{digits}f}"
    return [f"{mine}\n[dim]{theirs[kind]}[/]" for mine, kind in zip(ours, kinds, strict=True)]


def _math(value: Estimate) -> str:
    return f"${interval(value).replace('±', chr(92) + 'pm')}$"


def _latex_paper(paper: dict[str, float] | None, digits: int) -> list[str]:
    if paper is None:
        return ["--"] * 4
    gain = paper["soft"] - paper["hard"]
    return [*(f"${paper[kind]:.{digits}f}$" for kind in ("teacher", "hard", "soft")), f"${gain:+.{digits}f}$"]


def _choice(choice: "Choice") -> list[str]:
    radius = r"$\infty$" if choice.radius == float("inf") else f"${choice.radius:g}$"
    return [f"${choice.step_size:g}$", radius, f"${choice.temperature:g}$"]


def _latex_claims(claims: Sequence[PaperClaim]) -> str:
    items = "\n".join(
        rf"\item[({latex.escape(c.id)})] {latex.escape(c.statement)}: \textbf{{{c.verdict}}}. "
        rf"{latex.escape(c.evidence)}."
        for c in claims
    )
    return f"\\begin{{description}}\n{items}\n\\end{{description}}"


def _narrow(table: str) -> str:
    """Shrink a table to the width of the text."""
    inner = table.replace(r"\begin{tabular}", r"\resizebox{\textwidth}{!}{\begin{tabular}")
    return inner.replace(r"\end{tabular}", r"\end{tabular}}")
