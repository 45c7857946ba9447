"""The table and the pages that `boundcheck audit` prints."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from boundcheck.audit import Audit, Finding

_COLOUR = {"proved": "green", "refuted": "bold red", "supported": "cyan", "undecided": "yellow"}


def show(report: Audit, console: Console, *, whole: bool) -> None:
    """Print one line a claim; or, for a single claim, a page with its statements, and with `whole` its steps."""
    if len(report.claims) == 1:
        _page(report.claims[0], console, whole=whole)
        return
    table = Table(title="Printed statements of Mandal, Lin & Srikant (L4DC 2025)", title_justify="left")
    for heading in ("claim", "where", "verdict", "as printed", "decided by"):
        table.add_column(heading)
    table.add_column("residual", justify="right")
    for finding in report.claims:
        table.add_row(
            finding.id,
            escape(finding.where),
            finding.verdict,
            _evidence(finding),
            finding.steps[0].method,
            f"{finding.residual:.3g}",
        )
    console.print(table)
    console.print(", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count) + ".")
    console.print(
        "residual: 0 for an identity, else the slack of the deciding inequality; 'boundcheck audit CLAIM -v' "
        "shows a whole check.",
        soft_wrap=True,
    )
    if whole:
        for finding in report.claims:
            console.print()
            _page(finding, console, whole=True)


def _page(finding: Finding, console: Console, *, whole: bool) -> None:
    console.print(f"[bold]{finding.id}[/bold], {escape(finding.where)}", soft_wrap=True)
    console.print(f"  printed:    {escape(finding.statement)}", soft_wrap=True)
    console.print(f"  true:       {escape(finding.corrected)}", soft_wrap=True)
    console.print(f"  verdict:    {finding.verdict}; as printed {_evidence(finding)}", soft_wrap=True)
    console.print(f"  check:      {finding.check}, residual {finding.residual:.3g}", soft_wrap=True)
    if not whole:
        return
    console.print(f"  because:    {escape(finding.argument)}", soft_wrap=True)
    for step in finding.steps:
        mark = "[green]holds[/green]" if step.holds else "[bold red]FAILS[/bold red]"
        line = f"{step.method}: {escape(step.statement)} (residual {step.residual:.3g})"
        console.print(f"    {mark}  {line}", soft_wrap=True)


def _evidence(finding: Finding) -> str:
    colour = _COLOUR[finding.evidence]
    return f"[{colour}]{finding.evidence}[/{colour}]"
