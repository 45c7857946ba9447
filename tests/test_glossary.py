"""Every heading of a table that a command prints is a term of the glossary, or an everyday word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from boundcheck import glossary
from tests.test_theory import HEADINGS

VIEWS = Path(__file__).parents[1] / "boundcheck" / "presentation" / "views"
# words that mean here what they mean anywhere
_WORDS = """
    worst rows 95 average final search ~ value why meaning note kind row label data method class examples source number
    name state size date command difference paper ours seconds count time share known how it is in at angle
    nearest of the other term = % as printed its statement
    behind best last run step parameters per answer s.e. widths movement noise variance
    becomes categories column highest lowest missing 1 normalize prepare remark
    worst rows at values bounds least median most hypotheses stronger
"""
EVERYDAY = set(_WORDS.split())


def headings(path: Path) -> Iterator[str]:
    """Texts given to Column, Table(...) of rich, and add_column in a file of views."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if called == "Column":
            yield from texts[1:2]
        elif called == "add_column":
            yield from texts


ALL = sorted({head for path in VIEWS.glob("*.py") for head in headings(path) if head})


def known(head: str) -> bool:
    """The heading, or each of its words, is a term or an everyday word."""
    words = [head, *head.replace(",", " ").split()]
    return bool(glossary.find(words[0])) or all(glossary.find(w) or w.lower() in EVERYDAY for w in words[1:])


def test_headings_are_found() -> None:
    assert {"width m", "radius B", "margin gamma"} <= set(ALL)


@pytest.mark.parametrize("head", ALL)
def test_a_heading_is_in_the_glossary(head: str) -> None:
    assert known(head), f"{head!r}: give it an entry in boundcheck/glossary.py"


def test_an_unknown_heading_is_noticed() -> None:
    assert not known("frobnication")
    assert not known("width frobnication")


def test_terms_name_headings_of_the_theory_notebook() -> None:
    assert all(term.source.removeprefix("theory: ") in HEADINGS for term in glossary.TERMS.values() if term.source)


def test_terms_are_short_and_a_word_with_two_meanings_is_rare() -> None:
    assert all(0 < len(term.meaning) < 300 for term in glossary.TERMS.values())
    twice = {name for name in glossary.names() if len(glossary.find(name)) > 1}
    assert twice == {"gamma", "kappa", "delta"}
