"""A document of every view: of real records where they are cheap, else of records that are filled by their types."""

import dataclasses
import enum
import inspect
import pkgutil
import tempfile
import types
import typing
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Union

import numpy as np

import boundcheck as bc
from boundcheck import records
from boundcheck.pipeline.labels import labels_check
from boundcheck.presentation import VIEWS, present
from boundcheck.presentation.document import Document
from boundcheck.records import Interval, Search, Trial
from boundcheck.records.audit import Audit
from boundcheck.records.verification import Judgement, Rung, Verdict, WidthSearchReport


def classes() -> dict[str, type]:
    """Every record by name."""
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(records.__path__):
        home = import_module(f"boundcheck.records.{module.name}")
        found |= {name: one for name, one in inspect.getmembers(home, inspect.isclass) if dataclasses.is_dataclass(one)}
    from boundcheck.pipeline import report, runs

    for home in (report, runs):
        found |= {name: one for name, one in inspect.getmembers(home, inspect.isclass) if name in VIEWS}
    return found


def filled(kind: Any, numbers: Iterator[int], name: str = "") -> Any:
    """A value of a type: numbers all different, text that says which field it is, two items in a list."""
    origin, given = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        hints = {f.name: typing.get_type_hints(kind)[f.name] for f in dataclasses.fields(kind)}
        low = next(numbers) / 1e3
        ends = {"lower": low, "upper": low + 0.01, "value": low + 0.005, "mean": low + 0.005, "confidence": 0.95}
        ends = ends if hints.get("lower") is float and hints.get("upper") is float else {}
        return kind(**{key: ends[key] if key in ends else filled(hint, numbers, key) for key, hint in hints.items()})
    if origin in (Union, types.UnionType):
        return filled(next(one for one in given if one is not type(None)), numbers, name)
    if origin is Literal:
        return given[0]
    if origin is tuple:
        return tuple(filled(one, numbers, name) for one in (given[:1] * 2 if given[1:] == (...,) else given))
    if origin in (dict, Mapping):
        keys = typing.get_args(given[0])[:2] or ("soft", "hard")
        return {key: filled(given[1], numbers, name) for key in keys}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    plain = {int: lambda: next(numbers), float: lambda: next(numbers) / 1e3, str: lambda: f"{name} {next(numbers)}"}
    return False if kind is bool else plain[kind]()


def documents() -> dict[str, Document]:
    """A document of every entry of VIEWS under its name, and of the special cases of some."""
    circle = bc.load_dataset("synthetic:circle:points=8")
    made = {
        "MarginReport": present(bc.margin(circle, eps=0.1), circle),
        "no margin": present(bc.margin(bc.load_dataset("synthetic:circle:points=6"))),
        "Comparison": present(bc.compare(eps=[0.05, 0.01])),
        "Explanation": present(bc.explain("soft-sharp")),
        "Audit": present(Audit(bc.audit("lemma-3").claims + bc.audit("gradient").claims, {"proved": 1, "refuted": 1})),
        "WidthSearchReport": present(search_report()),
        "QualityReport": present(labels_check(labels_file(), circle)),
        "DataReport": present(bc.data("synthetic:circle:points=8")),
        "Glossary": present(bc.explain()),
    }
    every = classes()
    for name in VIEWS.keys() - made.keys():
        made[name] = present(sample(every[name]))
    return made


def sample(kind: type) -> Any:
    """A record filled by its types, where a few numbers must fit together."""
    record = filled(kind, iter(range(11, 10**6)))
    if kind.__name__ == "Table1":
        rows = tuple(
            dataclasses.replace(r, data=d, paper=_PAPER) for r, d in zip(record.rows, record.datasets, strict=True)
        )
        return dataclasses.replace(record, rows=rows)
    if kind.__name__ == "Figure1":
        return dataclasses.replace(record, rows=tuple(dataclasses.replace(row, paper=_PAPER) for row in record.rows))
    if kind.__name__ == "CrowdReport":
        return dataclasses.replace(record, types=2, reliability={"ann": (0.9, 0.5), "bob": (0.7, 0.1)})
    return record


_PAPER = {"teacher": 98.75, "hard": 97.19, "soft": 97.67}


def search_report() -> WidthSearchReport:
    """A ladder with rungs that were not reached."""
    trial = Trial(4, 8, 7, (0.3, 0.9), "undecided", (0.2, 0.95), 0.1, (0.1, 0.2), 0.0, 0.0, 0.5)
    tried = {
        "labels": "hard", "loss": "logistic", "eps": 0.05, "success_target": 0.9, "minimal_width": None,
        "bracket": (64, None), "decided": False, "trials": (trial,), "undecided": (4,), "non_monotone": (),
        "stopped": "max_width", "confidence": 0.95, "radius": 1.0, "step_size": 0.5, "steps": 20, "temperature": 1.0,
        "precision": "float32", "max_width": 64, "seed": 0, "runs": 8, "runs_reused": 0, "seconds": 0.1,
    }  # fmt: skip
    rungs = (
        Rung("hard-sharp", "hard", "logistic", 2**70, "proved", radius=1.0),
        Rung("certificate", "hard", "perceptron", None, "certified", searched_to=1024, note="none within 9 s"),
        Rung("empirical", "hard", "logistic", None, "estimated", radius=1.0, bracket=(64, None), searched_to=64),
    )
    verdict = Judgement(Verdict.CONSISTENT, "why")
    gamma = Interval(0.1, 0.2, 0.99, False)
    search = Search(**tried)  # type: ignore[arg-type]
    return WidthSearchReport("d", 8, 2, 0.05, gamma, "practical", (search,), (), rungs, verdict)


def labels_file() -> Path:
    """Soft labels of eight rows."""
    place = Path(tempfile.mkdtemp()) / "soft.npz"
    np.savez(place, p=np.full(8, 0.5) + 0.3 * np.array([1, -1] * 4))
    return place
