"""Settings shared by all tests: float64, a fixed terminal, no thread oversubscription, nothing compiled twice."""

import os
import platform

import pytest

os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # BLAS pools fight each other and the test workers for two cores
os.environ["COLUMNS"] = "120"
os.environ["NO_COLOR"] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_configure(config: pytest.Config) -> None:
    """Workers, the commands that tests start, and both steps of the tests share their compiled programs."""
    if config.cache is not None:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(config.cache.mkdir(f"jax-{platform.node()}"))
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


@pytest.fixture(autouse=True)
def little_work_on_impossible_widths(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside tests/exclusion few W(0) are decided by programmes, as where a search has spent its nodes."""
    if "exclusion" not in request.path.parts:
        monkeypatch.setattr("boundcheck.exclusion.widths.ALL_NODES", 100)
