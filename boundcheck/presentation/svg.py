"""Figures of the HTML page as inline SVG: they follow the page's colours, in the dark and on paper."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from boundcheck.presentation.html import Html, element, join

WIDTH = 400.0
_ROW = 20.0
_LETTER = 6.8


@dataclass(frozen=True)
class Mark:
    """One row of `dots`. kind: square, diamond, disc or ends.  reach: of a line.  colour: soft, hard, third or ink."""

    label: str
    at: float
    kind: str
    colour: str
    text: str
    reach: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """One curve of `lines`: points (x, y, low, high), low = high = y where there is no bar; dash as in SVG."""

    label: str
    colour: str
    points: Sequence[tuple[float, float, float, float]]
    dash: str = "none"


def dots(marks: Sequence[Mark], axis: str, *, log: bool = True, title: str) -> Html:
    """One labelled row for each mark over a common axis: log10, or from 0."""
    left, right = 122.0, 80.0
    reach = [v for mark in marks for v in (mark.at, *(mark.reach or ()))]
    height = _ROW * len(marks) + 40
    place, ticks = _scale(min(reach), max(reach), left, WIDTH - right, log=log)
    parts = [_vertical(place(t), 0.0, height - 38, _power(t) if log else f"{t:g}") for t in ticks]
    for i, mark in enumerate(marks):
        y = _ROW * (i + 0.5)
        low, high = mark.reach or (mark.at, mark.at)
        parts += [
            _text(left - 10, y + 4, mark.label, "end"),
            element(
                "g",
                _path(f"M{place(low):.1f} {y - 4}v8m0-4H{place(high):.1f}m0-4v8" if mark.reach else ""),
                _shape(mark.kind, place(mark.at), y),
                class_=f"c-{mark.colour}",
            ),
            _beside(place(low), place(high), y, mark.text),
        ]
    parts.append(_text((left + WIDTH - right) / 2, height - 6, axis, "middle", "dimtext"))
    return _figure(parts, height, title)


def lines(
    curves: Sequence[Line], x_axis: str, y_axis: str, *, log_y: bool, title: str, level: float | None = None
) -> Html:
    """Curves over a log10 x axis; y is log10 or from 0 to 1. level: a horizontal line."""
    left, right, top, bottom = 52.0, 10.0, 22.0 + 16 * len(curves), 44.0
    height = 250.0 + top
    points = [point for curve in curves for point in curve.points]
    across, x_ticks = _scale(min(p[0] for p in points), max(p[0] for p in points), left, WIDTH - right, log=True)
    low, high = (min(p[2] for p in points), max(p[3] for p in points)) if log_y else (0.0, 1.0)
    up, y_ticks = _scale(low, high, height - bottom, top, log=log_y)
    parts = [_vertical(across(t), top, height - bottom, _power(t)) for t in x_ticks]
    for tick in y_ticks:
        parts.append(_path(f"M{left} {up(tick):.1f}H{WIDTH - right}", "grid"))
        parts.append(_text(left - 6, up(tick) + 4, _power(tick) if log_y else f"{tick:g}", "end", "dimtext"))
    if level is not None:
        parts.append(_path(f"M{left} {up(level):.1f}H{WIDTH - right}", "stroke thin c-ink", "5 4"))
    for i, curve in enumerate(curves):
        parts.append(_curve(curve, across, up))
        y = 18.0 + 16 * i
        key = _path(f"M{left} {y - 4}h24", "stroke", curve.dash)
        parts.append(element("g", key, _text(left + 30, y, curve.label), class_=f"c-{curve.colour}"))
    parts.append(_text((left + WIDTH) / 2, height - 6, x_axis, "middle", "dimtext"))
    parts.append(_text(0, 9, y_axis, "start", "dimtext"))
    return _figure(parts, height, title)


def _beside(low: float, high: float, y: float, text: str) -> Html:
    """The text right of a mark, or left of it where a long one would leave the figure."""
    fits = high + 9 + _LETTER * len(text) < WIDTH
    return _text(high + 9, y + 4, text) if fits else _text(low - 9, y + 4, text, "end")


def _curve(curve: Line, across: Callable[[float], float], up: Callable[[float], float]) -> Html:
    path = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y, _, _ in curve.points)
    bars = "".join(f"M{across(x):.1f} {up(low):.1f}V{up(high):.1f}" for x, _, low, high in curve.points if low != high)
    shapes = [_shape("disc", across(x), up(y), 3) for x, y, _, _ in curve.points]
    drawn = [_path(f"M{path}", "stroke", curve.dash), _path(bars, "stroke thin"), *shapes]
    return element("g", *drawn, class_=f"c-{curve.colour}")


def _scale(
    low: float, high: float, start: float, end: float, *, log: bool
) -> tuple[Callable[[float], float], list[float]]:
    """Place of a value between start and end, and the values to mark."""
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        last = max(last, first + 1)
        step = max(1, math.ceil((last - first) / 7))
        ticks = [10.0**k for k in range(first, last + 1, step)]
        return (lambda v: start + (math.log10(v) - first) / (last - first) * (end - start)), ticks
    size = 10 ** math.floor(math.log10(high))
    size = size / 2 if high / size < 2 else size if high / size < 5 else 2 * size
    top = size * math.ceil(high / size - 1e-9)
    ticks = [size * k for k in range(round(top / size) + 1)]
    return (lambda v: start + v / top * (end - start)), ticks


def _power(value: float) -> str:
    """10^k with a superscript exponent; 1 and 10 as they are."""
    exponent = round(math.log10(value))
    if exponent in (0, 1):
        return f"{value:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _shape(kind: str, x: float, y: float, size: float = 5) -> Html:
    if kind == "ends":
        return Html("")
    if kind == "disc":
        return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=size, class_="mark")
    turn = f"rotate(45 {x:.1f} {y:.1f})" if kind == "diamond" else ""
    side = {"x": f"{x - size + 1:.1f}", "y": f"{y - size + 1:.1f}", "width": 2 * size - 2, "height": 2 * size - 2}
    return element("rect", **side, transform=turn, class_="mark")


def _path(d: str, class_: str = "stroke", dash: str = "none") -> Html:
    return element("path", d=d, class_=class_, stroke_dasharray=dash)


def _vertical(x: float, top: float, bottom: float, label: str) -> Html:
    return join([_path(f"M{x:.1f} {top}V{bottom}", "grid"), _text(x, bottom + 15, label, "middle", "dimtext")])


def _text(x: float, y: float, content: str, anchor: str = "start", class_: str = "plain") -> Html:
    return element("text", content, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=class_)


def _figure(parts: Sequence[Html], height: float, title: str) -> Html:
    drawing = element(
        "svg", element("title", title), *parts, viewBox=f"0 0 {WIDTH:g} {height:g}", role="img",
    )  # fmt: skip
    return element("figure", drawing, element("figcaption", title))
