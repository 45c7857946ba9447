"""`audit`: the published statements, checked by machine."""

from boundcheck.audit import run_audit
from boundcheck.progress import SILENT, Progress
from boundcheck.records.audit import Audit, Paper


def audit(claim: str | None = None, *, paper: Paper = "mandal2025", progress: Progress = SILENT) -> Audit:
    """Check every printed statement of a paper, or the one named `claim`.

    Raises:
        InputError: no claim has this id.
    """
    return run_audit(claim, paper=paper, progress=progress)
