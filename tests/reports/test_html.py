"""The HTML page is self-contained, escapes what it is given, and its figures put marks where the numbers are."""

import re
from html.parser import HTMLParser

import pytest

from boundcheck.presentation.html import Html, element, interval, join, number, page, table
from boundcheck.presentation.html_sections import sections
from boundcheck.presentation.svg import Line, Mark, dots, lines
from boundcheck.records import Interval

VOID = {"meta", "br"}


class Balanced(HTMLParser):
    """Fails where tags do not nest; collects tag names and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(text: str) -> Balanced:
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert not parser.open
    return parser


def test_text_is_escaped_and_markup_is_not_escaped_twice() -> None:
    evil = '<script>alert("1")</script>'
    made = element("p", evil, element("b", "&"), title='" onload="x')
    assert "<script" not in made
    assert "<b>&amp;</b>" in made
    assert [tag for tag, _ in parsed(made).seen] == ["p", "b"]
    assert parsed(made).seen[0][1] == {"title": '" onload="x'}


def test_the_page_nests_and_asks_nothing_of_any_other_place() -> None:
    made = page("<title>", [("a", "A & B", table(["x"], [[1], [None]], "caption"))])
    seen = parsed(made).seen
    assert {tag for tag, _ in seen} & {"script", "link", "img", "iframe", "object"} == set()
    assert all(not value or value.startswith("#") for _, given in seen for key, value in given.items() if key == "href")
    assert not re.search(r"url\(|@import|https?://", made)
    assert "prefers-color-scheme:dark" in made
    assert "@media print" in made


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (50834023694791510437246, "50,834,023,694,791,510,437,246"),
        (0.1 + 0.2, "0.3"),
        (None, "–"),
        (True, "yes"),
        ([], "none"),
        ({"lower": 0.25, "upper": 0.25, "confidence": 1.0, "exact": True}, "0.25 (proved)"),
        ({"lower": 0.1, "upper": 0.2, "confidence": 0.99, "exact": False}, "[0.1, 0.2] (99 % confidence)"),
        ({"value": 0.1, "lower": 0, "upper": 0.5}, "0.1 in [0, 0.5]"),
    ],
)
def test_numbers_say_whether_they_are_proved_or_estimated(value: object, text: str) -> None:
    assert number(value) == text


def test_an_interval_of_a_sampled_margin_is_never_called_proved() -> None:
    assert "proved" not in interval({"lower": 0.1, "upper": 0.1, "confidence": 0.99, "exact": False})


def places(svg: str, name: str) -> list[float]:
    return [float(found) for found in re.findall(rf'<circle cx="([0-9.]+)"[^>]*class="{name}"', svg)]


def test_log_axis_puts_equal_ratios_at_equal_distances() -> None:
    made = dots([Mark("m", 10.0**k, "disc", "soft", "x") for k in range(4)], "width", title="t")
    parsed(made)
    one, ten, hundred, thousand = places(made, "mark")
    assert ten - one == pytest.approx(hundred - ten, abs=0.2) == pytest.approx(thousand - hundred, abs=0.2)
    assert ten - one > 10


def test_linear_axis_begins_at_zero() -> None:
    made = dots([Mark("m", v, "disc", "soft", "x") for v in (0.02, 0.04, 0.08)], "gamma", log=False, title="t")
    a, b, c = places(made, "mark")
    assert (c - b) / (b - a) == pytest.approx(2, abs=0.02)
    assert ">0<" in made


def test_long_numbers_stay_inside_the_figure() -> None:
    made = dots([Mark("m", 1.0, "disc", "soft", "1"), Mark("m", 1e22, "disc", "hard", "9" * 28)], "width", title="t")
    assert re.search(r'text-anchor="end"[^>]*>9{28}<', made)


def test_curves_of_one_width_are_drawn() -> None:
    made = lines([Line("one", "soft", [(64.0, 0.5, 0.2, 0.8)])], "m", "share", log_y=False, title="t", level=0.9)
    parsed(made)
    assert len(places(made, "mark")) == 1


RESULT = {
    "data": "<b>evil</b>",
    "n": 2,
    "d": 2,
    "norm_min": 1.0,
    "norm_max": 1.0,
    "gamma_sup": {"lower": 0.0, "upper": 0.0, "confidence": 1.0, "exact": True},
    "gamma_rkhs": {"lower": 0.0, "upper": 0.0, "confidence": 1.0, "exact": True},
    "support_size": 0,
    "assumption_holds": False,
    "conflicts": [0, 1],
}


def test_a_zero_margin_is_told_without_a_figure() -> None:
    ((kind, heading, content),) = sections("margin", RESULT, {})
    assert (kind, heading) == ("margin", "<b>evil</b>")
    assert "fails" in content
    assert "<svg" not in content


def test_a_missing_key_is_named() -> None:
    with pytest.raises(KeyError, match="gamma_sup"):
        sections("margin", {key: value for key, value in RESULT.items() if key != "gamma_sup"}, {})


def test_only_what_is_proved_as_printed_is_green() -> None:
    claim = {"id": "a", "where": "b", "statement": "c", "corrected": "d"}
    pairs = [("holds", "proved"), ("constant not implied", "proved"), ("holds", "supported"), ("typo", "refuted")]
    claims = [{**claim, "verdict": verdict, "evidence": evidence} for verdict, evidence in pairs]
    ((_, _, content),) = sections("audit", {"claims": claims}, {})
    assert re.findall(r'class="chip (\w+)"', content) == ["good", "open", "open", "bad"]


def test_the_ladder_says_of_which_margins_it_is_proved() -> None:
    rung = {"bound": "soft-sharp", "labels": "soft", "width": 8320, "kind": "proved"}
    told = {"verdict": "consistent", "ladder": [rung], "searches": []}
    sampled, exact = Interval(0.0125, 0.02, 0.99, exact=False), Interval(0.0125, 0.0125)
    (_, _, ladder), _ = sections("verify", {**told, "gamma": sampled.to_json()}, {})
    assert "<p>proved: for gamma &gt;= 0.0125, which holds at 99 % confidence</p>" in ladder
    (_, _, ladder), _ = sections("verify", {**told, "gamma": exact.to_json()}, {})
    assert "proved: for" not in ladder


def test_endless_steps_are_named_as_compare_names_them() -> None:
    row = {"bound": "soft-sharp", "labels": "soft", "gamma": 0.1, "eps": 0.05, "width": 100, "radius": 1.0}
    row |= {"failure_probability": 0.15, "source": "ours"}
    schedules = ({"steps": None, "step_size": None}, {"steps": None, "step_size": 0.25}, {"steps": 777, "step_size": 1})
    rows = [{**row, **schedule} for schedule in schedules]
    ((_, _, content),) = sections("compare", {"rows": rows, "crossovers": [], "n": 8, "eps": 0.05}, {})
    assert re.findall(r"<td[^>]*>(floor|infinite|777)</td>", content) == ["floor", "infinite", "777"]


def test_scaling_names_the_searches_that_were_cut_short() -> None:
    told = {"against": "gamma", "fits": [{"search": "soft B=1", "exponent": -1.3}], "cut": ["soft B=1 at circle"]}
    ((_, _, content),) = sections("verify", told, {})
    assert "Cut short, used as far as they got: soft B=1 at circle" in content
    ((_, _, content),) = sections("verify", {**told, "cut": []}, {})
    assert "Cut short" not in content


def test_joined_parts_keep_their_order() -> None:
    assert join(["<", Html("<br>"), 1]) == "&lt;<br>1"
