"""One document, many writers: what the terminal's tables say is in the HTML, the LaTeX, the CSV and the Markdown."""

import csv
import html
import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import view_cases

import boundcheck as bc
from boundcheck.presentation import VIEWS, figures, latex, plain, present, terminal
from boundcheck.presentation import html as html_writer
from boundcheck.presentation.charts import LOOKS, Axis, Chart, Series
from boundcheck.presentation.document import Answer, Column, Document, Next, Table
from boundcheck.records import Interval
from boundcheck.records.margin import Moment

EVIL = "<b>$x_1$ & \x1b[2J</b>"
ROWS = [(EVIL, 2**70, 0.1 + 0.2), ("plain", 7, None)]
COLUMNS = (
    Column("name", "a name", lambda row: row[0]),
    Column("count", "how many", lambda row: row[1]),
    Column("share", "share", lambda row: row[2]),
)
SMALL = Document("t", [Answer("It is so."), Table(COLUMNS, ROWS, "what was found"), Next(["boundcheck audit"])])


def test_rungs_that_were_not_reached_are_written_in_every_medium(made: dict[str, Document]) -> None:
    document = made["WidthSearchReport"]
    for text in (
        terminal.text(document),
        html.unescape(html_writer.page("t", [document])),
        latex.text(document).replace("$>$", ">"),
        plain.to_csv(document),
        plain.to_markdown(document).replace("\\", ""),
    ):
        assert "> 1,024" in text
        assert "> 64" in text
        assert "none within 9 s" in text


@pytest.fixture(scope="module")
def made() -> dict[str, Document]:
    return view_cases.documents()


def every_cell(document: Document) -> list[str]:
    return [cell for table in document.tables(details=True) for row in table.cells() for cell in row if cell]


WITHOUT_TABLE = {"no margin", "Exported", "Pruned", "ReportMade"}


WITHOUT_NEXT = {"Exported", "Pruned", "ReportMade", "SettingRuns", "CrowdStudent", "Figure1", "LogitScales", "Table1"}


def test_every_view_has_a_case(made: dict[str, Document]) -> None:
    assert VIEWS.keys() <= made.keys()
    assert {name for name, document in made.items() if not every_cell(document)} == WITHOUT_TABLE


@pytest.mark.parametrize("name", sorted({*VIEWS, "no margin"}))
def test_every_cell_of_the_terminal_is_in_the_html_and_in_the_latex(made: dict[str, Document], name: str) -> None:
    document = made[name]
    shown = " ".join(terminal.text(document, details=True, width=400).split())
    written, typeset = html.unescape(html_writer.page("t", [document])), latex.text(document)
    for cell in every_cell(document):
        assert " ".join(cell.split()) in shown
        assert f">{cell}<" in written
        assert latex.prose(cell) in typeset


@pytest.mark.parametrize(
    "name", ["MarginReport", "Comparison", "Explanation", "Audit", "WidthSearchReport", "QualityReport"]
)
def test_the_answer_comes_first_and_the_default_is_short(made: dict[str, Document], name: str) -> None:
    document = made[name]
    assert isinstance(document.blocks[0], Answer)
    assert sum(isinstance(block, Next) for block in document.blocks) == 1
    assert len(terminal.text(document).splitlines()) <= 40


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_width_of_the_terminal_cuts_a_name_or_a_number(made: dict[str, Document], width: int) -> None:
    for document in made.values():
        shown = terminal.text(document, details=True, width=width)
        assert "…" not in shown
        whole = set(shown.split())
        for table in document.tables(details=True):
            for i, column in enumerate(table.columns):
                if not column.prose:
                    assert {word for row in table.cells() for word in row[i].split()} <= whole


def test_a_table_that_is_too_wide_becomes_a_list_of_facts() -> None:
    shown = terminal.text(SMALL, width=30)
    assert "how many: 1.18e21" in shown
    assert "a name plain" in shown


def test_text_of_a_file_can_neither_move_the_cursor_nor_become_markup() -> None:
    assert "\x1b" not in terminal.text(SMALL)
    written = html_writer.page("<t>", [SMALL])
    assert "<b>" not in written
    assert "&lt;b&gt;$x_1$ &amp;" in written
    assert "\x1b" not in written + latex.text(SMALL)
    assert r"$<$b$>$\$$x_{1}$\$ \&" in latex.text(SMALL)


def test_csv_has_every_digit_and_the_keys_of_the_columns() -> None:
    rows = list(csv.reader(io.StringIO(plain.to_csv(SMALL))))
    assert rows == [["name", "count", "share"], [EVIL, str(2**70), "0.30000000000000004"], ["plain", "7", ""]]


def test_markdown_escapes_what_would_be_markup() -> None:
    assert r"| \<b\>$x\_1$ &" in plain.to_markdown(SMALL)
    assert "| ---: |" in plain.to_markdown(SMALL)


def test_the_page_asks_nothing_of_any_other_place(made: dict[str, Document]) -> None:
    written = html_writer.page("t", list(made.values()))
    assert not re.search(r"<script|<link|<img|<iframe|url\((?!#)|@import", written)
    assert set(re.findall(r'\shref="([^#"][^"]*)"', written)) == set()
    assert "prefers-color-scheme:dark" in written
    assert written.count("<svg") == sum(len(document.figures()) for document in made.values())


def test_soft_and_hard_have_the_colours_of_the_page_in_every_figure(made: dict[str, Document]) -> None:
    written = html_writer.page("t", [made["MarginReport"], made["Comparison"]])
    drawn = "".join(re.findall(r"<svg.*?</svg>", written, flags=re.S))
    assert "var(--soft)" in drawn
    assert "var(--hard)" in drawn
    assert "#0072b2" not in drawn.lower()
    assert "#d55e00" not in drawn.lower()


def test_a_margin_is_drawn_over_time_where_its_interval_narrowed() -> None:
    found = bc.margin(bc.load_dataset("synthetic:circle:points=8"))
    sampled = replace(found, history=(Moment(1.0, 0.1, 0.2), Moment(2.0, 0.12, 0.15)))
    assert next(figure.caption for figure in present(sampled).figures()) == "interval for the margin"
    assert "interval for the margin" not in [figure.caption for figure in present(found).figures()]


def test_a_legend_stands_below_the_axes_and_names_are_told_apart_in_grey(made: dict[str, Document]) -> None:
    """No legend overlaps the data; soft and hard differ by mark and by line."""
    for document in made.values():
        if document.figures():
            drawn = figures.drawn(document, "x")
            drawn.canvas.draw()
            for axes in filter(lambda axes: axes.get_legend(), drawn.axes):
                assert axes.get_legend().get_window_extent().y1 < axes.get_window_extent().y0
    assert LOOKS["soft"].line != LOOKS["hard"].line
    assert len({look.mark for look in LOOKS.values()}) == len(LOOKS)


def test_a_bracket_without_an_upper_end_is_an_arrow() -> None:
    pytest.importorskip("matplotlib")
    _, axes = figures.new_figure(width=6.0, height=4.0)
    series = Series("s", LOOKS["soft"], [1.0, 2.0], [3.0, None], [(2.0, 4.0), (2.0, 9.0)], [False, True])
    Chart(Axis("x"), Axis("y"), [series])(axes)
    ends = {(line.get_marker(), *map(float, line.get_xydata()[0])) for line in axes.lines}
    assert ends == {("_", 1, 2), ("_", 1, 4), ("_", 2, 2), ("^", 2, 9), ("o", 1, 3)}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex with booktabs")
def test_every_document_compiles(made: dict[str, Document], tmp_path: Path) -> None:
    every = Document("all", [block for document in made.values() for block in document.blocks])
    latex.save(every, tmp_path / "all.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    assert "Overfull" not in ran.stdout


def test_a_page_begins_with_the_answer_of_each_run_and_folds_what_is_proved(made: dict[str, Document]) -> None:
    written = html.unescape(html_writer.page("t", list(made.values())))
    summary = written[: written.index('<section id="part1">')]
    for i, document in enumerate(made.values(), 1):
        assert f'<a href="#part{i}">{document.answer()}</a>' in summary
    audit = html_writer.page("t", [made["Audit"]])
    assert audit.index("gradient</td>") < audit.index("<details>") < audit.index("lemma-3</td>")
    assert "Summary" not in audit


def test_a_margin_without_a_lower_end_is_not_called_known() -> None:
    report = bc.margin("synthetic:circle:points=4")
    unknown = replace(report, gamma_sup=Interval(0.0, 0.002, 0.99, exact=False))
    text = " ".join(terminal.text(present(unknown), width=100).split())
    assert "no lower end above 0 was reached" in text
    table = text.index("margin gamma lower")
    assert "in [0," not in text[:table]
