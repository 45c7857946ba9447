"""`boundcheck audit` as a user sees it."""

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from boundcheck.cli import app

run = CliRunner().invoke


def audit(*arguments):
    return run(app, ["audit", *arguments])


@pytest.mark.parametrize(("claim", "code"), [("lemma-3", 0), ("ji-telgarsky", 0), ("corollary-4-steps", 1)])
def test_the_exit_code_says_what_became_of_the_printed_statement(claim, code):
    assert audit(claim, "--quiet").exit_code == code


def test_json_has_the_binding_keys():
    result = audit("gamma-below-eps", "--json")
    body = json.loads(result.stdout)
    (claim,) = body["result"]["claims"]
    assert {"id", "where", "statement", "verdict", "check", "residual"} <= claim.keys()
    assert claim["verdict"] == claim["evidence"] == "refuted"
    assert claim["residual"] == pytest.approx(0.346, abs=1e-3)
    assert body["command"] == "audit"


def test_verbose_shows_the_argument_and_every_step():
    short, whole = audit("lemma-6").stdout, audit("lemma-6", "-v").stdout
    assert "cosh(t/2) (2q e^{t/2}" in whole
    assert "cosh" not in short
    assert whole.count("holds  ") == 6


def test_brackets_of_the_mathematics_are_not_markup():
    assert "1[y f <= 0]" in audit("error-strict").stdout.replace("_i", "").replace("(W)", "")


def test_an_unknown_claim_is_one_line_and_exit_2():
    result = audit("nonsense")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "choose from" in result.stderr


def test_the_whole_audit_lists_every_claim_and_exits_0():
    from boundcheck.audit import CLAIMS

    result = audit("--json")
    body = json.loads(result.stdout)["result"]
    assert result.exit_code == 0
    assert [claim["id"] for claim in body["claims"]] == [
        each.id for each in CLAIMS.values() if each.paper == "mandal2025"
    ]
    assert body["counts"]["undecided"] == 0


def test_the_table_has_a_line_for_every_claim():
    """Only the rendering is looked at: the checks are replaced."""
    from boundcheck.audit import CLAIMS
    from boundcheck.audit.check import example
    from boundcheck.audit.claim import settle
    from boundcheck.presentation import present, terminal
    from boundcheck.records.audit import Audit

    findings = tuple(settle(dataclasses.replace(c, check=lambda: (example("e", True),))) for c in CLAIMS.values())
    report = Audit(findings, {"proved": 15, "refuted": 17, "supported": 3, "undecided": 0})
    shown = terminal.text(present(report))
    assert all(claim_id in shown for claim_id in CLAIMS)
    assert "15 proved, 17 refuted, 3 supported." in shown


def test_another_paper_is_audited_and_what_is_not_available_is_undecided():
    result = audit("--paper", "kong2023")
    assert result.exit_code == 3
    assert "perfect-recovery" in result.stdout
    assert "1 undecided" in result.stdout
    assert "Kong, Mandal, Katselis & Srikant" in audit("perfect-recovery", "-v").stdout
    assert audit("average-unreliability", "--quiet").exit_code == 1
    assert audit("lemma-3", "--paper", "kong2023").exit_code == 2
