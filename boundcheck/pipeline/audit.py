"""`audit`: the published statements, checked by machine."""

from boundcheck.audit import run_audit
from boundcheck.progress import SILENT, Progress
from boundcheck.records.audit import Audit


def audit(claim: str | None = None, *, progress: Progress = SILENT) -> Audit:
    """Check every printed statement of the paper, or the one named `claim`.

    Raises:
        InputError: no claim has this id.
    """
    return run_audit(claim, progress=progress)
