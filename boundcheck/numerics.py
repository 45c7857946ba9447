"""What numbers depend on besides their inputs: part of the identity of everything that is kept for later."""

import hashlib
from pathlib import Path
from types import ModuleType


def version(*packages: ModuleType) -> str:
    """Name `packages` with a digest of their sources, the version of JAX and the platform it computes on."""
    import jax

    homes = [Path(package.__file__ or "").parent for package in packages]
    sources = b"".join(path.read_bytes() for home in homes for path in sorted(home.glob("*.py")))
    names = "+".join(package.__name__.rpartition(".")[2] for package in packages)
    return f"{names} {hashlib.sha256(sources).hexdigest()[:12]}, jax {jax.__version__}, {jax.devices()[0].platform}"
