"""`boundcheck audit`: is what the papers print true?"""

from typing import Annotated

from typer import Argument, Option

from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, UNDECIDED, VIOLATED, Session
from boundcheck.records.audit import Paper

ClaimId = Annotated[str | None, Argument(metavar="CLAIM", help="One claim by its id; all of them without it.")]

WhosePaper = Annotated[Paper, Option(help="Whose statements: of bounds, of biased soft labels, of crowds with types.")]


@command
def audit(this: Session, claim: ClaimId = None, paper: WhosePaper = "mandal2025") -> None:
    """Check every printed statement of a paper by machine: exact identities, interval proofs, counterexamples.

    A refuted statement is a result of the audit, so the whole audit exits with 0; it exits with 3 when a check no
    longer confirms its verdict, or where a text was not available. Asked about one CLAIM, it exits with 0 when the
    statement as printed is proved or supported, 1 when it is refuted, 3 when undecided. Nothing depends on --seed.

    Example: boundcheck audit corollary-4-steps -v
    """
    from boundcheck.pipeline.audit import audit

    report = audit(claim, paper=paper, progress=this.progress)
    refuted = claim is not None and report.counts["refuted"]
    this.finish(report, exit_code=UNDECIDED if report.counts["undecided"] else VIOLATED if refuted else HOLDS)
