"""One BLAS thread a call, mostly: NumPy and SciPy bring a pool each, and two pools slow each other tenfold."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_LARGE = 2500  # so many rows keep several threads busy for long enough


@cache
def _controller() -> ThreadpoolController:
    import numpy as np  # noqa: F401
    import scipy.linalg  # noqa: F401

    return ThreadpoolController()


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """Run the body with one thread in every BLAS pool, with all of them for large matrices.

    rows: of the matrices at work.  JAX's own threads are not affected.
    """
    with _controller().limit(limits=1 if rows <= _LARGE else None, user_api="blas"):
        yield
