"""Every result is presented once, as a Document, and written many ways. Nothing here computes a result.

How to present a record (views/margin.py is an example):

1. Write `def NAME(record) -> Document` in a module of views/. Its blocks, in this order: `Answer`, one or two plain
   sentences; the smallest `Table` that supports it; `Next` with one or two commands; then everything else with
   `detail=True`, which the terminal shows at -v, the page folds, and LaTeX prints.
2. A column of a table is one line: `Column("width", "width m")` takes the attribute `width` of each row; `value=`
   finds anything else, and returns it with every digit (for CSV); `format=` makes the text of a cell, by default
   `numbers.text`. Text of files and data sets needs no escaping: writers do it.
3. Enter the record's class in `VIEWS` below. Without an entry its fields are shown as they are (views/plain.py).
4. In the command: `this.finish(record)`, with `plot=` and `latex=` where they were asked for. A figure is a `Figure`
   whose `draw(axes)` fills one panel; --plot writes all panels of the document.

A word of `document.MOODS` (holds, refuted, ...) that stands alone in a cell is coloured by the writers.
"""

from importlib import import_module
from typing import Any

from boundcheck.presentation.document import Document

VIEWS = {
    "Audit": "audit:audit",
    "Comparison": "bounds:comparison",
    "CrowdReport": "crowd:crowd",
    "CrowdStudent": "crowd:students",
    "Exported": "runs:exported",
    "DataReport": "data:data",
    "Distilled": "distill:distilled",
    "Explanation": "explain:explanation",
    "Figure1": "experiments:figure1",
    "LabelsCost": "label_cost:cost",
    "LabelsMade": "labels:made",
    "LogitScales": "families:logit_scales",
    "Glossary": "explain:glossary",
    "Health": "doctor:health",
    "MarginReport": "margin:margin",
    "Pruned": "runs:pruned",
    "QualityReport": "labels:quality",
    "ReportMade": "runs:report",
    "Scaling": "families:scaling",
    "SettingRuns": "runs:setting",
    "StoreListing": "runs:listing",
    "Table1": "experiments:table1",
    "WidthReport": "verify:width_runs",
    "WidthSearchReport": "verify:width_search",
}
"""Class of a record -> module:function of views/."""


def present(record: Any, *given: Any) -> Document:
    """The document of a record.  given: what else the view draws from, such as the data set of a margin."""
    module, _, name = VIEWS.get(type(record).__name__, "plain:plain").partition(":")
    document: Document = getattr(import_module(f"boundcheck.presentation.views.{module}"), name)(record, *given)
    return document
