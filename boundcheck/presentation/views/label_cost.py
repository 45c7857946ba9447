"""`labels cost`: the width that follows given soft labels, by temperature."""

from boundcheck.presentation import numbers
from boundcheck.presentation.charts import INK, LOOKS, SOFT, Axis, Chart, Level, Look, Series
from boundcheck.presentation.document import Answer, Block, Column, Document, Figure, Next, Note, Table
from boundcheck.records.label_cost import LabelsCost

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
        Figure(_fronts(report), "least KL left by a field (upper ends), by temperature"),
    ]
    if report.best is not None:
        blocks.append(Figure(_widths(report), "width proved to suffice; black is the temperature to take"))
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


def _fronts(report: LabelsCost) -> Chart:
    """R* as a share of the KL risk of f = 0 against the radius; the best temperature in black, the others in blue."""
    series = []
    ends = (report.curve[0].temperature, report.curve[-1].temperature)
    for row in report.curve:
        best = row.temperature == report.best
        name = f"temperature {row.temperature:g}" if best or row.temperature in ends else ""
        line = "-" if best else "--" if row.temperature == ends[0] else ":"
        left = [point.upper / row.untrained for point in row.front]
        look = Look(INK if best else SOFT, line, "")
        series.append(Series(name, look, [point.radius for point in row.front], left))
    y = Axis("share of the KL risk of f = 0", limits=(0, 1.05))
    return Chart(Axis("radius B", log=True), y, series, [Level(report.share, "")])


def _widths(report: LabelsCost) -> Chart:
    temperatures, widths = [row.temperature for row in report.curve], [row.width for row in report.curve]
    best = [width if at == report.best else None for at, width in zip(temperatures, widths, strict=True)]
    series = [
        Series("", LOOKS["soft"], temperatures, widths),
        Series(f"temperature {report.best:g}", Look(INK, "", "D"), temperatures, best),
    ]
    return Chart(Axis("temperature", log=True), Axis("width m", log=True), series)
