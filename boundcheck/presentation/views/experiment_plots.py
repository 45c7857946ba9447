"""Figures of the reproduced experiments: our curves with intervals, the paper's points beside them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from boundcheck.presentation.charts import FOURTH, INK, LOOKS, OTHER, THEIRS, THIRD, Axis, Chart, Level, Look, Series
from boundcheck.presentation.document import Figure
from boundcheck.records.reproduce import Figure1, MeanInterval, Table1

KINDS = {"teacher": Look(INK, "-", "D"), "hard": LOOKS["hard"], "soft": LOOKS["soft"]}
NAMES = {"teacher": "teacher", "hard": "hard labels", "soft": "soft labels"}
ACCURACY, POINTS, ZERO = Axis("test accuracy, %"), Axis("points"), [Level(0, "", Look(OTHER))]


def table1_panels(result: Table1) -> list[Figure]:
    """Accuracy against width on each data set, and the gain of soft labels on both."""
    widths = {float(width): str(width) for width in result.settings.widths}
    x = Axis("student width (neurons)", log=True, ticks=widths)
    rows = {name: [row for row in result.rows if row.data == name] for name in result.datasets}
    panels = [
        Figure(
            Chart(x, _range(own), _curves([row.width for row in own], own)),
            f"test accuracy on {name} (n = {n}); hollow: the paper",
        )
        for (name, own), n in zip(rows.items(), result.n_train, strict=True)
    ]
    gains = []
    for (name, own), look in zip(rows.items(), (Look(THIRD), Look(FOURTH, "--", "s")), strict=True):
        places = [row.width * (0.98 if look.colour == THIRD else 1.02) for row in own]
        gains += [means(name, look, places, [row.gain for row in own]), _paper(f"{name}, paper", look, places, own)]
    return [*panels, Figure(Chart(x, POINTS, gains, ZERO), "soft minus hard, paired; hollow: the paper")]


def figure1_panels(result: Figure1) -> list[Figure]:
    """Accuracy against the noise variance, ours and the paper's, and the gain of soft labels."""
    noise = [row.noise for row in result.rows]
    x = Axis("noise variance", log=True, ticks={v: f"{v:g}" for v in noise})
    theirs = [_paper(NAMES[kind], look, noise, result.rows, kind) for kind, look in KINDS.items()]
    gains = [
        means("ours", Look(THIRD), noise, [row.gain for row in result.rows]),
        _paper("paper", THEIRS, noise, result.rows),
    ]
    ours = Chart(x, _range(result.rows), _curves(noise, result.rows, paper=False))
    return [
        Figure(ours, f"ours: {result.data}, {result.settings.runs} runs"),
        Figure(Chart(x, ACCURACY, theirs), "the paper: CIFAR-10 cats and dogs (read off)"),
        Figure(Chart(x, POINTS, gains, ZERO), "soft minus hard, paired"),
    ]


def _range(rows: Sequence[Any]) -> Axis:
    """From a little below the lowest mean; long intervals of few runs are cut off."""
    lowest = min(100 * getattr(row, kind).mean for row in rows for kind in NAMES)
    return replace(ACCURACY, limits=(max(0.0, lowest - 10), 101))


def _curves(x: Sequence[float], rows: Sequence[Any], *, paper: bool = True) -> list[Series]:
    """Teacher, hard and soft, a little apart; the paper's points hollow."""
    series = []
    for i, (kind, look) in enumerate(KINDS.items()):
        places = [value * 1.03 ** (i - 1) for value in x]
        series.append(means(NAMES[kind], look, places, [getattr(row, kind) for row in rows]))
        if paper:
            series.append(_paper("", look, places, rows, kind))
    return series


def means(name: str, look: Look, x: Sequence[float], values: Sequence[MeanInterval]) -> Series:
    """Means in per cent with their intervals; an infinite one has no bar."""
    ends = [(100 * v.lower, 100 * v.upper) if math.isfinite(v.upper) else (100 * v.mean,) * 2 for v in values]
    return Series(name, look, x, [100 * v.mean for v in values], ends)


def _paper(name: str, look: Look, x: Sequence[float], rows: Sequence[Any], kind: str = "gain") -> Series:
    """The paper's accuracies of a kind, or its soft minus hard."""
    known = [row.paper and row.paper | {"gain": row.paper["soft"] - row.paper["hard"]} for row in rows]
    values = [paper[kind] if paper else None for paper in known]
    return Series(name if any(known) else "", replace(look, line="", hollow=True), x, values)
