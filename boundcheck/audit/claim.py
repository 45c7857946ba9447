"""One printed statement, its verdict, and the check that settles it."""

from collections.abc import Callable
from dataclasses import dataclass

from boundcheck.audit.check import RIGOROUS
from boundcheck.records.audit import Check, ClaimVerdict, Evidence, Finding, Paper


@dataclass(frozen=True)
class Claim:
    """A printed statement and what the audit holds to be true of it.

    statement: as printed.  corrected: what is true instead, or the sharper truth.
    evidence: about the statement AS PRINTED: proved, refuted, or supported where a part rests on sampling or on
    a text that was not available.  argument: why the steps of `check` settle the statement.
    check: runs the steps, the deciding one first; its keyword arguments are the constants of the statement.  It has no
    steps where the text was not available, and the claim is undecided.
    """

    id: str
    where: str
    statement: str
    corrected: str
    verdict: ClaimVerdict
    evidence: Evidence
    argument: str
    check: Callable[..., tuple[Check, ...]]
    paper: Paper = "mandal2025"


def settle(claim: Claim, **constants: object) -> Finding:
    """Run the check; a step that fails, or a proof that rests on sampling, leaves the claim undecided."""
    steps = claim.check(**constants)
    rigorous = all(step.method in RIGOROUS for step in steps)
    settled = all(step.holds for step in steps) and (rigorous or claim.evidence != "proved")
    return Finding(
        id=claim.id,
        where=claim.where,
        statement=claim.statement,
        corrected=claim.corrected,
        verdict=claim.verdict if settled else "undecided",
        evidence=claim.evidence if settled else "undecided",
        check=" + ".join(dict.fromkeys(step.method for step in steps)),
        residual=steps[0].residual if steps else None,
        argument=claim.argument,
        steps=steps,
        paper=claim.paper,
    )
