"""The theory notebook runs, and is what sources cite: every `theory: Heading` is one of its headings."""

import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "theory.ipynb"
SOURCES = sorted(
    path for folder in ("boundcheck", "tests", "notebooks") for path in (ROOT / folder).rglob("*") if path != NOTEBOOK
)
# documents that no user has
UNKNOWN = re.compile(r"\b(THEORY|DESIGN|HOUSE|STYLE|MARGIN|LABELS)\b(\.md)?")
CITATION = re.compile(r"\btheory: (?=[A-Z])")


def cells(kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == kind]


HEADINGS = [line[3:] for cell in cells("markdown") for line in cell.splitlines() if line.startswith("## ")]


def prose(path: Path) -> Iterator[str]:
    """Docstrings, strings and comments of a source file, or the cells of a notebook, on one line each."""
    if path.suffix == ".ipynb":
        yield from (" ".join("".join(cell["source"]).split()) for cell in json.loads(path.read_text())["cells"])
    elif path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT) or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
                yield " ".join(token.string.split())


def unknown_headings(text: str) -> list[str]:
    """What a text cites that is no heading."""
    cited = (text[found.end() :] for found in CITATION.finditer(text))
    return [after[:40] for after in cited if not any(re.match(re.escape(h) + r"\b", after) for h in HEADINGS)]


def test_headings_are_unique() -> None:
    assert len(HEADINGS) == len(set(HEADINGS)) > 30


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_every_heading_that_is_cited_exists(suffix: str) -> None:
    files = [path for path in SOURCES if path.suffix == suffix and path != Path(__file__)]
    wrong = {str(path): found for path in files for text in prose(path) if (found := unknown_headings(text))}
    assert wrong == {}


def test_sources_are_cited_more_than_a_hundred_times() -> None:
    assert sum(len(CITATION.findall(text)) for path in SOURCES for text in prose(path)) > 100


def test_a_heading_that_does_not_exist_is_noticed() -> None:
    assert unknown_headings("p is small (theory: Flips), see theory: Concentration.") == []
    assert unknown_headings("(theory: Flipping)") == ["Flipping)"]
    assert unknown_headings("theory: Section 2") == ["Section 2"]
    assert unknown_headings("hard for the theory: at eps .05") == []


def test_no_source_mentions_a_document_that_no_user_has() -> None:
    found = {
        f"{path}: {match[0]}"
        for path in SOURCES
        if path != Path(__file__)
        for text in prose(path)
        if (match := UNKNOWN.search(text))
    }
    assert found == set()


def test_every_argument_of_a_proof_names_its_heading() -> None:
    from boundcheck.proofs.checks import Argument
    from boundcheck.proofs.explanation import DERIVATIONS

    arguments = [step for steps in DERIVATIONS.values() for step in steps if isinstance(step, Argument)]
    assert arguments
    assert all(CITATION.search(step.source) and not unknown_headings(step.source) for step in arguments)


def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    mpl.use("Agg")
    pytest.importorskip("IPython")
    monkeypatch.setattr("IPython.display.display", lambda *_: None)
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells("code")):
        exec(compile(cell, f"theory.ipynb, code cell {number}", "exec"), names)
    assert names["margins"][8].assumption_holds
