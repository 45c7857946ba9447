"""`labels cost`: the width that follows given soft labels, by temperature."""

from typing import TYPE_CHECKING

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Figure, Next, Note, Table
from boundcheck.presentation.figures import COLOURS, INK, OTHER
from boundcheck.records.label_cost import LabelsCost

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE = (
    Column("temperature", "temperature"),
    Column("width", "width"),
    Column("radius", "radius B", format=lambda v: numbers.number(v, 3)),
    Column("kl_floor", "KL left", format=lambda v: "-" if v is None else numbers.ends(v, 3)),
    Column("untrained", "KL of f = 0", format=lambda v: numbers.number(v, 3)),
    Column("follower", "agrees", format=lambda v: "-" if v is None else numbers.ends(v, 3)),
)


def cost(report: LabelsCost) -> Document:
    """The temperature to take; the curve over temperatures; what each column says."""
    blocks: list[Block] = [
        Answer(_answer(report)),
        Table(CURVE, report.curve, f"to leave at most {numbers.percent(report.share)} of the KL risk of f = 0"),
        Note(
            f"Width: proved to suffice with probability {1 - report.failure:.4g} over the initial weights "
            "(soft-agnostic, floor), once the field leaves no more KL than the upper end. All upper ends hold together "
            f"at {numbers.confidence(report.confidence)} confidence; no field of this radius leaves less than the "
            "lower one."
        ),
        Note(
            f"Agrees: how often a field fitted to the other {report.n - report.held_out:,} rows decides like the "
            f"teacher on {report.held_out:,} rows held out (one fold of five), with 95 % intervals. A higher "
            "temperature keeps every decision of the teacher and flattens its confidence: fewer neurons, and in the "
            "limit only the proportions of its logits count."
        ),
        Next(_next(report)),
        Figure(lambda axes: _fronts(report, axes), "least KL left by a field (upper ends), by temperature"),
    ]
    if report.best is not None:
        blocks.append(
            Figure(lambda axes: _widths(report, axes), "width proved to suffice; the disc is the temperature to take")
        )
    return Document(f"what it costs to follow {report.source}", blocks)


def _answer(report: LabelsCost) -> str:
    best = report.best_row
    part = "half" if report.share == 0.5 else f"all but {numbers.percent(report.share)}"
    if best is None:
        return (
            f"No temperature tried lets a field of the kernel follow {part} of your teacher's information: no width is "
            "proved to suffice."
        )
    return (
        f"At temperature {best.temperature:g} your teacher can be followed to {part} of its information by "
        f"{numbers.integer(best.width)} neurons at radius {numbers.number(best.radius, 2)}."
    )


def _next(report: LabelsCost) -> list[str]:
    softened = f"boundcheck labels make DATA --teacher file --from FILE --temperature {report.best or 1:g} -o soft.npz"
    return [softened, "boundcheck explain soft-agnostic"]


def _fronts(report: LabelsCost, axes: "Axes") -> None:
    """R* as a share of the KL risk of f = 0 against the radius, darker for higher temperatures."""
    for i, row in enumerate(report.curve):
        shade = 0.25 + 0.75 * (i + 1) / len(report.curve)
        radii = [point.radius for point in row.front]
        left = [point.upper / row.untrained for point in row.front]
        ends = {0, len(report.curve) - 1}
        label = f"temperature {row.temperature:g}" if i in ends or row.temperature == report.best else None
        best = row.temperature == report.best
        axes.plot(radii, left, color=INK if best else COLOURS["soft"], alpha=1 if best else shade, label=label)
    axes.axhline(report.share, color=OTHER, lw=0.8)
    axes.set(xscale="log", ylim=(0, 1.05), xlabel="radius B", ylabel="share of the KL risk of f = 0")
    axes.legend(fontsize=8)


def _widths(report: LabelsCost, axes: "Axes") -> None:
    known = [(row.temperature, row.width) for row in report.curve if row.width is not None]
    axes.plot(*zip(*known, strict=True), ".-", color=COLOURS["soft"])
    axes.plot(*zip(*(pair for pair in known if pair[0] == report.best), strict=True), "o", color=INK)
    axes.set(xscale="log", yscale="log", xlabel="temperature", ylabel="width m")
