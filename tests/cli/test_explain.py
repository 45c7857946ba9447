"""`boundcheck explain`: text, JSON, LaTeX and errors."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boundcheck import bounds
from boundcheck.cli import app
from boundcheck.glossary import TERMS


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


@pytest.mark.parametrize("bound", ["soft-published", "hard-tempered", "hard-gd-published"])
def test_text_has_statement_hypotheses_numbers_costs_and_derivation(bound: str) -> None:
    shown = invoke(bound, "-v", "--eps", "0.01")
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    for piece in (
        bound,
        "upper bound",
        "Hypotheses",
        "assumed",
        "m >=",
        "what each factor costs",
        "Derivation, checked",
    ):
        assert piece in text
    width = bounds.evaluate(bound, gamma="0.05", eps="0.01", n=1000).width
    assert f"{width:,} neurons" in text
    assert "FAILS" not in text


def test_verbose_shows_the_formula_that_each_step_checked() -> None:
    short, whole = (invoke("soft-published", *more).stdout for more in ((), ("-v",)))
    assert "9216" in whole
    assert "steps that a machine can check hold" in short
    assert len(whole) > 3 * len(short)


def test_json_carries_every_step_with_its_residual() -> None:
    result = json.loads(invoke("soft-sharp", "--eps", "0.01", "--json").stdout)["result"]
    checked = [step for step in result["steps"] if step["holds"] is not None]
    assert len(checked) >= 10
    assert all(step["holds"] and step["residual"] < 1e-30 for step in checked)
    assert result["row"]["width"] == 372_172
    assert result["condition"].endswith(">= 0")


def test_latex_is_written(tmp_path: Path) -> None:
    path = tmp_path / "bound.tex"
    assert invoke("hard-sharp", "--latex", path).exit_code == 0
    text = path.read_text()
    for piece in (r"\begin{theorem}", r"\begin{proof}", r"\toprule", r"\gamma"):
        assert piece in text


@pytest.mark.parametrize(
    ("name", "close"), [("soft-shrap", "soft-sharp"), ("margn", "margin"), ("Flisp", "flips"), ("xyzzy", "lists both")]
)
def test_an_unknown_name_is_one_line_with_close_matches_and_exit_2(name: str, close: str) -> None:
    shown = invoke(name)
    assert shown.exit_code == 2
    assert close in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_term_is_explained_in_words() -> None:
    assert "how clearly the best teacher" in " ".join(invoke("Margin").stdout.split())
    result = json.loads(invoke("bracket", "--json").stdout)["result"]
    assert [term["name"] for term in result["terms"]] == ["bracket"]


def test_a_word_with_two_meanings_shows_both() -> None:
    text = " ".join(invoke("kappa").stdout.split())
    assert "logit scale: " in text
    assert "dominance margin: " in text


def test_a_term_reads_no_numbers() -> None:
    shown = invoke("margin", "--gamma", "0.1")
    assert shown.exit_code == 2
    assert "--gamma: only read with the name of a bound" in shown.stderr


def test_without_a_name_bounds_and_terms_are_listed() -> None:
    text = invoke().stdout
    assert all(name in text for name in (*bounds.ids(), *TERMS))


def test_a_failing_step_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    from sympy import Integer

    from boundcheck.proofs import explanation
    from boundcheck.proofs.checks import Positive

    monkeypatch.setitem(explanation.DERIVATIONS, "soft-sharp", (Positive("two is one", Integer(1) - 2, {}),))
    shown = invoke("soft-sharp")
    assert shown.exit_code == 1
    assert "FAILS" in shown.stdout
