"""`boundcheck verify` from the outside: modes, JSON, exit codes, resume."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boundcheck.cli import app
from boundcheck.search import Store

QUICK = ["--width-search", "--steps", "400", "--max-seeds", "120", "--max-width", "256", "--certificate-time", "0"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Invoke `boundcheck verify` with a run store of its own."""
    monkeypatch.setenv("BOUNDCHECK_STORE", str(tmp_path / "runs.sqlite"))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["verify", *arguments])

    return invoke


def test_soft_labels_need_fewer_neurons_than_hard_ones_at_the_same_radius(run: Any) -> None:
    result = run(*QUICK, "--json")
    assert result.exit_code == 0, result.stderr
    envelope = json.loads(result.stdout)
    body = envelope["result"]
    assert envelope["command"] == "verify"
    assert len(envelope["manifest"]["data_sha256"]) == 64
    assert body["verdict"] == "consistent"
    soft, hard, own = body["searches"]
    assert (soft["labels"], hard["labels"], own["labels"]) == ("soft", "hard", "hard")
    assert soft["radius"] == hard["radius"] == 1
    # Proposition 5: B = (2/gamma) ln(2/(ln 2 beta)) with beta = eps ln 2
    assert own["radius"] == pytest.approx(2 / 0.1352990250 * np.log(2 / (np.log(2) ** 2 * 0.05)), rel=1e-6)
    assert soft["minimal_width"] == soft["bracket"][1] <= hard["bracket"][0]
    assert body["comparisons"][0]["separated"]
    rungs = {(r["labels"], r["bound"]): r["width"] for r in body["ladder"]}
    assert rungs["soft", "soft-published"] > rungs["soft", "soft-sharp"] > rungs["soft", "empirical"]
    assert all(isinstance(r["width"], int) for r in body["ladder"])
    for trial in soft["trials"]:
        assert trial["ci"][0] <= trial["successes"] / trial["seeds"] <= trial["ci"][1]


def test_the_same_command_resumes_without_training_anything_again(run: Any) -> None:
    first, second = (json.loads(run(*QUICK, "--json").stdout)["result"]["searches"] for _ in range(2))
    assert sum(s["runs_reused"] for s in first) == 0
    assert [s["runs_reused"] for s in second] == [s["runs"] for s in second]
    assert [s["bracket"] for s in first] == [s["bracket"] for s in second]


def test_data_of_margin_zero_fails_the_assumption(run: Any) -> None:
    result = run("synthetic:circle:points=6", *QUICK, "--json")
    assert result.exit_code == 1
    body = json.loads(result.stdout)["result"]
    assert body["verdict"] == "assumption fails"
    assert body["searches"] == []


def test_widths_proved_at_a_sampled_margin_say_so(run: Any) -> None:
    known = "proved: for gamma >= "
    sampled = run("synthetic:sphere:n=8,d=4", *QUICK, "--margin-draws", "200000").stdout
    assert known in sampled
    assert "99 % confidence" in sampled.split(known)[1]
    assert known not in run(*QUICK).stdout


def test_a_verdict_at_one_width_names_the_sampled_margin_it_supposes(run: Any) -> None:
    mode = ["--width", "2", "--bound", "hard-perceptron", "--seeds", "2", "--eps", "0.4"]
    sampled = json.loads(run("synthetic:sphere:n=8,d=4", *mode, "--margin-draws", "200000", "--json").stdout)["result"]
    said = re.search(r"if gamma >= ([0-9.]+), which holds at 99 % confidence", sampled["reason"])
    assert said
    lower = sampled["gamma"]["lower"]
    assert 0.999 * lower < float(said[1]) <= lower


def test_data_of_margin_zero_leaves_nothing_to_draw_and_claims_no_training(run: Any, tmp_path: Path) -> None:
    for mode in (QUICK, ("--width", "100")):
        result = run("synthetic:circle:points=6", *mode, "--plot", str(tmp_path / "x.png"))
        assert result.exit_code == 1, result.stderr
        assert "assumption fails" in result.stdout
        assert "trained" not in result.stdout
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("option", ["--radius", "--step-size"])
def test_zero_is_refused_and_not_taken_for_nothing(run: Any, option: str) -> None:
    result = run(*QUICK, option, "0")
    assert result.exit_code == 2
    assert f"{option} 0: must be positive" in result.stderr


@pytest.mark.parametrize("mode", [("--width", "100"), QUICK])
def test_a_confidence_that_is_none_is_refused_before_training(run: Any, mode: tuple[str, ...]) -> None:
    for confidence in ("2", "-0.5"):
        result = run(*mode, "--confidence", confidence)
        assert result.exit_code == 2
        assert f"--confidence {confidence}" in result.stderr


def test_a_budget_spent_is_undecided_with_exit_code_3(run: Any) -> None:
    result = run(*QUICK, "--budget", "20", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["result"]["verdict"] == "undecided"


def test_the_perceptron_bound_stands_at_its_own_width(run: Any) -> None:
    prescribed = ["--bound", "hard-perceptron", "--seeds", "30", "--eps", "0.2", "--json"]
    at = json.loads(run("--width", "2", *prescribed).stdout)["result"]["bound"]["width"]
    result = run("--width", str(at), *prescribed)
    assert result.exit_code == 0, result.stderr
    body = json.loads(result.stdout)["result"]
    assert body["verdict"] == "consistent"
    assert body["failure_rate"]["lower"] == 0
    assert body["failure_rate"]["upper"] == pytest.approx(1 - 0.025 ** (1 / 30))
    for one in body["runs"]:
        assert one["average_error"] <= one["certificate"] <= 0.2


def test_training_as_the_theorem_says_takes_the_width_from_the_bound_too(run: Any) -> None:
    arguments = ["--training", "theorem", "--bound", "hard-perceptron", "--eps", "0.2", "--seeds", "3", "--json"]
    body = json.loads(run(*arguments).stdout)["result"]
    bound, spec = body["bound"], body["spec"]
    assert body["training"] == "theorem"
    assert body["width"] == bound["width"] > 1000
    assert (spec["steps"], spec["step_size"], spec["radius"]) == (bound["steps"], bound["step_size"], bound["radius"])
    assert (spec["loss"], spec["precision"]) == ("perceptron", "float64")
    # T = 4 / (gamma^2 eps) at eta = gamma / 2, theory: Perceptron loss
    assert spec["steps"] == pytest.approx(4 / (0.1352990250**2 * 0.2), abs=1)
    for one in body["runs"]:
        assert one["average_error_bounds"] == [one["average_error"]] * 2, "no early stop"


def test_practical_steps_are_not_asked_of_the_bound(run: Any) -> None:
    """No width satisfies the bound with 100 steps, which is no reason not to train for 100."""
    done = run("--width", "24", "--training", "practical", "--steps", "100", "--seeds", "2", "--json")
    body = json.loads(done.stdout)["result"]
    assert body["spec"]["steps"] == 100
    assert body["bound"]["width"] > 24
    assert run("--width", "24", "--training", "theorem", "--steps", "100", "--seeds", "2").exit_code == 2


def test_practical_training_at_one_width_states_its_step_size_and_stops_early(run: Any) -> None:
    arguments = ["--width", "64", "--training", "practical", "--seeds", "4", "--json"]
    body = json.loads(run(*arguments).stdout)["result"]
    assert body["training"] == "practical"
    assert (body["spec"]["steps"], body["spec"]["step_size"]) == (2000, pytest.approx(2.0))
    for one in body["runs"]:
        low, high = one["average_error_bounds"]
        assert low < high, "stopped early"
        assert high <= 0.05 or low > 0.05, "once the average was decided"
    assert body["verdict"] == "consistent"


@pytest.mark.parametrize(("bound", "early"), [("soft-sharp-nfree", True), ("soft-kl-published", False)])
def test_only_runs_that_their_error_decides_are_said_to_stop_early(run: Any, bound: str, early: bool) -> None:
    """soft-kl-published promises a KL risk, about which the average error says nothing."""
    arguments = ["--width", "64", "--training", "practical", "--seeds", "2", "--bound", bound]
    shown = run(*arguments).stdout
    assert ("each run until it is decided" in shown) is early
    assert ("every run to its last step" in shown) is not early
    body = json.loads(run(*arguments, "--json").stdout)["result"]
    assert body["until_decided"] is early
    for one in body["runs"]:
        low, high = one["average_error_bounds"]
        assert (low < high) is early


def test_a_search_as_the_theorems_say_trains_each_contender_by_its_own_bound(run: Any) -> None:
    arguments = ["--width-search", "--training", "theorem", "--eps", "0.3", "--max-width", "2", "--max-seeds", "2"]
    body = json.loads(run(*arguments, "--certificate-time", "0", "--json").stdout)["result"]
    assert body["training"] == "theorem"
    soft, perceptron, own = body["searches"]
    gamma = body["gamma"]["lower"]
    assert (soft["loss"], perceptron["loss"], own["loss"]) == ("kl", "perceptron", "logistic")
    assert soft["steps"] == np.ceil(32 / (gamma**2 * 0.3 * 0.5))
    assert perceptron["step_size"] == pytest.approx(gamma / 2)
    assert own["radius"] == pytest.approx(2 / gamma * np.log(2 / (np.log(2) ** 2 * 0.3)), rel=1e-6)
    assert {search["precision"] for search in body["searches"]} == {"float64"}


def test_runs_at_one_width_are_kept(run: Any, tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite") as store:
        arguments = ["--width", "16", "--steps", "20000", "--seeds", "5", "--json"]
        first = json.loads(run(*arguments).stdout)["result"]
        (kept,) = store.settings()
        finished = kept.last_finished
        again = json.loads(run(*arguments).stdout)["result"]
        (kept,) = store.settings()
    assert kept.runs == 5
    assert kept.last_finished == finished, "nothing was trained again"
    assert again["runs"] == first["runs"]


def test_below_the_bound_failures_contradict_nothing(run: Any) -> None:
    result = run("--width", "2", "--bound", "hard-perceptron", "--seeds", "30", "--eps", "0.2")
    assert result.exit_code == 0
    assert "nothing to contradict" in result.stdout


def test_given_soft_labels_are_trained_on(run: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, p=np.full(8, 0.5) + 0.01 * np.array([-1, 1] * 4))
    options = ["--width", "64", "--steps", "20000", "--step-size", "0.5", "--seeds", "3", "--json"]
    swapped = json.loads(run(*options, "--labels", str(wrong)).stdout)["result"]
    right = json.loads(run(*options).stdout)["result"]
    errors = [np.mean([r["final_error"] for r in body["runs"]]) for body in (right, swapped)]
    assert errors[0] < 0.2 < 0.8 < errors[1]


def test_labels_beyond_the_hypothesis_are_trained_at_their_own_radius_with_a_warning(run: Any, tmp_path: Path) -> None:
    steep = tmp_path / "steep.npz"
    z = 2 * np.array([1, -1] * 4)
    np.savez(steep, logits=z, p=1 / (1 + np.exp(-z)), radius=3.0)
    result = run(*QUICK, "--labels", str(steep), "--json")
    envelope = json.loads(result.stdout)
    assert [s["radius"] for s in envelope["result"]["searches"][:2]] == [3.0, 3.0]
    assert any("|logit| 2" in warning for warning in envelope["warnings"])
    assert not any("radius" in warning for warning in envelope["warnings"]), "--radius and others may change it"
    theory = [rung for rung in envelope["result"]["ladder"] if rung["kind"] in ("proved", "certified")]
    assert {("kernel teacher" in rung["note"], rung["labels"]) for rung in theory} == {(True, "soft"), (False, "hard")}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--width-search"),
        (["--width-search", "--width", "8"], "--width-search"),
        (["--width", "7"], "even"),
        (["--width-search", "--eps", "1.5"], "eps"),
        (["--width-search", "--delta", "0.5"], "delta"),
        (["--width", "8", "--bound", "soft-magic"], "soft-magic"),
        (["--width", "100000000"], "hours"),
        (["nowhere.npz", "--width-search"], "nowhere.npz"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(run: Any, arguments: list[str], named: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    assert named in result.stderr
    assert not result.stdout


def test_what_a_mode_ignores_may_stand_in_a_file(run: Any, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[verify]\nradius = 2.0\nbudget = 9\nseeds = 2\neps = 0.4\n")
    arguments = ["--config", str(tmp_path / "run.toml"), "verify", "--width", "2", "--bound", "hard-perceptron"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output


def test_a_figure_that_cannot_be_written_is_refused_before_the_search(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boundcheck.pipeline.verify.verify", lambda *_, **__: pytest.fail("it was searched"))
    for place in (tmp_path / "nowhere" / "a.png", tmp_path / "a.gif"):
        result = run("--width-search", "--plot", str(place))
        assert result.exit_code == 2
        assert place.name in result.stderr


def test_figures_of_both_modes_are_written(run: Any, tmp_path: Path) -> None:
    for name, mode in (("a.png", QUICK), ("b.svg", ["--width", "16", "--steps", "20000", "--seeds", "2"])):
        assert run(*mode, "--plot", str(tmp_path / name)).exit_code == 0
        assert (tmp_path / name).stat().st_size > 5000
