"""The figures of `margin`: interval against time, margins of the single rows, and the rows that limit them."""

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from boundcheck.presentation.charts import HARD, INK, LOOKS, OTHER, SOFT, Axis, Chart, Level, Look, Series, legend
from boundcheck.presentation.document import Figure
from boundcheck.records.base import confidence_text
from boundcheck.records.margin import MarginReport, Teacher

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from boundcheck.datasets import Dataset

_IMAGES = 6
_SMALLEST_IMAGE = 4  # pixels along an edge


def figures(report: MarginReport, dataset: "Dataset | None") -> list[Figure]:
    """Interval against time where it narrowed, margins of the single rows, and the rows that limit it."""
    panels = profile(report)
    if len(report.history) > 1:
        panels = [Figure(_over_time(report), "interval for the margin"), *panels]
    if dataset is not None and report.teacher is not None:
        panels.append(Figure(partial(_margins, report, report.teacher, dataset.y), "margins of the single rows"))
    shape = None if dataset is None else dataset.image_shape or _square(report.d)
    draw = partial(_weights, report) if dataset is None or shape is None else partial(_images, report, dataset, shape)
    return [*panels, Figure(draw, "rows that limit the margin, with label and weight")]


def profile(report: MarginReport) -> list[Figure]:
    """Intervals of gamma_nu in both norms, and nu_zero, up to which it is 0; where more than one nu was asked for."""
    if len(report.profile) < 2:
        return []
    series = []
    for name, key, look in (("sup norm", "gamma_sup", LOOKS["soft"]), ("RKHS norm", "gamma_rkhs", LOOKS["hard"])):
        found = {level.nu: (getattr(level, key).lower, getattr(level, key).upper) for level in report.profile}
        if report.nu_zero:
            found[report.nu_zero] = (0.0, 0.0)
        nus, ends = sorted(found), [found[nu] for nu in sorted(found)]
        series.append(Series(f"{name}, lower end", look, nus, [low for low, _ in ends], ends))
    zero = [Level(report.nu_zero, f"0 up to nu = {report.nu_zero:.4g}", upright=True)] if report.nu_zero else []
    chart = Chart(Axis("worst share nu of the rows"), Axis("gamma_nu", limits=(0, None)), series, zero)
    return [Figure(chart, "margin of the worst rows")]


def _square(d: int) -> tuple[int, int] | None:
    edge = math.isqrt(d)
    return (edge, edge) if edge * edge == d and edge >= _SMALLEST_IMAGE else None


def _over_time(report: MarginReport) -> Chart:
    """The sampled interval as it narrowed; the RKHS margin and the outer bounds, which need no sampling."""
    outer, sup = report.outer, report.gamma_sup
    seconds = [moment.seconds for moment in report.history]
    name = f"sup norm in [{sup.lower:.5g}, {sup.upper:.5g}], {confidence_text(sup.confidence)} confidence"
    series = [
        Series(name, LOOKS["soft"], seconds, [getattr(moment, end) for moment in report.history], steps=True)
        for end in ("lower", "upper")
    ]
    levels = [
        Level(outer.lower, "outer bounds (proved)", Look(OTHER), upper=outer.upper),
        Level(report.gamma_rkhs.upper, f"RKHS norm, {report.gamma_rkhs.upper:.5g}", LOOKS["hard"]),
    ]
    # gamma_rkhs^2 would leave the interval a line
    near = sup.lower > 0.5 * outer.upper
    low = sup.lower - 0.2 * (outer.upper - sup.lower) - 0.02 * sup.lower
    y = Axis("margin gamma", limits=(low, outer.upper * 1.02) if near else (None, None))
    return Chart(Axis("seconds of sampling", limits=(0, 1.1 * max(seconds))), y, series, levels)


def _margins(report: MarginReport, teacher: Teacher, y: np.ndarray, axis: "Axes") -> None:
    """y_i z_i of every row under the maximising field: none lies below gamma, up to the error of z."""
    margins = y * teacher.z
    bins = np.linspace(min(margins.min(), 0.0), margins.max(), 41).tolist()
    classes = [margins[y > 0], margins[y < 0]]
    axis.hist(classes, bins=bins, stacked=True, color=[SOFT, HARD], hatch=["", "//"], label=["label +1", "label -1"])
    gamma = report.gamma_sup if teacher.kind == "sup" else report.gamma_rkhs
    axis.axvspan(gamma.lower, gamma.upper, color=INK, alpha=0.5, label="gamma")
    note = f", known to within {error:.2g}" if (error := float(teacher.z_error.max())) else ""
    axis.set(xlabel=f"y z of a row{note}", ylabel="rows")
    legend(axis)


def _weights(report: MarginReport, axis: "Axes") -> None:
    """A bar for each row, the heaviest on top."""
    for place, one in enumerate(reversed(report.limiting)):
        positive = one.label > 0
        axis.barh(place, one.weight, color=SOFT if positive else HARD, hatch="" if positive else "//")
    names = [
        f"row {one.row} ({one.label:+d}), {math.degrees(one.angle):.3g} degrees from row {one.rival}"
        for one in reversed(report.limiting)
    ]
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel("weight q")


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
