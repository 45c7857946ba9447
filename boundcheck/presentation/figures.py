"""How every figure begins and ends: one backend, one style, one error message without matplotlib."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from boundcheck.errors import InputError, MissingExtraError, writing

FORMATS = (".png", ".svg", ".pdf")


def new_figure(rows: int = 1, columns: int = 1, *, width: float, height: float) -> tuple[Any, Any]:
    """Return (figure, axes), width x height in inches. Raises MissingExtraError without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("--plot", "plots") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def check(path: Path) -> None:
    """Raise InputError for an ending that `save` cannot write, MissingExtraError without matplotlib.

    Worth asking before a long computation.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("--plot", "plots")
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: unknown kind of figure; end the name in {', '.join(FORMATS)}")


def save(figure: Any, path: Path) -> None:
    """Write `figure` in the format that the ending of `path` names. Raises InputError for others, OutputError."""
    check(path)
    with writing(path):
        figure.savefig(path, dpi=150)
