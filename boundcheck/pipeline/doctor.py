"""`doctor`: what is installed, where it runs, and small computations whose results are known."""

import math
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from boundcheck import __version__, bounds, training
from boundcheck.bounds import hard_sharp
from boundcheck.datasets import load_dataset
from boundcheck.margins.planar import planar_margin
from boundcheck.precision import enable_x64
from boundcheck.records import TrainingSpec
from boundcheck.records.doctor import Check, Health
from boundcheck.search import default_path

PACKAGES = ("numpy", "scipy", "jax", "sympy", "python-flint", "clarabel")
EXTRAS = {
    "data": ("sklearn", "pyarrow"),
    "plots": ("matplotlib", "jinja2"),
    "dask": ("distributed",),
    "deep": ("equinox", "optax", "PIL"),
}
LARGE = 62_434_002_144_620_046
"""Width of the sharp hard bound at gamma .0002, eps .01, n 1000, delta .05, c 1; checked at 50 digits by mpmath."""


def doctor(store: Path | None = None) -> Health:
    """Versions, device, threads, the run store at `store` (None: the default one), extras, and four checks."""
    import jax

    enable_x64()
    place = default_path() if store is None else store
    device = jax.devices()[0]
    pools = {f"{pool['internal_api']}: {pool['num_threads']} threads" for pool in threadpool_info()}
    facts = {
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        **{name: version(name) for name in PACKAGES},
        "device": f"{device.device_kind}, {os.cpu_count()} cores",
        "BLAS": ", ".join(sorted(pools)) or "unknown",
        "run store": f"{place}, {place.stat().st_size:,} bytes" if place.is_file() else f"{place}, none yet",
    }
    missing = {extra: [name for name in needs if find_spec(name) is None] for extra, needs in EXTRAS.items()}
    extras = {
        extra: f"without {', '.join(names)}: pip install 'boundcheck[{extra}]'" if names else "installed"
        for extra, names in missing.items()
    }
    return Health(__version__, facts, extras, tuple(_timed(name, check) for name, check in CHECKS.items()))


def _timed(name: str, check: Callable[[], tuple[str, bool]]) -> Check:
    started = time.perf_counter()
    found, holds = check()
    return Check(name, found, holds, time.perf_counter() - started)


def _margin() -> tuple[str, bool]:
    """Eight alternating points on the circle have gamma = 1/(8 cos(pi/8))."""
    data, exact = load_dataset("synthetic:circle:points=8"), 1 / (8 * math.cos(math.pi / 8))
    found = planar_margin(data.X, data.y.astype(float)).margin
    return f"gamma in [{found.lower:.10g}, {found.upper:.10g}]", found.lower <= exact <= found.upper


def _bound() -> tuple[str, bool]:
    found = bounds.evaluate(
        hard_sharp.hard_sharp.id, gamma=".0002", eps=".01", n=1000, delta=".05", c=1, flips="kl"
    ).width
    return f"{found:,} neurons", found == LARGE


def _float64() -> tuple[str, bool]:
    import jax.numpy as jnp

    gap = float(jnp.asarray(1.0) + 2.0**-40 - 1.0)
    return f"1 + 2^-40 is {'more than' if gap else 'rounded to'} 1 on the device", gap == 2.0**-40


def _training() -> tuple[str, bool]:
    """One step of gradient descent by hand: U_j = (eta/n) sum_i a_j p-slope_i 1[W_j.x_i > 0] x_i/sqrt(m), f = 0."""
    data = load_dataset("synthetic:circle:points=8")
    spec = TrainingSpec("hard", "logistic", math.inf, 0.5, 1, 1.0, "float64")
    network = training.fit(data.X, data.y, spec, 6, 0)
    slope = data.y / 2 / len(data.y)
    active = (network.W0 @ data.X.T > 0) * network.a[:, None]
    expected = spec.step_size * (active * slope) @ data.X / math.sqrt(6)
    error = float(np.abs(network.displacement - expected).max())
    return f"one step by hand, off by {error:.1g}", error < 1e-12


CHECKS = {"float64": _float64, "margin": _margin, "bound": _bound, "training": _training}
