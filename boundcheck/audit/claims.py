"""Every printed statement of the papers, and the audit that runs their checks."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from boundcheck.audit import biased_labels, concentration, divergence, hard, network, separation, soft, task_types
from boundcheck.audit.claim import Claim, settle
from boundcheck.bounds.exact import precision
from boundcheck.errors import InputError
from boundcheck.progress import SILENT, Progress
from boundcheck.records.audit import Audit, Evidence, Paper

_BITS = 128  # of the balls

_IN_ORDER = (
    *network.CLAIMS,
    *divergence.CLAIMS,
    *concentration.CLAIMS,
    *soft.CLAIMS,
    *hard.CLAIMS,
    *separation.CLAIMS,
    *biased_labels.CLAIMS,
    *task_types.CLAIMS,
)
CLAIMS: Mapping[str, Claim] = MappingProxyType({claim.id: claim for claim in _IN_ORDER})


def run_audit(claim: str | None = None, *, paper: Paper = "mandal2025", progress: Progress = SILENT) -> Audit:
    """Check every printed statement of a paper, or one claim.

    claim: an id of `CLAIMS`, of any paper.  Nothing is random but the seeded draws written into the checks.

    Raises:
        InputError: no claim has this id.
    """
    if claim is not None and claim not in CLAIMS:
        raise InputError(f"claim {claim!r} is unknown; choose from {', '.join(CLAIMS)}")
    chosen = [each for each in CLAIMS.values() if each.paper == paper] if claim is None else [CLAIMS[claim]]
    findings = []
    with precision(_BITS):
        for done, each in enumerate(chosen):
            progress.update(f"checking {each.id}", done, len(chosen))
            findings.append(settle(each))
    counts = Counter(finding.evidence for finding in findings)
    kinds: tuple[Evidence, ...] = ("proved", "refuted", "supported", "undecided")
    return Audit(claims=tuple(findings), counts={kind: counts[kind] for kind in kinds})
