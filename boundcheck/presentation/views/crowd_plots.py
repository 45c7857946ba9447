"""The figures of `crowd`: the posterior, its calibration, tasks in the spectral plane, eigenvalues and noise edge."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.presentation.document import Figure
from boundcheck.presentation.figures import HARD, INK, OTHER, SOFT, THIRD
from boundcheck.records import CrowdReport
from boundcheck.records.base import confidence_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TYPES = (SOFT, HARD, THIRD, "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", INK)


def figures(report: CrowdReport) -> list[Figure]:
    """Posterior; calibration where truth is known; spectral plane and eigenvalues where they were computed."""
    panels = [Figure(partial(_posterior, report), "soft labels of the tasks")]
    if any(part.known for part in report.posterior):
        panels.append(Figure(partial(_calibration, report), "are the soft labels calibrated?"))
    if report.plane:
        panels.append(Figure(partial(_plane, report), "tasks in the spectral plane (labels +1 and -1 opposite)"))
    if report.eigenvalues:
        panels.append(
            Figure(partial(_eigenvalues, report), "eigenvalues of the task similarity, and the edge of noise")
        )
    return panels


def _posterior(report: CrowdReport, axes: "Axes") -> None:
    """Tasks by p, those of known truth apart."""
    parts = report.posterior
    left, width = [part.lower for part in parts], [part.upper - part.lower for part in parts]
    below = np.zeros(len(parts))
    for name, colour, counts in (
        ("truth +1", SOFT, [part.positive for part in parts]),
        ("truth -1", HARD, [part.known - part.positive for part in parts]),
        ("truth unknown", OTHER, [part.tasks - part.known for part in parts]),
    ):
        if any(counts):
            axes.bar(left, counts, width, below, align="edge", color=colour, edgecolor="white", label=name)
            below += counts
    axes.set(xlabel="p = P(label +1 | answers)", ylabel="tasks", xlim=(0, 1))
    _legend(axes)


def _calibration(report: CrowdReport, axes: "Axes") -> None:
    """Share of the label +1 against the mean p of each bin, with its interval."""
    bins = [(part.mean, part.positive / part.known, part.share) for part in report.posterior if part.share is not None]
    mean, share, intervals = zip(*bins, strict=True)
    lower, upper = ([getattr(interval, end) for interval in intervals] for end in ("lower", "upper"))
    axes.plot([0, 1], [0, 1], color=OTHER, ls="--", label="calibrated")
    axes.vlines(mean, lower, upper, color=SOFT, label=f"{confidence_text(intervals[0].confidence)} each")
    axes.plot(mean, share, "o", color=SOFT, label="share of +1")
    axes.set(xlabel="mean p of the tasks in a bin", ylabel="share of them with true label +1")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    _legend(axes)


def _plane(report: CrowdReport, axes: "Axes") -> None:
    x, y, types = np.transpose(report.plane)
    for k in range(-1, report.types):
        if (types == k).any():
            label = "type unknown" if k < 0 else f"type {k + 1}: {report.type_sizes[k]} tasks"
            here = types == k
            axes.scatter(x[here], y[here], s=6, alpha=0.6, color=OTHER if k < 0 else _TYPES[k], label=label)
    axes.axhline(0, color=OTHER, lw=0.5)
    axes.axvline(0, color=OTHER, lw=0.5)
    axes.set(xlabel=r"$\sqrt{\lambda_1}\,v_1$", ylabel=r"$\sqrt{\lambda_2}\,v_2$", aspect="equal")
    _legend(axes)


def _eigenvalues(report: CrowdReport, axes: "Axes") -> None:
    count = len(report.eigenvalues)
    axes.plot(range(1, count + 1), report.eigenvalues, "o", color=INK, label=f"{report.above_edge} above the edge")
    if report.edge is not None:
        axes.axhline(report.edge, color=HARD, label="noise edge (random signs)")
    if report.marchenko_pastur is not None:
        axes.axhline(report.marchenko_pastur, color=OTHER, ls="--", label="Marchenko-Pastur edge, equal density")
    axes.set(xlabel="number", ylabel="eigenvalue", xticks=range(1, count + 1))
    _legend(axes)


def _legend(axes: "Axes") -> None:
    """Below the axes, where it hides nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
