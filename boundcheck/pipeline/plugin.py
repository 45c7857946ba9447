"""Bounds and data families of one's own, from a Python file that `--plugin` names."""

import runpy
from pathlib import Path

from boundcheck.bounds import Bound, registry
from boundcheck.datasets.synthetic import add_family
from boundcheck.errors import BoundcheckError, InputError

__all__ = ["add_bound", "add_family", "load_plugin"]


def add_bound(bound: Bound) -> Bound:
    """Enter a bound, for compare, explain and verify. Raises InputError for an id that is taken."""
    registry.add(bound)
    return bound


def load_plugin(path: Path) -> None:
    """Run a Python file that calls `add_bound` and `add_family`. Raises InputError where that fails."""
    try:
        runpy.run_path(str(path))
    except BoundcheckError as error:
        raise InputError(f"--plugin {path}: {error}") from error
    except OSError as error:
        raise InputError(f"--plugin {path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:
        raise InputError(f"--plugin {path}: {type(error).__name__}: {error}; mend the file") from error
