"""Every printed statement gets the verdict of theory: Printed statements, and every check can fail."""

import dataclasses
import subprocess
import sys
from fractions import Fraction
from typing import Any

import pytest
from flint import arb

from boundcheck.audit import CLAIMS, run_audit, soft
from boundcheck.audit.check import RIGOROUS, example, simulated
from boundcheck.audit.claim import settle
from boundcheck.audit.descent import Path
from boundcheck.audit.soft import C1
from boundcheck.bounds.exact import precision
from boundcheck.errors import InputError
from boundcheck.proofs import lemmas
from boundcheck.proofs.checks import Argument
from boundcheck.proofs.explanation import DERIVATIONS

PERCENT = Fraction(99, 100)

# claim -> constants 1 % off in the wrong direction where the statement is tight, else the inequality reversed or
# the circumstance removed
MUTATIONS: dict[str, list[dict[str, Any]]] = {
    "initial-output": [{"pairing": Fraction(101, 100)}],
    "function-space": [{"exponent": Fraction(0)}],
    "assumption-1": [{"activity": PERCENT / 2}],
    "gradient": [{"inputs": 0}, {"inputs": 2}],
    "descent-step": [{"coupling": 0}],
    "projection-set": [{"neurons_held": "all"}],
    "features": [{"with_sign": True}],
    "comparator-set": [{"centre": (0, 0)}],
    "lemma-6-statement": [{"m": 10}],
    "softmax": [{"logits": 2}],
    "kl-sign": [{"sign": 1}],
    "kl-risk": [{"curvature": PERCENT / 4}],
    "frozen-gradient": [{"sign": -1}],
    "error-strict": [{"strict": False}],
    "lemma-3": [{"best": PERCENT}, {"constant": 8 * PERCENT}],
    "theorem-2-range": [{"beta": Fraction(303, 10000) * PERCENT}],
    "theorem-2-constant": [{"c1": C1 * 99 / 100}],
    "lemma-6": [{"proxy": PERCENT / 2}, {"deviation": 2 * PERCENT}],
    "norms-above-c": [{"slope": PERCENT}],
    "positive-margin": [{"allow_parallel": True}],
    "theorem-2-width": [{"horizon": Fraction(1)}, {"slope": Fraction(1, 100)}],
    "theorem-2-quantifier": [{"ratio": Fraction(1)}],
    "corollary-4-width": [{"factor": 32 * PERCENT}],
    "corollary-4-steps": [{"missing": (32, 1014)}, {"missing": (33, 1024)}],
    "corollary-4-quantifier": [{"angle": Fraction(1, 2)}, {"eps": Fraction(101, 1000)}],
    "corollary-4-direct": [{"steps": (Fraction(243, 1000) * PERCENT, Fraction(1, 3))}],
    "proposition-5-width": [{"share": PERCENT / 4}, {"constant": 4 * PERCENT}],
    "proposition-5-risk": [{"horizon": 4}, {"self_bound": Fraction(4072644, 10**7) * PERCENT}],
    "error-conversion": [{"factor": PERCENT}],
    "ji-telgarsky": [{"constant": 280}, {"power": 7}],
    "gamma-below-eps": [{"gamma": Fraction(5, 100)}, {"gamma": Fraction(21, 100)}],
    "abstract-logarithm": [{"power": 2}],
    "stray-beta": [{"extra": 0}],
    "hard-labels-need": [{"gap": PERCENT / 2}],
    "features-kept": [{"loss": "kl"}],
    "pointwise-unreliability": [{"unreliability": Fraction(7, 10)}],
    "average-unreliability": [{"wrong": (Fraction(2, 5), Fraction(1, 10))}, {"share": Fraction(4, 5)}],
    "liu-dietterich": [{"power": PERCENT}],
    "spectral-partition": [{"ratio": 2}],
    "triangular-estimation": [{"power": PERCENT / 2}],
    "weighted-vote": [{"scale": 2}],
    "vote-error": [{"factor": Fraction(2)}],
}


@pytest.fixture(scope="module")
def report():
    return run_audit()


def test_every_check_confirms_its_verdict(report):
    failing = [(f.id, s.statement) for f in report.claims for s in f.steps if not s.holds]
    assert failing == []
    assert report.counts == {"proved": 15, "refuted": 17, "supported": 3, "undecided": 0}


def test_residuals_are_finite_and_identities_leave_nothing(report):
    for finding in report.claims:
        for step in finding.steps:
            assert step.residual >= 0, (finding.id, step.statement)
            assert step.residual == 0 or step.method != "exact identity"


def test_nothing_is_proved_by_sampling_or_simulation(report):
    for finding in report.claims:
        if finding.evidence == "proved":
            assert {step.method for step in finding.steps} <= RIGOROUS, finding.id
        assert any(step.method in RIGOROUS for step in finding.steps) or finding.evidence == "supported"


def test_a_proof_that_rests_on_a_simulation_is_undecided():
    claim = dataclasses.replace(CLAIMS["softmax"], evidence="proved", check=lambda: (simulated("seen", 1.0),))
    assert settle(claim).verdict == settle(claim).evidence == "undecided"


def test_one_failing_step_makes_a_claim_undecided():
    steps = (example("true", True), example("false", False))
    assert settle(dataclasses.replace(CLAIMS["lemma-3"], check=lambda: steps)).verdict == "undecided"


def test_every_claim_has_a_mutation():
    assert MUTATIONS.keys() == {claim.id for claim in CLAIMS.values() if claim.check is not tuple}


@pytest.mark.parametrize(("paper", "supported"), [("yuan2023", 2), ("kong2023", 2)])
def test_what_was_not_available_is_undecided_and_nothing_else(paper, supported):
    found = run_audit(paper=paper)
    assert {finding.paper for finding in found.claims} == {paper}
    assert all(step.holds for finding in found.claims for step in finding.steps)
    assert found.counts["supported"] == supported
    (unread,) = [finding for finding in found.claims if finding.evidence == "undecided"]
    assert (unread.steps, unread.residual) == ((), None)
    assert "not available" in unread.corrected


@pytest.mark.parametrize(
    ("claim_id", "constants"),
    [
        pytest.param(name, constants, id=f"{name}-{k}")
        for name, all_ in MUTATIONS.items()
        for k, constants in enumerate(all_)
    ],
)
def test_a_wrong_constant_is_noticed(claim_id, constants):
    with precision(128):
        assert settle(CLAIMS[claim_id], **constants).verdict == "undecided"


def test_the_repaired_theorem_2_has_no_such_counterexample(monkeypatch):
    """With T = 3/(eta beta) the slow run is long enough: the proof for every m must fail (the simulation aside)."""
    monkeypatch.setattr(soft, "descend", lambda *_, **__: Path(0.0, 1.0, 0.0))
    with precision(128):
        settled = settle(CLAIMS["theorem-2-quantifier"], long_enough=True)
    assert [step.holds for step in settled.steps] == [True, False, True]


def residual(report, claim_id, step=0):
    return {f.id: f for f in report.claims}[claim_id].steps[step].residual


def test_numbers_of_the_theory(report):
    """The figures as computed apart from the package."""
    assert 0.02 + residual(report, "theorem-2-quantifier") == pytest.approx(0.0253, abs=5e-5)
    assert 0.0303 - residual(report, "theorem-2-range") == pytest.approx(0.03029986, abs=1e-8)
    assert 1 + residual(report, "gamma-below-eps") == pytest.approx(9.08e6 / 6.75e6, rel=2e-3)
    assert 1 - residual(report, "proposition-5-risk") == pytest.approx(0.653, abs=5e-4)
    assert 1 - residual(report, "proposition-5-risk", 1) == pytest.approx(0.942, abs=5e-4)
    assert 1 + residual(report, "proposition-5-risk", 2) == pytest.approx(1.0397, abs=5e-5)
    assert 1 + residual(report, "corollary-4-steps", 2) == pytest.approx(1.33, abs=5e-3)
    assert 1 + residual(report, "lemma-3") == pytest.approx(3.878, abs=1e-3)
    assert float(C1.mid()) == pytest.approx(11.4435, abs=5e-5)


@pytest.mark.parametrize("lemma", ["CONCENTRATION", "FLIPS", "BREGMAN", "PINSKER", "SELF_BOUNDING"])
def test_audit_and_derivations_share_each_lemma(report, lemma):
    claims = {step.claim for step in getattr(lemmas, lemma) if not isinstance(step, Argument)}
    assert claims
    assert claims <= {step.claim for steps in DERIVATIONS.values() for step in steps}
    assert claims <= {step.statement for finding in report.claims for step in finding.steps}


def test_symbols_are_those_of_the_paper():
    assert CLAIMS["kl-sign"].statement.startswith("l_KL(p, mu)")


def test_an_unknown_claim_names_the_known_ones():
    with pytest.raises(InputError, match="choose from initial-output"):
        run_audit("corollary-5")


def test_the_audit_never_loads_jax():
    script = "import sys; from boundcheck.audit import run_audit; run_audit('lemma-3'); print('jax' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )


def test_the_precision_of_the_caller_is_restored():
    before = arb(2).sqrt().rad()
    run_audit("softmax")
    assert arb(2).sqrt().rad() == before


def test_the_public_function_survives_the_import_of_the_package_of_the_same_name():
    script = (
        "import boundcheck as bc; first = bc.audit('softmax'); from boundcheck.audit import CLAIMS; "
        "print(first == bc.audit('softmax'), bc.audit('softmax').claims[0].verdict)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out == "True typo\n"
