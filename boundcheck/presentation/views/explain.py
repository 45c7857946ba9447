"""`explain` on a terminal: one theorem, its numbers, its derivation, and what each factor costs."""

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from boundcheck.presentation.views.verify import integer
from boundcheck.records.comparison import DerivationStep, Explanation

_MARK = {True: "[green]holds[/green]", False: "[bold red]FAILS[/bold red]", None: "[dim]argued[/dim]"}
_HYPOTHESIS = {True: "[green]holds[/green]", False: "[bold red]FAILS[/bold red]", None: "[dim]assumed[/dim]"}


def show(explanation: Explanation, console: Console, *, details: bool = False) -> None:
    """The whole result of `explain`; `details` adds the formula that each step checked."""
    row = explanation.row
    statement = f"{explanation.statement}\n{explanation.quantifiers}.\n{explanation.direction}."
    console.print(Panel(escape(statement), title=escape(f"{explanation.bound}: {explanation.title}"), expand=False))
    console.print(f"[dim]{escape(explanation.source)}[/dim]\n", soft_wrap=True)
    console.print("[bold]Hypotheses[/bold]")
    for hypothesis in explanation.hypotheses:
        console.print(f"  {_HYPOTHESIS[hypothesis.holds]}  {escape(hypothesis.sentence)}", soft_wrap=True)
    console.print("\n[bold]Width[/bold]")
    console.print(f"  m >= {escape(explanation.formula)}", soft_wrap=True)
    if explanation.condition is not None:
        console.print("  or, sharper and with a schedule, u = 1/(2 eta T) and q, q' quantiles of the flips at m:")
        console.print(f"  {escape(explanation.condition)}", soft_wrap=True)
    numbers = ", ".join(f"{name} = {value:.6g}" for name, value in explanation.numbers.items())
    console.print(f"  at {numbers}: closed form {explanation.width_in_closed_form:.6g}", soft_wrap=True)
    steps = "the floor of infinitely many steps" if row.steps is None else f"{integer(row.steps)} steps"
    size = "" if row.step_size is None else f" of size {row.step_size:.4g}"
    radius = "no projection" if row.radius is None else f"radius B = {row.radius:.4g}"
    console.print(
        f"  [bold]{row.width:,}[/bold] neurons (even), {steps}{size}, {radius}, failure probability "
        f"{row.failure_probability:g}" + (f"; {escape(row.note)}" if row.note else ""),
        soft_wrap=True,
    )
    growth = "; ".join(term.text for term in explanation.growth)
    console.print(f"  grows like {growth}\n", soft_wrap=True)
    console.print(cost_table(explanation))
    console.print(derivation_table(explanation.steps, details=details))


def cost_table(explanation: Explanation) -> Table:
    """Factors of the closed form, then what it would be without an ingredient."""
    table = Table(title="what each factor costs", title_justify="left")
    table.add_column("factor")
    table.add_column("value", justify="right")
    table.add_column("why")
    for i, factor in enumerate(explanation.factors):
        last = i == len(explanation.factors) - 1
        table.add_row(escape(factor.factor), f"{factor.value:.4g}", escape(factor.why), end_section=last)
    for cost in explanation.costs:
        table.add_row(escape(f"without {cost.without}"), f"{cost.width:.4g}", f"{cost.saves:.3g} times fewer neurons")
    return table


def derivation_table(steps: tuple[DerivationStep, ...], *, details: bool) -> Table:
    """Every step with how it was checked."""
    table = Table(title="derivation, checked just now", title_justify="left")
    table.add_column("", justify="right")
    table.add_column("step", ratio=1)
    table.add_column("check")
    table.add_column("")
    for i, step in enumerate(steps, 1):
        text = escape(step.claim) + (f"\n[dim]{escape(step.shown)}[/dim]" if details or step.holds is None else "")
        table.add_row(str(i), text, step.method, _MARK[step.holds], end_section=details)
    return table
