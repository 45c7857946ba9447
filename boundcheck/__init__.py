"""Margins, width bounds and smallest networks for the theory of knowledge distillation.

>>> import boundcheck as bc
>>> data = bc.load_dataset("synthetic:circle:points=8")
>>> bc.margin(data).gamma_sup.lower  # doctest: +SKIP
0.135299025
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

from boundcheck.records.base import Record

__version__ = "0.1.0"


def _homes() -> dict[str, str]:
    """Public name -> its module, as the stub beside this file lists them: once, for people and for type checkers."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    found = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in found for alias in node.names}


_HOMES = _homes()
__all__ = ["__version__", *_HOMES]


def _presenter() -> Any:
    from boundcheck.presentation import notebook

    return notebook


Record.presented_by = staticmethod(_presenter)  # the root joins records with what shows them


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `import boundcheck` loads neither JAX nor SymPy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'boundcheck' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value = getattr(home, name) if hasattr(home, name) else import_module(f"{_HOMES[name]}.{name}")
    globals()[name] = value  # `audit` is also the name of a package below, which its import would leave here
    return value


def __dir__() -> list[str]:
    """Public names, for tab completion."""
    return sorted(__all__)
