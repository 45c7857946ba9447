"""Tables of `reproduce crowd`: every crowd's labels and smallest widths, then what the crowds say together."""

from typing import TYPE_CHECKING

from rich.table import Table

from boundcheck.records.base import confidence_text

if TYPE_CHECKING:
    from rich.console import Console

    from boundcheck.experiments.crowd_student import CrowdArm, CrowdCount, CrowdStudent


def show(result: "CrowdStudent", console: "Console") -> None:
    """Print every crowd, then counts with exact intervals and an answer for each comparison."""
    console.print(
        f"{result.data}: n = {result.n}, d = {result.d}; crowds {result.scenario!r} of {result.workers} workers; "
        f"success is an average error against the truth of at most {result.eps:g} in "
        f"{result.truth.search.success_target:.0%} of the runs",
        soft_wrap=True,
    )
    table = Table(title="error of the labels, bracket of the smallest width, ~ where it crosses", title_justify="left")
    table.add_column("crowd", justify="right")
    table.add_column("model")
    for arm in result.draws[0].arms:
        table.add_column(arm.labels, justify="right")
    for draw in result.draws:
        table.add_row(str(draw.seed), draw.model, *map(_arm, draw.arms))
    console.print(table)
    console.print(f"true labels: {_arm(result.truth)}")
    for count in result.counts:
        console.print(_sentence(count), soft_wrap=True)


def _arm(arm: "CrowdArm") -> str:
    crossing = "-" if arm.crossing is None else f"{arm.crossing:.3g}"
    return f"{arm.label_error:.3f} {arm.search.interval} ~{crossing}"


def _sentence(count: "CrowdCount") -> str:
    share = count.fewer_share
    said = (
        f"fewer neurons with the posterior than with the {count.against}: {count.answer} "
        f"({count.fewer} of {count.crowds} crowds, share in [{share.lower:.3g}, {share.upper:.3g}], "
        f"{confidence_text(share.confidence)} confidence; more in {count.more})"
    )
    if count.mean_ratio is None or count.ratio is None:
        return said
    return f"{said}; mean ratio of widths {count.mean_ratio:.3g}, in [{count.ratio.lower:.3g}, {count.ratio.upper:.3g}]"
