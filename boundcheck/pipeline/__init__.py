"""The only composer of stages: each function takes plain arguments and returns one frozen record.

One command a file (`_margin.py`, `_compare.py`, ...); a function is imported on first use, so that asking for a
bound never loads JAX. To add one: write `_name.py`, and add a line to each of the two lists below.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boundcheck.pipeline._audit import audit
    from boundcheck.pipeline._compare import Hardness, compare, hardness, hardness_of_teacher, is_teacher
    from boundcheck.pipeline._crowd import crowd
    from boundcheck.pipeline._crowd_student import crowd_student
    from boundcheck.pipeline._explain import explain
    from boundcheck.pipeline._labels import LabelSettings, TeacherSettings, labels_check, labels_make
    from boundcheck.pipeline._logit_scales import logit_scales
    from boundcheck.pipeline._margin import margin
    from boundcheck.pipeline._report import report
    from boundcheck.pipeline._reproduce import figure1, table1
    from boundcheck.pipeline._runs import export_runs, list_runs, prune_runs, show_runs
    from boundcheck.pipeline._scaling import SCALING, scaling
    from boundcheck.pipeline._verify import EMBEDDED, SearchSettings, Store, open_executor, verify

__all__ = [
    "EMBEDDED",
    "SCALING",
    "Hardness",
    "LabelSettings",
    "SearchSettings",
    "Store",
    "TeacherSettings",
    "audit",
    "compare",
    "crowd",
    "crowd_student",
    "explain",
    "export_runs",
    "figure1",
    "hardness",
    "hardness_of_teacher",
    "is_teacher",
    "labels_check",
    "labels_make",
    "list_runs",
    "logit_scales",
    "margin",
    "open_executor",
    "prune_runs",
    "report",
    "scaling",
    "show_runs",
    "table1",
    "verify",
]

_HOME = {
    "explain": "_explain",
    "Hardness": "_compare",
    "compare": "_compare",
    "hardness": "_compare",
    "hardness_of_teacher": "_compare",
    "is_teacher": "_compare",
    "audit": "_audit",
    "crowd": "_crowd",
    "crowd_student": "_crowd_student",
    "figure1": "_reproduce",
    "table1": "_reproduce",
    "report": "_report",
    "export_runs": "_runs",
    "list_runs": "_runs",
    "prune_runs": "_runs",
    "show_runs": "_runs",
    "EMBEDDED": "_verify",
    "SearchSettings": "_verify",
    "Store": "_verify",
    "open_executor": "_verify",
    "LabelSettings": "_labels",
    "TeacherSettings": "_labels",
    "labels_check": "_labels",
    "labels_make": "_labels",
    "logit_scales": "_logit_scales",
    "margin": "_margin",
    "SCALING": "_scaling",
    "scaling": "_scaling",
    "verify": "_verify",
}


def __getattr__(name: str) -> Any:
    """Import a pipeline function on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'boundcheck.pipeline' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"boundcheck.pipeline.{_HOME[name]}"), name)
