"""The figures of `margin`: interval against time, margins of the single rows, and the rows that limit them."""

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.presentation.document import Figure
from boundcheck.presentation.figures import HARD, OTHER, SOFT
from boundcheck.records.base import confidence_text
from boundcheck.records.margin import MarginReport, Teacher

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from boundcheck.datasets import Dataset

_IMAGES = 6
_SMALLEST_IMAGE = 4  # pixels along an edge


def figures(report: MarginReport, dataset: "Dataset | None") -> list[Figure]:
    """Interval against time, margins of the single rows where the teacher is at hand, and the rows that limit them."""
    panels = [Figure(partial(_over_time, report), "interval for the margin"), *profile(report)]
    if dataset is not None and report.teacher is not None:
        panels.append(Figure(partial(_margins, report, report.teacher, dataset.y), "margins of the single rows"))
    shape = None if dataset is None else dataset.image_shape or _square(report.d)
    if dataset is None or shape is None:
        return [*panels, Figure(partial(_weights, report), "rows that limit the margin, with label and weight")]
    return [
        *panels,
        Figure(partial(_images, report, dataset, shape), "rows that limit the margin, with label and weight"),
    ]


def profile(report: MarginReport) -> list[Figure]:
    """gamma_nu against nu in both norms, where more than one level was asked for."""
    return [Figure(partial(_levels, report), "margin of the worst rows")] if len(report.profile) > 1 else []


def _levels(report: MarginReport, axis: "Axes") -> None:
    """The intervals of gamma_nu, and nu_zero, up to which it is 0."""
    levels = sorted(report.profile, key=lambda level: level.nu)
    for name, key, colour in (("sup norm", "gamma_sup", SOFT), ("RKHS norm", "gamma_rkhs", HARD)):
        lower, upper = ([getattr(getattr(level, key), end) for level in levels] for end in ("lower", "upper"))
        axis.fill_between([level.nu for level in levels], lower, upper, color=colour, alpha=0.25)
        axis.plot([level.nu for level in levels], lower, "o-", color=colour, ms=4, label=f"{name}, lower end")
    if report.nu_zero:
        axis.axvline(report.nu_zero, color=OTHER, ls="--", label=f"0 up to nu = {report.nu_zero:.4g}")
    axis.set(xlabel="worst share nu of the rows", ylabel="gamma_nu")
    axis.legend(fontsize=8)
    axis.grid(alpha=0.3)


def _square(d: int) -> tuple[int, int] | None:
    edge = math.isqrt(d)
    return (edge, edge) if edge * edge == d and edge >= _SMALLEST_IMAGE else None


def _over_time(report: MarginReport, axis: "Axes") -> None:
    """The sampled interval as it narrowed; the RKHS margin and the outer bounds, which need no sampling."""
    outer, sup = report.outer, report.gamma_sup
    axis.axhspan(outer.lower, outer.upper, color=OTHER, alpha=0.15, label="outer bounds (proved)")
    axis.axhline(report.gamma_rkhs.upper, color=HARD, ls="--", label=f"RKHS norm, {report.gamma_rkhs.upper:.5g}")
    known = (
        f"{confidence_text(sup.confidence)} confidence"
        if not sup.exact
        else "exact"
        if report.d == 2
        else "not sampled"
    )
    if report.history:
        seconds = [moment.seconds for moment in report.history]
        lower, upper = ([getattr(moment, end) for moment in report.history] for end in ("lower", "upper"))
        axis.vlines(seconds, lower, upper, color=SOFT, lw=4, alpha=0.4)
        for values in (lower, upper):
            axis.plot(seconds, values, "o-", color=SOFT, ms=4, drawstyle="steps-post")
        axis.set(xlim=(0, 1.1 * max(seconds)), xlabel="seconds of sampling")
    else:
        axis.set_xticks([])
        if known == "exact":
            axis.axhline(sup.upper, color=SOFT)
    axis.plot([], [], color=SOFT, label=f"sup norm in [{sup.lower:.5g}, {sup.upper:.5g}], {known}")
    if sup.lower > 0.5 * outer.upper:  # gamma_rkhs^2 would leave the interval a line
        axis.set_ylim(sup.lower - 0.2 * (outer.upper - sup.lower) - 0.02 * sup.lower, outer.upper * 1.02)
    axis.set(ylabel="margin gamma")
    axis.legend(fontsize=8)
    axis.grid(alpha=0.3)


def _margins(report: MarginReport, teacher: Teacher, y: np.ndarray, axis: "Axes") -> None:
    """y_i z_i of every row under the maximising field: none lies below gamma, up to the error of z."""
    margins = y * teacher.z
    bins = np.linspace(min(margins.min(), 0.0), margins.max(), 41).tolist()
    classes = [margins[y > 0], margins[y < 0]]
    axis.hist(classes, bins=bins, stacked=True, color=[SOFT, HARD], label=["label +1", "label -1"])
    gamma = report.gamma_sup if teacher.kind == "sup" else report.gamma_rkhs
    axis.axvspan(gamma.lower, gamma.upper, color="black", alpha=0.5, label="gamma")
    error = float(teacher.z_error.max())
    note = f", each within {error:.2g}" if error else ""
    axis.set(xlabel=f"y z of a row{note}", ylabel="rows")
    axis.legend(fontsize=8)


def _weights(report: MarginReport, axis: "Axes") -> None:
    places = range(len(report.limiting))
    axis.bar(
        places,
        [one.weight for one in report.limiting],
        color=[SOFT if one.label > 0 else HARD for one in report.limiting],
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


def _images(report: MarginReport, dataset: "Dataset", shape: tuple[int, ...], axis: "Axes") -> None:
    """The heaviest rows as images side by side."""
    edge = 1.15 * shape[1]
    shown = report.limiting[:_IMAGES]
    for place, one in enumerate(shown):
        image = dataset.X[dataset.rows == one.row][0].reshape(shape)
        left = place * edge
        axis.imshow(image, cmap="gray_r" if len(shape) == 2 else None, extent=(left, left + shape[1], 0, shape[0]))
        label = f"row {one.row} ({one.label:+d})\n{one.weight:.3g}"
        axis.text(left + shape[1] / 2, 1.05 * shape[0], label, ha="center", fontsize=8)
    axis.set(xlim=(0, edge * len(shown)), ylim=(0, 1.4 * shape[0]), aspect="equal")
    axis.set_axis_off()
