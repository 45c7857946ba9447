"""What `audit` finds of the printed statements."""

from dataclasses import dataclass
from typing import Literal

from boundcheck.records.base import Record
from boundcheck.records.comparison import Method

ClaimVerdict = Literal[
    "holds",
    "holds with a different proof",
    "typo",
    "constant not implied",
    "quantifier false",
    "refuted",
    "undecided",
]
Evidence = Literal["proved", "refuted", "supported", "undecided"]
Paper = Literal["mandal2025", "yuan2023", "kong2023"]
PAPERS: dict[Paper, str] = {
    "mandal2025": "Mandal, Lin & Srikant (L4DC 2025)",
    "yuan2023": "Yuan, Shi, Xu, Yang, Geng & Rui (NeurIPS 2023)",
    "kong2023": "Kong, Mandal, Katselis & Srikant (TMLR 2025)",
}
"""Whose statements are checked; the last two build on others, whose statements are checked with theirs."""


@dataclass(frozen=True)
class Check(Record):
    """One thing that was checked.

    residual: for an identity the size of what is left after cancellation (0 when it holds); for everything
    else the proved or measured slack of the decisive inequality (negative when it fails).
    """

    statement: str
    method: Method
    holds: bool
    residual: float


@dataclass(frozen=True)
class Finding(Record):
    """A claim after its check has run.

    residual: that of the deciding step (see `Check`), None where there is nothing to check.  paper: of `PAPERS`.
    """

    id: str
    where: str
    statement: str
    corrected: str
    verdict: ClaimVerdict
    evidence: Evidence
    check: str
    residual: float | None
    argument: str
    steps: tuple[Check, ...]
    paper: Paper = "mandal2025"


@dataclass(frozen=True)
class Audit(Record):
    """Findings, and how many statements are proved, refuted, supported and undecided as printed."""

    claims: tuple[Finding, ...]
    counts: dict[Evidence, int]
