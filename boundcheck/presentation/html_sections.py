"""What each command's JSON becomes on the HTML page: `sections` of one run, and the manifest of all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from boundcheck.presentation.html import Html, chip, element, facts, finite, is_interval, join, number, table
from boundcheck.presentation.svg import Line, Mark, dots, lines
from boundcheck.records import Interval
from boundcheck.records.base import confidence_text
from boundcheck.verification import proved_for

Json = Mapping[str, Any]
Formulas = Mapping[str, Html]
Section = tuple[str, str, Html]
"""(kind, heading of this part, content); parts of one kind share a section of the page."""

KINDS = {
    "margin": "Margin",
    "bounds": "Bounds",
    "ladder": "Ladder",
    "search": "Search",
    "training": "Training at one width",
    "scaling": "Scaling",
    "audit": "Audit",
    "labels": "Labels",
    "crowd": "Crowd",
    "reproduce": "Reproduction",
}
_LONGEST_WIDTH = 10**12
_MARKS = {"proved": "square", "certified": "diamond", "estimated": "disc"}
_COLOURS = ("soft", "hard", "third")
_DASHES = {
    "published": "6 4",
    "kl-published": "9 3 2 3",
    "gd-published": "2 6",
    "sharp-nfree": "3 2",
    "tempered": "8 2",
    "perceptron": "2 2",
}


def sections(command: str, result: Json, formulas: Formulas) -> list[Section]:
    """The parts of one run. formulas: MathML of each bound id, where there is one.

    Raises KeyError, TypeError or ValueError where `result` is not what the command writes.
    """
    return _RENDER[command.split()[0]](result, formulas)


def _margin(result: Json, _: Formulas) -> list[Section]:
    shown = [("gamma (sup)", result["gamma_sup"]), ("gamma (RKHS)", result["gamma_rkhs"])]
    if "outer" in result:
        shown.append(("without sampling", result["outer"]))
    verdict = chip("holds", "good") if result["assumption_holds"] else chip("fails: the margin is 0", "bad")
    data = [
        ("n, d", f"{number(result['n'])} rows, {number(result['d'])} features"),
        ("norms", f"{number(result['norm_min'])} to {number(result['norm_max'])}"),
        ("Assumption 1", verdict),
        *((name, value) for name, value in shown),
        ("rows of the optimum", result["support_size"]),
        ("conflicting rows", result["conflicts"]),
    ]
    body = [facts(data)]
    drawn = [(name, value) for name, value in shown if finite(value["upper"])]
    if drawn:
        marks = [
            Mark(name, value["upper"], "ends", colour, _end(value), (value["lower"], value["upper"]))
            for (name, value), colour in zip(drawn, ("soft", "third", "ink"), strict=False)
        ]
        body.append(dots(marks, "margin gamma", log=False, title="Intervals that contain the margin"))
    if result.get("limiting"):
        body.append(_records(result["limiting"], "rows that hold the margin down"))
    return [("margin", result.get("data", ""), join(body))]


def _end(value: Json) -> str:
    """The upper end, with the confidence of an interval that is not proved."""
    mark = "" if value.get("exact") else f", {confidence_text(float(value['confidence']))}"
    return f"≤ {value['upper']:.4g}{mark}"


def _compare(result: Json, formulas: Formulas) -> list[Section]:
    rows = result["rows"]
    heads = ("bound", "gamma", "eps", "width", "steps", "step size", "radius", "failure")
    keys = ("bound", "gamma", "eps", "width", "steps", "step_size", "radius", "failure_probability")
    cells = [[_steps(row) if key == "steps" else row[key] for key in keys] for row in rows]
    sources = {row["bound"]: row["source"] for row in rows}
    body = [
        facts([("n", result.get("n")), ("data", result.get("data"))]),
        _widths(rows),
        *(element("p", sentence) for sentence in result.get("findings", ())),
        table(heads, cells, "Every width suffices; smaller networks are not excluded"),
        _crossovers(result["crossovers"]),
        element("h3", "Sources"),
        facts(sources.items()),
    ]
    given = list(result.get("formulas", ()))
    if given:
        body.append(element("h3", "Formulas"))
        body += [join([element("p", f["bound"], class_="dim caption"), _formula(f, formulas)]) for f in given]
    return [("bounds", f"eps = {number(result.get('eps'))}", join(body))]


def _steps(row: Json) -> Any:
    """As `compare` prints them: no number for infinitely many, which are the floor where they are infinitely small."""
    endless = "floor" if row["step_size"] is None else "infinite"
    return endless if row["steps"] is None else row["steps"]


def _formula(given: Json, formulas: Formulas) -> Html:
    shown = formulas.get(given["bound"], element("code", given["formula"]))
    return element("div", shown, class_="wide", tabindex=0)


def _widths(rows: Sequence[Json]) -> Html:
    """Widths against gamma where there are several margins, a row for each bound otherwise; at the first eps."""
    rows = [row for row in rows if row["eps"] == rows[0]["eps"] and finite(row["width"])]
    if not rows:
        return Html("")
    title = f"Width that suffices at eps = {number(rows[0]['eps'])}; blue: soft labels, orange: hard labels"
    names = list(dict.fromkeys(row["bound"] for row in rows))
    if len({row["gamma"] for row in rows}) < 2:
        return dots([_rung(row["bound"], row, "square") for row in rows], "width m", title=title)
    curves = []
    for name in names:
        own = sorted((row for row in rows if row["bound"] == name), key=lambda row: float(row["gamma"]))
        points = [(float(row["gamma"]), *3 * (float(row["width"]),)) for row in own]
        curves.append(Line(name, own[0]["labels"], points, dash=_DASHES.get(name.split("-", 1)[-1], "none")))
    return lines(curves, "margin gamma", "width m", log_y=True, title=title)


def _rung(label: str, row: Json, kind: str, reach: tuple[float, float] | None = None) -> Mark:
    width = row["width"] if row["width"] < _LONGEST_WIDTH else float(row["width"])  # the table has every digit
    return Mark(label, float(row["width"]), kind, row["labels"], number(width), reach)


def _crossovers(found: Sequence[Json]) -> Html:
    rows = [[c["soft"], c["hard"], c.get("eps"), c["gamma"], c.get("soft_smaller")] for c in found]
    heads = ("soft", "hard", "eps", "gamma", "soft smaller")
    return table(heads, rows, "Crossovers: the margin where two widths are equal") if rows else Html("")


def _verify(result: Json, _: Formulas) -> list[Section]:
    if "runs" in result:
        return [("training", result.get("data", ""), _training(result))]
    return [
        ("ladder", result.get("data", ""), join([_verdict(result), _ladder(result)])),
        ("search", result.get("data", ""), _search(result)),
    ]


def _reproduce(result: Json, formulas: Formulas) -> list[Section]:
    if "fits" in result:
        cut = f"Cut short, used as far as they got: {'; '.join(result['cut'])}" if result.get("cut") else ""
        body = [_records(result["fits"], "slopes"), element("p", cut) if cut else ""]
        return [("scaling", f"against {result['against']}", join(body))]
    if "trend" in result:
        return [("scaling", result.get("data", ""), _logit_scales(result))]
    return _any("reproduce")(result, formulas)


def _logit_scales(result: Json) -> Html:
    rows = [
        [r["logit_scale"], _bracket(r["soft"]), r["soft_crossing"], _bracket(r["hard"]), r["hard_crossing"]]
        for r in result["rows"]
    ]
    heads = ("kappa = B", "soft labels", "crosses at", "hard labels", "crosses at")
    found = facts([(result["trend"], result["statement"])])
    return join([found, table(heads, rows, "Smallest width at each logit scale")])


def _bracket(search: Json) -> str:
    low, high = search["bracket"]
    return f"({low}, ...)" if high is None else f"({low}, {high}]"


def _verdict(result: Json) -> Html:
    mood = {"consistent": "good", "refuted": "bad", "assumption fails": "bad"}.get(result["verdict"], "open")
    return element("p", chip(str(result["verdict"]), mood), " ", result.get("reason", ""))


def _ladder(result: Json) -> Html:
    marks, rungs = [], result["ladder"]
    for rung in rungs:
        if finite(rung["width"]):
            low, high = rung.get("bracket") or (None, None)
            reach = (max(float(low), 1.0), float(high)) if high is not None and low is not None else None
            marks.append(_rung(rung["bound"], rung, _MARKS.get(rung.get("kind", ""), "square"), reach))
    title = "From theorem to practice. Squares: proved; diamonds: certified; discs: trained. Blue: soft, orange: hard"
    keys = ("bound", "labels", "width", "kind", "factor", "loss", "radius", "note")
    rows = [[rung.get(key) for key in keys] for rung in rungs]
    drawn = dots(marks, "width m", title=title) if marks else ""
    supposed = proved_for(Interval(**result["gamma"]))
    return join([drawn, table(keys, rows), element("p", supposed) if supposed else ""])


def _search(result: Json) -> Html:
    body, curves = [], []
    for search, colour in zip(result["searches"], _COLOURS, strict=False):
        name = f"{search['labels']} labels, {search['loss']}, B = {number(search.get('radius'))}"
        trials = sorted(search["trials"], key=lambda trial: int(trial["width"]))
        rows = [
            [t["width"], t["seeds"], t["successes"], f"[{number(t['ci'])}]", t["mean_error"], t.get("verdict")]
            for t in trials
        ]
        known = [("smallest width", search["minimal_width"]), ("bracket", _bracket(search))]
        heads = ("width", "seeds", "successes", "interval", "mean error", "verdict")
        body += [element("h3", name), facts([*known, ("decided", search["decided"])]), table(heads, rows)]
        points = [(float(t["width"]), t["successes"] / t["seeds"], *map(float, t["ci"])) for t in trials]
        if points:
            curves.append(Line(name, colour, points))
    if curves:
        target = float(result["searches"][0]["success_target"])
        title = "Share of runs that reach the target error; bars hold together; dashed: the success asked for"
        body.insert(0, lines(curves, "width m", "share of runs", log_y=False, title=title, level=target))
    body += [element("p", found["statement"]) for found in result.get("comparisons", ())]
    return join(body)


def _training(result: Json) -> Html:
    known = [(key, result[key]) for key in ("width", "eps", "failure_rate") if key in result]
    return join([_verdict(result), facts(known), _records(result["runs"], "one network a row")])


def _audit(result: Json, _: Formulas) -> list[Section]:
    claims = result["claims"]
    verdicts = {claim["verdict"]: 0 for claim in claims}
    for claim in claims:
        verdicts[claim["verdict"]] += 1
    rows = [
        [join([element("strong", c["id"]), Html("<br>"), c["where"]]), c["statement"], _judged(c), c.get("corrected")]
        for c in claims
    ]
    heads = ("claim", "as printed", "verdict", "corrected")
    counts = facts([(str(verdict), count) for verdict, count in verdicts.items()])
    return [("audit", "", join([counts, table(heads, rows)]))]


def _judged(claim: Json) -> Html:
    """The verdict; green where the statement is proved as printed, red where it is refuted."""
    verdict, evidence = str(claim["verdict"]), claim.get("evidence")
    proved = evidence == "proved" and verdict.startswith("holds")
    return chip(verdict, "good" if proved else "bad" if evidence == "refuted" else "open")


def _any(kind: str) -> Callable[[Json, Formulas], list[Section]]:
    """Sections of results without a figure of their own: facts first, then a table for every list of records."""

    def render(result: Json, _: Formulas) -> list[Section]:
        return [(kind, str(result.get("source") or result.get("data") or ""), _plain(result))]

    return render


def _plain(result: Json) -> Html:
    simple = [(k, v) for k, v in result.items() if _is_simple(v)]
    body: list[Any] = [facts((k.replace("_", " "), v) for k, v in simple)]
    for key, value in result.items():
        heading = key.replace("_", " ")
        if isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            body.append(_records(value, heading))
        elif isinstance(value, Mapping) and not is_interval(value) and value:
            body += [element("h3", heading), _plain(value)]
    return join(body)


def _is_simple(value: Any) -> bool:
    if isinstance(value, list):
        return all(not isinstance(v, list | Mapping) for v in value)
    return not isinstance(value, Mapping) or is_interval(value)


def _records(rows: Sequence[Json], caption: str) -> Html:
    keys = [key for key in dict.fromkeys(k for row in rows for k in row) if all(_is_simple(r.get(key)) for r in rows)]
    return table([key.replace("_", " ") for key in keys], [[row.get(key) for key in keys] for row in rows], caption)


_RENDER: dict[str, Callable[[Json, Formulas], list[Section]]] = {
    "margin": _margin,
    "compare": _compare,
    "verify": _verify,
    "audit": _audit,
    "labels": _any("labels"),
    "crowd": _any("crowd"),
    "reproduce": _reproduce,
}
COMMANDS = tuple(_RENDER)


def manifest(name: str, envelope: Json) -> Html:
    """How one run was made: command line, versions, seed, digest and its warnings."""
    made = envelope["manifest"]
    argv = " ".join(map(str, made.get("argv", ())))
    pairs = [("file", name), ("command", element("code", f"boundcheck {argv}"))]
    pairs += [(key.replace("_", " "), value) for key, value in made.items() if key != "argv"]
    pairs += [("warning", note) for note in envelope["warnings"]]
    return facts((k, v if isinstance(v, Html) else _verbatim(v)) for k, v in pairs)


def _verbatim(value: Any) -> str:
    """Seeds and digests as they are, without grouping."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else number(value)
