"""One self-contained HTML page: escaped text, tables, and the frame around the sections. No script, no network."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from boundcheck.records.base import confidence_text

_LONG = 28


class Html(str):
    """Text that is markup already; everything else is escaped on its way into the page."""

    __slots__ = ()


def element(name: str, *children: Any, **attributes: Any) -> Html:
    """<name attributes>children</name>; children and attribute values are escaped unless they are Html.

    class_ gives `class`; an underscore inside a name becomes a hyphen.
    """
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(str(v))}"' for key, v in attributes.items())
    return Html(f"<{name}{given}>{join(children)}</{name}>")


def join(parts: Iterable[Any]) -> Html:
    """Parts one after the other, escaped unless they are Html."""
    return Html("".join(part if isinstance(part, Html) else escape(str(part)) for part in parts))


def number(value: Any) -> str:
    """A value of a JSON result as text: integers in groups of three, floats to four digits, null as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if is_interval(value):
        return interval(value)
    if isinstance(value, list) and all(v is None or isinstance(v, int | float | str) for v in value):
        return ", ".join(number(v) for v in value) or "none"
    return str(value)


def is_interval(value: Any) -> bool:
    """Whether a JSON value is an interval, with or without a value inside."""
    return isinstance(value, Mapping) and {"lower", "upper"} <= value.keys()


def interval(value: Mapping[str, Any]) -> str:
    """`0.1353 (exact)`, `[0.087, 0.088] (99 % confidence)` or `0.2 in [0.1, 0.4]`."""
    low, high = number(value["lower"]), number(value["upper"])
    if value.get("exact"):
        return f"{low} (proved)" if low == high else f"[{low}, {high}] (proved)"
    inside = f"{number(value['value'])} in " if "value" in value else ""
    confidence = value.get("confidence")
    mark = f" ({confidence_text(confidence)} confidence)" if isinstance(confidence, int | float) else ""
    return f"{inside}[{low}, {high}]{mark}"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> Html:
    """A table that scrolls sideways in its own box where the page is narrow; numbers are aligned to the right."""
    body = [list(row) for row in rows]
    columns = zip(heads, zip(*body, strict=True) if body else [()] * len(heads), strict=True)
    names = [
        element("th", name, scope="col", class_="number" if all(map(_is_number, column)) else "short")
        for name, column in columns
    ]
    cells = [element("tr", *map(_cell, row)) for row in body]
    drawn = element("table", element("thead", element("tr", *names)), element("tbody", *cells))
    box = element("div", drawn, class_="wide", tabindex=0)
    return join([element("p", caption, class_="dim caption"), box]) if caption else box


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: Any) -> Html:
    if isinstance(value, Html):
        return element("td", value)
    if _is_number(value):
        return element("td", number(value), class_="number")
    text = number(value)
    return element("td", text, class_="long" if len(text) > _LONG else "short")


def facts(pairs: Iterable[tuple[str, Any]]) -> Html:
    """Names and values as a definition list."""
    return element(
        "dl", *(join([element("dt", k), element("dd", v if isinstance(v, Html) else number(v))]) for k, v in pairs)
    )


def chip(text: str, mood: str) -> Html:
    """A verdict in a box. mood: good, bad or open; the word itself says what the colour repeats."""
    return element("span", text, class_=f"chip {mood}")


def finite(value: Any) -> float | None:
    """A positive finite number of a JSON result, else None (such a point is not drawn)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < math.inf else None


def page(title: str, sections: Sequence[tuple[str, str, Html]]) -> Html:
    """The whole page. sections: (anchor, heading, content)."""
    links = [element("a", heading, href=f"#{anchor}") for anchor, heading, _ in sections]
    content = [element("section", element("h2", heading), body, id=anchor) for anchor, heading, body in sections]
    head = join(
        [
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            Html('<meta name="color-scheme" content="light dark">'),
            element("title", title),
            element("style", Html(STYLE)),
        ]
    )
    body = element("body", element("header", element("h1", title), element("nav", *links)), element("main", *content))
    return Html(f'<!doctype html>\n<html lang="en"><head>{head}</head>{body}</html>\n')


STYLE = """
:root{--ink:#1b1b1f;--dim:#5c5f66;--paper:#fff;--line:#d9dbe0;--soft:#0067a3;--hard:#b84a00;--third:#00755a;
--good:#0b6e3b;--bad:#a8201a;--open:#7a5b00}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8ec;--dim:#a4a7b0;--paper:#16171b;--line:#3a3c44;--soft:#63b7f0;
--hard:#f59a5b;--third:#4fd0a5;--good:#5fd38f;--bad:#ff8a80;--open:#e3c04d}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem}a{color:var(--soft)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.1rem 1rem;margin:.5rem 0}
dt{color:var(--dim)}dd{margin:0;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto;margin:.7rem 0}table{border-collapse:collapse;font-size:.9rem}
.caption{margin:.7rem 0 -.5rem;font-size:.9rem}.long{min-width:14rem}.short{white-space:nowrap}
th,td{text-align:left;vertical-align:top;padding:.2rem .9rem .2rem 0;border-bottom:1px solid var(--line);
overflow-wrap:normal}
th{color:var(--dim);font-weight:600}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.chip{border:1px solid;border-radius:.3rem;padding:0 .4rem;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}.dim{color:var(--dim)}
figure{margin:1rem 0}figcaption{color:var(--dim);font-size:.9rem}
svg{display:block;width:100%;max-width:34rem;height:auto;font:12px system-ui,sans-serif}
svg text{fill:var(--ink)}svg .grid{stroke:var(--line);stroke-width:1}svg .dimtext{fill:var(--dim)}
.c-soft{--c:var(--soft)}.c-hard{--c:var(--hard)}.c-third{--c:var(--third)}.c-ink{--c:var(--ink)}
svg .mark{fill:var(--c);stroke:var(--c)}svg .stroke{fill:none;stroke:var(--c);stroke-width:2}
svg .thin{stroke-width:1}
code,pre{font:.85rem/1.4 ui-monospace,monospace}math{font-size:1.15rem;text-align:left;margin:.4rem 0}
@media (max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@media print{:root{--ink:#000;--dim:#444;--paper:#fff;--line:#bbb;--soft:#0067a3;--hard:#b84a00;--third:#00755a;
--good:#0b6e3b;--bad:#a8201a;--open:#7a5b00}
nav{display:none}body{font-size:10pt;max-width:none;padding:0}.wide{overflow:visible}table{font-size:8pt}
.short,.chip,.number{white-space:normal}.long{min-width:0}
figure,tr{break-inside:avoid}h2,h3{break-after:avoid}}
td .chip{white-space:normal;box-decoration-break:clone;-webkit-box-decoration-break:clone}
"""
