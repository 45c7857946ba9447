"""How many neurons the theorems ask for: one theorem, one record; exact widths. Never imports JAX.

>>> from boundcheck import bounds
>>> bounds.evaluate("soft-published", gamma="0.05", eps="0.01", n=1000, delta="0.05", c=1).width
1634534782
"""

from boundcheck.bounds.bound import Bound
from boundcheck.bounds.registry import evaluate, ids, refuse_unread, registry

__all__ = ["Bound", "evaluate", "ids", "refuse_unread", "registry"]
