"""The figure of `margin`: interval against time, margins of the single rows, and the rows that limit them."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int, Int8

from boundcheck.margins import MarginReport, Teacher
from boundcheck.presentation.figures import new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_IMAGES = 6
_SMALLEST_IMAGE = 4  # pixels along an edge
SUP, RKHS, OTHER = "#0072b2", "#d55e00", "#999999"


def draw(
    report: MarginReport,
    path: Path,
    *,
    y: Int8[np.ndarray, " n"],
    rows: Int[np.ndarray, " n"],
    X: Float[np.ndarray, "n d"],
    image_shape: tuple[int, ...] | None = None,
) -> None:
    """Write the figure of a report with a teacher to `path`.

    rows: (n,) index in the source, as in `report.limiting`.  image_shape: of a row; None also takes square ones.
    """
    assert report.teacher is not None
    shape = image_shape or _square(X.shape[1])
    count = min(len(report.limiting), _IMAGES)
    figure, _ = new_figure(width=12.0, height=6.4 if shape else 6.8)
    figure.clear()
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.35, 1.0))
    left, right = top.subplots(1, 2)
    _over_time(report, left)
    _margins(report, report.teacher, y, right)
    if shape:
        for axis, one in zip(bottom.subplots(1, count, squeeze=False)[0], report.limiting, strict=False):
            image = X[rows == one.row][0].reshape(shape)
            axis.imshow(image, cmap="gray_r" if len(shape) == 2 else None)
            axis.set_title(f"row {one.row} ({one.label:+d}), {one.weight:.3g}", fontsize=9)
            axis.set_axis_off()
    else:
        _weights(report, bottom.subplots())
    bottom.suptitle("rows that limit the margin, with label and weight", fontsize=11)
    figure.suptitle(f"{report.data}: n = {report.n}, d = {report.d}")
    save(figure, path)


def _square(d: int) -> tuple[int, int] | None:
    edge = math.isqrt(d)
    return (edge, edge) if edge * edge == d and edge >= _SMALLEST_IMAGE else None


def _over_time(report: MarginReport, axis: "Axes") -> None:
    """The sampled interval as it narrowed; the RKHS margin and the outer bounds, which need no sampling."""
    outer, sup = report.outer, report.gamma_sup
    axis.axhspan(outer.lower, outer.upper, color=OTHER, alpha=0.15, label="outer bounds (proved)")
    axis.axhline(report.gamma_rkhs.upper, color=RKHS, ls="--", label=f"RKHS norm, {report.gamma_rkhs.upper:.5g}")
    known = f"{100 * sup.confidence:g} % confidence" if not sup.exact else "exact" if report.d == 2 else "not sampled"
    if report.history:
        seconds = [moment.seconds for moment in report.history]
        lower, upper = ([getattr(moment, end) for moment in report.history] for end in ("lower", "upper"))
        axis.vlines(seconds, lower, upper, color=SUP, lw=4, alpha=0.4)
        for values in (lower, upper):
            axis.plot(seconds, values, "o-", color=SUP, ms=4, drawstyle="steps-post")
        axis.set(xlim=(0, 1.1 * max(seconds)), xlabel="seconds of sampling")
    else:
        axis.set_xticks([])
        if known == "exact":
            axis.axhline(sup.upper, color=SUP)
    axis.plot([], [], color=SUP, label=f"sup norm in [{sup.lower:.5g}, {sup.upper:.5g}], {known}")
    if sup.lower > 0.5 * outer.upper:  # gamma_rkhs^2 would leave the interval a line
        axis.set_ylim(sup.lower - 0.2 * (outer.upper - sup.lower), outer.upper * 1.02)
    axis.set(ylabel="margin gamma", title="interval for the margin")
    axis.legend(fontsize=8)
    axis.grid(alpha=0.3)


def _margins(report: MarginReport, teacher: Teacher, y: np.ndarray, axis: "Axes") -> None:
    """y_i z_i of every row under the maximising field: none lies below gamma, up to the error of z."""
    margins = y * teacher.z
    bins = np.linspace(min(margins.min(), 0.0), margins.max(), 41).tolist()
    classes = [margins[y > 0], margins[y < 0]]
    axis.hist(classes, bins=bins, stacked=True, color=[SUP, RKHS], label=["label +1", "label -1"])
    gamma = report.gamma_sup if teacher.kind == "sup" else report.gamma_rkhs
    axis.axvspan(gamma.lower, gamma.upper, color="black", alpha=0.5, label="gamma")
    error = float(teacher.z_error.max())
    note = f", each within {error:.2g}" if error else ""
    axis.set(xlabel=f"y z of a row{note}", ylabel="rows", title="margins of the single rows")
    axis.legend(fontsize=8)


def _weights(report: MarginReport, axis: "Axes") -> None:
    places = range(len(report.limiting))
    axis.bar(
        places,
        [one.weight for one in report.limiting],
        color=[SUP if one.label > 0 else RKHS for one in report.limiting],
    )
    axis.set_xticks(
        places,
        [
            f"row {one.row} ({one.label:+d})\n{math.degrees(one.angle):.3g} deg to {one.rival}"
            for one in report.limiting
        ],
    )
    axis.tick_params(axis="x", labelsize=7)
    axis.set_ylabel("weight q")
