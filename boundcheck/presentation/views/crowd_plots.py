"""The figures of `crowd`: the posterior, its calibration, tasks in the spectral plane, eigenvalues and noise edge."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.presentation.charts import HARD, INK, OTHER, SOFT, THIRD, Axis, Chart, Level, Look, Series, legend
from boundcheck.presentation.document import Figure
from boundcheck.records import CrowdReport
from boundcheck.records.base import confidence_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (SOFT, HARD, THIRD, "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", INK)
_TYPES = [Look(colour, "", mark) for colour, mark in zip(_COLOURS, "osD^v<>P", strict=True)]
_UNKNOWN = Look(OTHER, "", ".")


def figures(report: CrowdReport) -> list[Figure]:
    """Posterior; calibration where truth is known; spectral plane and eigenvalues where they were computed."""
    panels = [Figure(partial(_posterior, report), "soft labels of the tasks")]
    if any(part.share for part in report.posterior):
        panels.append(Figure(_calibration(report), "are the soft labels calibrated?"))
    if report.plane:
        panels.append(Figure(_plane(report), "tasks in the spectral plane (labels +1 and -1 opposite)"))
    if report.eigenvalues:
        panels.append(Figure(_eigenvalues(report), "eigenvalues of the task similarity, and the edge of noise"))
    return panels


def _posterior(report: CrowdReport, axes: "Axes") -> None:
    """Tasks by p, those of known truth apart."""
    parts = report.posterior
    left, width = [part.lower for part in parts], [part.upper - part.lower for part in parts]
    below = np.zeros(len(parts))
    for name, colour, hatch, counts in (
        ("truth +1", SOFT, "", [part.positive for part in parts]),
        ("truth -1", HARD, "//", [part.known - part.positive for part in parts]),
        ("truth unknown", OTHER, "", [part.tasks - part.known for part in parts]),
    ):
        if any(counts):
            axes.bar(left, counts, width, below, align="edge", color=colour, edgecolor="white", hatch=hatch, label=name)
            below += counts
    axes.set(xlabel="p = P(label +1 | answers)", ylabel="tasks", xlim=(0, 1))
    legend(axes)


def _calibration(report: CrowdReport) -> Chart:
    """Share of the label +1 against the mean p of each bin, with its interval."""
    bins = [(part.mean, part.positive / part.known, part.share) for part in report.posterior if part.share is not None]
    mean, share, intervals = zip(*bins, strict=True)
    name = f"share of +1, {confidence_text(intervals[0].confidence)} each"
    series = [
        Series("calibrated", Look(OTHER, "--", ""), [0, 1], [0, 1]),
        Series(name, Look(SOFT, ""), mean, share, [(one.lower, one.upper) for one in intervals]),
    ]
    limits = (-0.02, 1.02)
    x = Axis("mean p of the tasks in a bin", limits=limits)
    return Chart(x, Axis("share of them with true label +1", limits=limits), series)


def _plane(report: CrowdReport) -> Chart:
    x, y, types = np.transpose(report.plane)
    series = [
        Series(
            "type unknown" if k < 0 else f"type {k + 1}: {report.type_sizes[k]} tasks",
            _UNKNOWN if k < 0 else _TYPES[k],
            x[types == k],
            y[types == k],
        )
        for k in range(-1, report.types)
        if (types == k).any()
    ]
    zero = Look(OTHER)
    levels = [Level(0, "", zero), Level(0, "", zero, upright=True)]
    axes = (Axis(r"$\sqrt{\lambda_1}\,v_1$"), Axis(r"$\sqrt{\lambda_2}\,v_2$"))
    return Chart(*axes, series, levels, lambda axes: axes.set_aspect("equal", adjustable="datalim"))


def _eigenvalues(report: CrowdReport) -> Chart:
    places = range(1, len(report.eigenvalues) + 1)
    levels = []
    if report.edge is not None:
        levels.append(Level(report.edge, "noise edge (random signs)", Look(HARD)))
    if report.marchenko_pastur is not None:
        levels.append(Level(report.marchenko_pastur, "Marchenko-Pastur edge, equal density"))
    found = Series(f"{report.above_edge} above the edge", Look(INK, ""), places, report.eigenvalues)
    return Chart(Axis("number", ticks={i: str(i) for i in places}), Axis("eigenvalue"), [found], levels)
