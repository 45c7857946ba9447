"""`boundcheck compare`: what must be shown, its JSON, its files and its errors."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boundcheck import bounds
from boundcheck.cli import app

EXAMPLE = ("--eps", "0.01", "--n", "1000", "--delta", "0.05", "--c", "1", "--gamma", "0.05")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def result_of(*arguments: object) -> dict:
    shown = invoke(*arguments, "--json")
    assert shown.exit_code == 0, shown.stderr
    return json.loads(shown.stdout)


def widths(envelope: dict) -> dict[str, int]:
    return {row["bound"]: row["width"] for row in envelope["result"]["rows"]}


def test_the_worked_example() -> None:
    """Soft labels need MORE neurons than hard ones here, as published."""
    envelope = result_of(*EXAMPLE)
    found = widths(envelope)
    assert found["soft-published"] == pytest.approx(1.635e9, rel=1e-3)
    assert found["hard-published"] == pytest.approx(9.625e8, rel=1e-3)
    assert found["hard-gd-published"] == pytest.approx(2.071e17, rel=1e-3)
    assert found["soft-sharp"] == pytest.approx(3.72e5, rel=5e-3)
    assert found["soft-sharp-nfree"] == pytest.approx(2.16e5, rel=5e-3)
    assert found["hard-sharp"] == pytest.approx(1.84e7, rel=5e-3)
    assert found["hard-tempered"] == pytest.approx(2.0e5, rel=5e-3)
    assert found["hard-perceptron"] == pytest.approx(4.9e4, rel=1e-2)
    assert {row["failure_probability"] for row in envelope["result"]["rows"] if row["direction"] == "upper"} == {0.15}
    assert envelope["manifest"]["data_sha256"] is None


def test_a_width_above_two_to_the_53_is_an_exact_integer_in_json() -> None:
    width = widths(result_of(*EXAMPLE))["hard-gd-published"]
    assert width == 207_076_250_012_456_088 > 2**53
    assert '"width": 207076250012456088,' in invoke(*EXAMPLE, "--json").stdout


def test_rows_and_crossovers_have_the_binding_keys() -> None:
    result = result_of(*EXAMPLE)["result"]
    keys = {
        "bound",
        "labels",
        "gamma",
        "eps",
        "width",
        "steps",
        "step_size",
        "radius",
        "failure_probability",
        "vacuous",
    }
    assert all(keys | {"source"} <= row.keys() for row in result["rows"])
    assert all({"soft", "hard", "gamma"} <= crossover.keys() for crossover in result["crossovers"])
    assert len(result["rows"]) == len(bounds.ids())


def test_crossovers_of_the_published_pair() -> None:
    shown = result_of("--eps", 0.1, "--eps", 0.01, "--eps", 0.001, "--c", 1, "--gamma", 0.05)["result"]["crossovers"]
    pair = [c["gamma"] for c in shown if (c["soft"], c["hard"]) == ("soft-published", "hard-published")]
    assert pair == pytest.approx([0.0983, 0.0384, 0.0144], abs=5e-5)


def test_the_findings_say_that_the_loss_scale_explains_the_gap() -> None:
    text = " ".join(invoke(*EXAMPLE, "-v").stdout.split())
    assert "Widths are upper bounds" in text
    assert "some data need at least 10 neurons, whatever the labels" in text
    assert "85.2 times fewer for soft labels" in text
    assert "5.5 times fewer for hard labels" in text
    assert "scale of the loss, not from soft against hard labels" in text


def test_tables_show_floors_growth_and_crossovers() -> None:
    text = invoke(*EXAMPLE, "-v").stdout
    for piece in (
        "1.63e9",
        "floor",
        "gamma^-8",
        "ln(1/eps)^2",
        "gamma < 0.03837",
        "0.15 for every row",
    ):
        assert piece in text


@pytest.mark.parametrize(
    ("options", "floor", "footing"),
    [
        ([], True, True),
        (["--flips", "kl"], True, False),
        (["--step-size", "0.01"], False, True),
        (["--steps", "1000000000"], False, True),
        (["--bound", "soft-sharp"], True, False),
        (["--bound", "soft-published", "--bound", "hard-published"], False, False),
    ],
)
def test_what_is_said_of_floors_and_flips_is_true_of_the_rows(options: list[str], floor: bool, footing: bool) -> None:
    shown = " ".join(invoke(*EXAMPLE, *options, "-v").stdout.split())
    assert ("Rows marked floor" in shown) is floor
    assert (" floor " in shown.partition("growth")[0]) is floor
    assert (" infinite " in shown) is ("--step-size" in options)
    assert ("one footing" in shown) is footing
    assert ("& infinite &" in invoke(*EXAMPLE, *options, "--latex", "-").stdout) is ("--step-size" in options)


def test_ratios_of_soft_to_hard_width() -> None:
    result = result_of(*EXAMPLE)["result"]
    found = {row["bound"]: row["width"] for row in result["rows"]}
    assert len(result["ratios"]) == 10
    assert all(r["ratio"] == pytest.approx(found[r["soft"]] / found[r["hard"]]) for r in result["ratios"])
    assert "soft-published / hard-published" in invoke(*EXAMPLE, "-v").stdout
    assert "1.70" in invoke(*EXAMPLE, "-v").stdout


def test_default_grid_and_default_c() -> None:
    result = result_of("--eps", 0.05)["result"]
    assert result["gammas"] == [0.01, 0.02, 0.05, 0.1, 0.2, 0.3]
    assert result["c"] is None
    assert len(result["rows"]) == 6 * len(bounds.ids())


def test_chosen_bounds_only_and_all_their_pairs() -> None:
    result = result_of(*EXAMPLE, "--bound", "soft-published", "--bound", "hard-perceptron")["result"]
    assert {row["bound"] for row in result["rows"]} == {"soft-published", "hard-perceptron"}
    assert [(c["soft"], c["hard"], c["soft_smaller"]) for c in result["crossovers"]] == [
        ("soft-published", "hard-perceptron", "nowhere")
    ]


def test_finite_steps_replace_the_floor() -> None:
    result = result_of(*EXAMPLE, "--steps", 15_000_000, "--step-size", 0.25, "--bound", "soft-sharp")["result"]
    (row,) = result["rows"]
    assert (row["steps"], row["step_size"]) == (15_000_000, 0.25)
    assert row["width"] == pytest.approx(4.06e5, rel=5e-3)


def test_bounds_that_do_not_apply_are_left_out_with_a_warning() -> None:
    envelope = result_of(*EXAMPLE, "--logit-scale", 3)
    assert "soft-published" not in widths(envelope)
    assert widths(envelope)["soft-sharp-nfree"] == pytest.approx(4.21e5, rel=5e-3)
    assert any("soft-published" in warning for warning in envelope["warnings"])


def test_steps_that_suffice_at_no_width_are_an_infinite_width_elsewhere() -> None:
    """At gamma = 0.1 a million steps suffice, at 0.001 they do not: the crossover's range shrinks."""
    result = result_of("--eps", 0.01, "--gamma", 0.1, "--steps", 10**6)["result"]
    (pair,) = [c for c in result["crossovers"] if (c["soft"], c["hard"]) == ("soft-sharp", "hard-sharp")]
    assert pair["gamma_range"][0] > 0.005


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--eps", 2), "eps"),
        (("--eps", 0.1, "--gamma", 0.7), "gamma"),
        (("--eps", 0.1, "--delta", 0.4), "delta"),
        (("--eps", 0.1, "--c", 2), "c:"),
        (("--eps", 0.1, "--bound", "sharp"), "choose from"),
        (("--eps", 0.1, "--bound", "soft-sharp", "--steps", 3), "too few"),
        (("--eps", 0.1, "--bound", "soft-published", "--logit-scale", 3), "soft-published"),
        (("--eps", 0.1, "--data", "nowhere.npz"), "nowhere.npz"),
        (("--eps", 0.1, "--json", "--latex", "-"), "--latex"),
        (("--eps", 0.1, "--plot", "figure.doc"), "figure.doc"),
        (("--eps", 0.1, "--latex", "/nowhere/at/all.tex"), "all.tex"),
        (("--eps", 0.1, "--flips", "none"), "flips"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: tuple[object, ...], says: str) -> None:
    shown = invoke(*arguments)
    assert shown.exit_code == 2
    assert says in shown.stderr
    assert shown.stderr.count("\n") == 1
    assert shown.stdout == ""


def test_data_gives_its_certified_lower_margin_and_its_norms() -> None:
    envelope = result_of("--eps", 0.05, "--data", "synthetic:circle:points=8", "--bound", "soft-published")
    (row,) = envelope["result"]["rows"]
    assert row["gamma"] == pytest.approx(0.1352990250, abs=1e-9)
    assert row["gamma"] <= 0.13529902503654928
    assert envelope["result"]["n"] == 8
    assert envelope["result"]["c"] == pytest.approx(1)
    assert len(envelope["manifest"]["data_sha256"]) == 64


def test_data_with_margin_zero_is_exit_1() -> None:
    shown = invoke("--eps", 0.05, "--data", "synthetic:circle:points=6")
    assert shown.exit_code == 1
    assert "exactly 0" in shown.stderr


def test_a_step_size_too_large_for_a_tiny_margin_leaves_the_other_margins(tmp_path: Path) -> None:
    """The crossovers walk down to margins at which .1 is more than four temperatures."""
    rows = result_of("--eps", 0.01, "--gamma", 0.05, "--n", 100, "--step-size", 0.1)["result"]["rows"]
    assert "hard-tempered" in {row["bound"] for row in rows}


def test_a_margin_typed_beside_data_is_not_called_certified() -> None:
    data = ("--eps", 0.05, "--data", "synthetic:circle:points=8", "--bound", "soft-sharp")
    typed, found = (invoke(*data, *more, "-v").stdout for more in (("--gamma", 0.3), ()))
    assert "gamma as given" in typed
    assert "lower end" not in typed
    assert "lower end" in found


def test_extreme_margins_are_one_line() -> None:
    for bound, gamma in (("hard-gd-published", "1e-200"), ("soft-sharp", "1e-160")):
        shown = invoke("--eps", 0.05, "--n", 10, "--gamma", gamma, "--bound", bound)
        assert shown.exit_code == 2, shown.stdout
        assert "extreme" in shown.stderr


def test_steps_beyond_the_largest_float_are_printed() -> None:
    """T = 9216 / (gamma^4 eps^2) of Corollary 4 is 9.216e347 at gamma = .1, eps = 1e-170."""
    arguments = ("--eps", "1e-170", "--gamma", "0.1", "--n", "10", "--c", "1", "--bound", "soft-published")
    assert "9.22e347" in invoke(*arguments, "-v").stdout
    assert r"9.22 \times 10^{347}" in invoke(*arguments, "--latex", "-").stdout
    steps = result_of(*arguments)["result"]["rows"][0]["steps"]
    assert abs(steps - 9216 * 10**344) <= 1


@pytest.mark.parametrize(("eps", "more"), [("1e-320", ()), ("1e-300", ("--plot", "x.png"))])
def test_numbers_beyond_floats_are_one_line(
    eps: str, more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    both = ("--bound", "soft-published", "--bound", "hard-published")
    shown = invoke("--eps", eps, "--gamma", "0.1", *both, *more)
    assert shown.exit_code == 2, shown.output
    assert shown.stderr.count("\n") == 1
    assert "larger" in shown.stderr
    assert not list(tmp_path.iterdir())


def test_a_margin_known_too_loosely_is_a_warning() -> None:
    """A thousand draws leave gamma_rkhs^2 <= gamma <= gamma_rkhs of such data."""
    data = ("--data", "synthetic:sphere:n=100,d=3", "--margin-draws", 1000, "--bound", "soft-sharp")
    envelope = result_of("--eps", 0.05, *data)
    assert any("lower end" in warning for warning in envelope["warnings"])


def test_a_saved_teacher_gives_the_same_margin(tmp_path: Path) -> None:
    teacher = tmp_path / "teacher.npz"
    data = "synthetic:circle:points=8"
    assert CliRunner().invoke(app, ["margin", data, "--save-teacher", str(teacher)]).exit_code == 0
    saved = result_of("--eps", 0.05, "--data", teacher, "--bound", "soft-sharp")
    direct = result_of("--eps", 0.05, "--data", data, "--bound", "soft-sharp")
    assert widths(saved) == widths(direct)
    assert saved["manifest"]["data_sha256"] == direct["manifest"]["data_sha256"]


def test_an_npz_of_data_is_not_taken_for_a_teacher(tmp_path: Path) -> None:
    data = tmp_path / "data.npz"
    np.savez(data, X=np.array([[1.0, 0.0], [0.0, 1.0]]), y=np.array([1, -1]))
    assert result_of("--eps", 0.05, "--data", data, "--bound", "soft-sharp")["result"]["n"] == 2


def test_figure_is_written(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    chosen = ("--bound", "soft-published", "--bound", "hard-published")
    assert invoke(*EXAMPLE, *chosen, "--plot", path).exit_code == 0
    text = path.read_text()
    assert "soft-published" in text or text.count("<path") > 20


def test_latex_dash_prints_a_document_and_nothing_else() -> None:
    text = invoke(*EXAMPLE, "--latex", "-").stdout
    assert text.startswith(r"\documentclass")
    assert text.rstrip().endswith(r"\end{document}")
    assert r"1.63 \times 10^{9}" in text
    assert r"\toprule" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX engine")
@pytest.mark.parametrize(
    "command", [["compare", *EXAMPLE], ["explain", "soft-sharp-nfree"], ["explain", "hard-published"]]
)
def test_latex_compiles(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "document.tex"
    assert CliRunner().invoke(app, [*command, "--latex", str(path)]).exit_code == 0
    engine = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    done = subprocess.run(engine, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_literature_is_cited_in_order_only() -> None:
    """Each result with its citation; none adds a row or a number to the widths."""
    plain, cited = result_of(*EXAMPLE)["result"], result_of(*EXAMPLE, "--literature")["result"]
    assert plain["literature"] == []
    assert plain["rows"] == cited["rows"]
    first, *others = cited["literature"]
    assert first["source"].startswith("Munteanu")
    assert first["stronger"].startswith("yes")
    assert sum(result["stronger"].startswith("yes") for result in others) == 1
    assert all(result.keys() == {"source", "width", "steps", "hypotheses", "stronger"} for result in others)
    text = invoke(*EXAMPLE, "--literature").stdout
    assert "order only" in text
    assert "2206.12802" in text
    assert "order only" not in invoke(*EXAMPLE).stdout
