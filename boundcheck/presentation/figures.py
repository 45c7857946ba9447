"""Figures: the panels of a document in one file, or each as SVG for a page; everywhere the same colours."""

import io
import math
import re
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import Any

from boundcheck.errors import InputError, MissingExtraError, writing
from boundcheck.presentation.charts import HARD, INK, SOFT, THIRD
from boundcheck.presentation.document import Document, Figure

FORMATS = (".png", ".svg", ".pdf")
_ON_THE_PAGE = {SOFT: "--soft", HARD: "--hard", THIRD: "--third", INK: "--ink", "#b0b0b0": "--line"}
"""Colours that follow the page into the dark; #b0b0b0 is Matplotlib's grid."""


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


def draw(document: Document, path: Path) -> None:
    """Write all panels of a document to `path`. Raises InputError without panels or for an ending not in FORMATS."""
    save(drawn(document, str(path)), path)


def drawn(document: Document, name: str) -> Any:
    """All panels of a document in one figure of one or two columns. Raises InputError, naming `name`, without any."""
    panels = document.figures()
    if not panels:
        raise InputError(f"{name}: there is nothing to draw in this result")
    columns = min(len(panels), 2)
    rows = math.ceil(len(panels) / columns)
    figure, axes = new_figure(rows, columns, width=6.2 * columns, height=4.8 * rows)
    places = [axes] if rows * columns == 1 else list(axes.flat)
    for panel, place in zip(panels, places, strict=False):
        panel.draw(place)
        place.set_title(fill(panel.caption, 72, break_on_hyphens=False), fontsize=9)
    for place in places[len(panels) :]:
        place.set_axis_off()
    figure.suptitle(fill(document.title, 66 * columns), fontsize=11)
    return figure


def svg(panel: Figure) -> str:
    """One panel as SVG to stand inside a page: no ids of its own, transparent, colours by the page's variables."""
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "boundcheck", "font.size": 11}):
        figure, axes = new_figure(width=6.0, height=4.2)
        panel.draw(axes)
        file = io.StringIO()
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=metadata)
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r' id="[a-z.]+\d*_\d+"', "", drawn)
    drawn = re.sub(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>", r'<svg \1 role="img">', drawn, count=1)
    for colour, name in _ON_THE_PAGE.items():
        drawn = re.sub(colour, f"var({name})", drawn, flags=re.I)
    return drawn


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
