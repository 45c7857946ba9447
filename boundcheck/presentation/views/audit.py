"""`audit`: what became of every printed statement, and each check in detail."""

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Item, Items, Next, Note, Table
from boundcheck.records.audit import PAPERS, Audit, Finding

CLAIMS = (
    Column("id", "claim"),
    Column("evidence", "as printed"),
    Column("verdict", "verdict", prose=True),
    Column("where", "where", prose=True),
)


def audit(report: Audit) -> Document:
    """One statement, or all of them in a table."""
    paper = PAPERS[report.claims[0].paper]
    title = f"what {paper} print"
    if len(report.claims) == 1:
        (finding,) = report.claims
        said = Answer(f"{finding.id} as printed is {finding.evidence} ({finding.verdict}).")
        more = Next([f"boundcheck audit {finding.id} -v", "boundcheck audit"])
        return Document(f"{title}: {finding.id}", [said, _facts(finding), more, _because(finding), _steps(finding)])
    counts = ", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count)
    refuted = next((finding.id for finding in report.claims if finding.evidence == "refuted"), report.claims[0].id)
    blocks: list[Block] = [
        Answer(f"Of the paper's {len(report.claims)} printed statements, as printed: {counts}."),
        Table(CLAIMS, report.claims, "printed statements", ("proved as printed", lambda f: f.evidence == "proved")),
        Note("residual: 0 for an identity, else the slack of the deciding inequality.", detail=True),
        Next([f"boundcheck audit {refuted} -v", "boundcheck audit -v"]),
    ]
    for finding in report.claims:
        facts = _facts(finding)
        blocks += [Facts(facts.pairs, finding.id, detail=True), _because(finding), _steps(finding)]
    return Document(title, blocks)


def _facts(finding: Finding) -> Facts:
    return Facts(
        [
            ("where", finding.where if finding.paper == "mandal2025" else f"{finding.where}; {PAPERS[finding.paper]}"),
            ("printed", finding.statement),
            ("true", finding.corrected),
            ("verdict", f"{finding.verdict}; as printed {finding.evidence}"),
            *([] if finding.residual is None else [("check", _checked(finding.check, finding.residual))]),
        ]
    )


def _checked(method: str, residual: float) -> str:
    return f"{method}, residual {numbers.number(residual, 3)}"


def _because(finding: Finding) -> Note:
    return Note(f"because: {finding.argument}", detail=True)


def _steps(finding: Finding) -> Items:
    said = [f"{s.method}: {s.statement} (residual {numbers.number(s.residual, 3)})" for s in finding.steps]
    marks = ["holds" if s.holds else "FAILS" for s in finding.steps]
    return Items(list(map(Item, said, marks)), detail=True)
