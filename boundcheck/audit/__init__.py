"""The published statements, checked by machine (theory: Printed statements). Never imports JAX.

>>> from boundcheck.audit import run_audit
>>> run_audit("lemma-3").claims[0].verdict
'holds'
"""

import sys
from types import ModuleType

from boundcheck.audit.claim import Claim
from boundcheck.audit.claims import CLAIMS, run_audit
from boundcheck.records.audit import Audit, Paper

__all__ = ["CLAIMS", "Claim", "run_audit"]


class _CallableModule(ModuleType):
    """`boundcheck.audit(...)` is the public function even after this package has taken its name."""

    def __call__(self, claim: str | None = None, *, paper: Paper = "mandal2025") -> Audit:
        return run_audit(claim, paper=paper)


sys.modules[__name__].__class__ = _CallableModule
