"""Margins, width bounds and smallest networks for the theory of knowledge distillation.

>>> import boundcheck as bc
>>> data = bc.load_dataset("synthetic:circle:points=8")
>>> bc.margin(data).gamma_sup.lower  # doctest: +SKIP
0.135299025
"""

from typing import TYPE_CHECKING, Any

from boundcheck.records.base import Record

__version__ = "0.1.0"

if TYPE_CHECKING:  # the same names as in _HOME, for type checkers
    from boundcheck.datasets import Dataset as Dataset
    from boundcheck.datasets import load_dataset as load_dataset
    from boundcheck.datasets.arrays import dataset as dataset
    from boundcheck.pipeline.audit import audit as audit
    from boundcheck.pipeline.compare import compare as compare
    from boundcheck.pipeline.crowd import crowd as crowd
    from boundcheck.pipeline.data_bounds import data_width as data_width
    from boundcheck.pipeline.explain import explain as explain
    from boundcheck.pipeline.labels import labels_check as labels_check
    from boundcheck.pipeline.labels import labels_make as labels_make
    from boundcheck.pipeline.margin import margin as margin
    from boundcheck.pipeline.verify import verify as verify

_HOME = {
    "Dataset": "datasets",
    "audit": "pipeline.audit",
    "compare": "pipeline.compare",
    "crowd": "pipeline.crowd",
    "dataset": "datasets.arrays",
    "data_width": "pipeline.data_bounds",
    "explain": "pipeline.explain",
    "labels_check": "pipeline.labels",
    "labels_make": "pipeline.labels",
    "load_dataset": "datasets",
    "margin": "pipeline.margin",
    "verify": "pipeline.verify",
}
__all__ = ["__version__", *_HOME]


def _presenter() -> Any:
    from boundcheck.presentation import notebook

    return notebook


Record.presented_by = staticmethod(_presenter)  # the root joins records with what shows them


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `import boundcheck` loads neither JAX nor SymPy."""
    if name not in _HOME:
        raise AttributeError(f"module 'boundcheck' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"boundcheck.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Public names, for tab completion."""
    return sorted(__all__)
