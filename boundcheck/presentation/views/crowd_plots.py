"""Figure of a crowd: tasks in the spectral plane, eigenvalues against the noise edge."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from boundcheck.presentation.figures import new_figure, save
from boundcheck.records import CrowdReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#000000")


def draw(report: CrowdReport, points: Float[np.ndarray, "d 2"], types: Int[np.ndarray, " d"], path: Path) -> None:
    """Write the figure. points: the embedding of each task.  types: its type, -1 where unknown."""
    figure, (plane, values) = new_figure(1, 2, width=11.0, height=4.6)
    _plane(plane, points, types, report)
    eigenvalues(values, report)
    figure.suptitle(
        f"{Path(report.source).name}: {report.n_workers} workers, {report.n_tasks} tasks, {report.n_answers} answers; "
        f"model {report.model}"
    )
    save(figure, path)


def _plane(axes: "Axes", points: Float[np.ndarray, "d 2"], types: Int[np.ndarray, " d"], report: CrowdReport) -> None:
    for k in range(-1, report.types):
        if not (types == k).any():
            continue
        label = "type unknown" if k < 0 else f"type {k + 1}: {report.type_sizes[k]} tasks"
        x, y = points[types == k].T
        axes.scatter(x, y, s=6, alpha=0.6, color="grey" if k < 0 else COLOURS[k], label=label)
    axes.axhline(0, color="grey", lw=0.5)
    axes.axvline(0, color="grey", lw=0.5)
    axes.set(xlabel=r"$\sqrt{\lambda_1}\,v_1$", ylabel=r"$\sqrt{\lambda_2}\,v_2$", aspect="equal")
    axes.set_title("tasks in the spectral plane (label +1 and -1 lie opposite)", fontsize=10)
    axes.legend(fontsize=8)


def eigenvalues(axes: "Axes", report: CrowdReport) -> None:
    """Eigenvalues of the task similarity, and the edge of noise."""
    count = len(report.eigenvalues)
    axes.plot(range(1, count + 1), report.eigenvalues, "o", color="black", label="eigenvalues of the task similarity")
    if report.edge is not None:
        axes.axhline(report.edge, color=COLOURS[1], label="noise edge (random signs)")
    if report.marchenko_pastur is not None:
        axes.axhline(report.marchenko_pastur, color="grey", ls="--", label="Marchenko-Pastur edge, equal density")
    axes.set(xlabel="number", ylabel="eigenvalue", xticks=range(1, count + 1))
    axes.set_title(f"{report.above_edge} above the edge", fontsize=10)
    axes.legend(fontsize=8)
