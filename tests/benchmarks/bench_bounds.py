"""Speed of the bounds against named peers, in one run: `pytest tests/benchmarks/bench_bounds.py --benchmark-only`.

Peers: SymPy's evalf for a closed form, mpmath bisection for an inverted width (the tests' own reference).
"""

import mpmath as mp
import pytest
import sympy as sp
from bounds import reference

from boundcheck import bounds
from boundcheck.bounds.bound import point
from boundcheck.bounds.exact import ceiling
from boundcheck.pipeline.compare import compare

AT = {"gamma": "0.05", "eps": "0.01", "n": 1000, "delta": "0.05", "c": 1}


@pytest.mark.benchmark(group="closed form, one exact ceiling")
def test_balls(benchmark) -> None:  # type: ignore[no-untyped-def]
    values, width = point(**AT).values, bounds.registry["hard-published"].width
    assert benchmark(ceiling, width, values) == 962_525_611


@pytest.mark.benchmark(group="closed form, one exact ceiling")
def test_sympy_evalf(benchmark) -> None:  # type: ignore[no-untyped-def]
    values, width = point(**AT).values, bounds.registry["hard-published"].width
    assert benchmark(lambda: int(sp.ceiling(width.xreplace(values).evalf(40)))) == 962_525_611


@pytest.mark.benchmark(group="inverted width, proved integer")
def test_inversion(benchmark) -> None:  # type: ignore[no-untyped-def]
    assert benchmark(bounds.evaluate, "soft-sharp", **AT).width == 372_172


@pytest.mark.benchmark(group="inverted width, proved integer")
def test_mpmath_bisection(benchmark) -> None:  # type: ignore[no-untyped-def]
    def smallest() -> int:
        low, high = 1, 10**7  # in pairs
        while high - low > 1:
            middle = (low + high) // 2
            where = (mp.mpf("0.05"), mp.mpf("0.01"), 1000, mp.mpf("0.15"), mp.mpf(2 * middle))
            low, high = (low, middle) if reference.soft_condition(*where, sup=True) >= 0 else (middle, high)
        return 2 * high

    assert benchmark(smallest) == 372_172


@pytest.mark.benchmark(group="compare, default table")
def test_default_comparison(benchmark) -> None:  # type: ignore[no-untyped-def]
    """The promise is 1.5 s after imports."""
    assert len(benchmark(compare, eps=0.01).rows) == 54
