"""`boundcheck reproduce`: tables, JSON, figures, LaTeX, resume and errors, at a tiny scale."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from boundcheck.cli import app
from boundcheck.pipeline import reproduce as _reproduce

TABLE1 = ("table1", "--widths", "4,8", "--runs", "2", "--steps", "5", "--subsample", "200")
FIGURE1 = ("figure1", "--runs", "2", "--noise", "0.01,0.2")


@pytest.fixture(autouse=True)
def few_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reproduce, "MARGIN_DRAWS", 2)
    monkeypatch.setattr(_reproduce, "MARGIN_ROWS", 30)


@pytest.fixture
def tiny_figure1(monkeypatch: pytest.MonkeyPatch) -> None:
    figure1 = pytest.importorskip("boundcheck.experiments.figure1")
    spec = figure1.DeepSpec(convolutions=1, channels=1, batch=16, epochs=2, patience=2)
    monkeypatch.setattr(figure1, "SMALL", figure1.Figure1Settings(teacher=spec, student=spec))
    monkeypatch.setattr(figure1, "SMALL_IMAGES", 60)


def invoke(arguments: Sequence[str], store: Path, *more: object) -> Result:
    return CliRunner().invoke(app, ["reproduce", *arguments, "--store", str(store), *map(str, more)])


@pytest.mark.slow
def test_table1_prints_both_tables_writes_its_files_and_resumes(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    store, plot, tex = tmp_path / "s.sqlite", tmp_path / "t.png", tmp_path / "t.tex"
    shown = invoke(TABLE1, store, "--plot", plot, "--latex", tex)
    assert shown.exit_code == 0, shown.stderr
    assert "Table 1 on sklearn:digits: of the paper's claims, (a)" in shown.stdout
    assert "2 seeds a cell" in shown.stdout
    assert all(number in shown.stdout for number in ("98.75", "93.04", "95.62", "(a)", "(b)", "(d)"))
    assert plot.stat().st_size > 10_000
    text = tex.read_text()
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 5
    assert "93.04" in text
    assert r"\%" in text
    envelope = json.loads(invoke(TABLE1, store, "--json").stdout)
    result = envelope["result"]
    assert envelope["command"] == "reproduce table1"
    assert len(envelope["manifest"]["data_sha256"]) == 64
    assert [(row["data"], row["width"]) for row in result["rows"]] == [
        (name, width) for name in ("without 1,4,7,9", "all digits") for width in (4, 8)
    ]
    least = 2 * (1 + 60 * 2 * 2 + 2 * 2 * 2)  # teacher, choice, evaluation in each one's own way
    assert least <= result["cells_reused"] <= least + 2 * 2 * 2 * 2  # and at the same radius where that is another
    assert len(result["equal_footing"]) == 2 * 2 * 4 * 3  # data, widths, radii, temperatures
    assert {claim["id"] for claim in result["claims"]} == {"a", "b", "d"}
    assert all(set(claim) == {"id", "statement", "verdict", "evidence"} for claim in result["claims"])


def test_figure1_prints_both_curves_writes_its_files_and_resumes(tmp_path: Path, tiny_figure1: None) -> None:
    store, plot, tex = tmp_path / "s.sqlite", tmp_path / "f.svg", tmp_path / "f.tex"
    shown = invoke(FIGURE1, store, "--plot", plot, "--latex", tex)
    assert shown.exit_code == 0, shown.stderr
    assert "Figure 1 on shapes:n=60: of the paper's claims, " in shown.stdout
    assert "2 runs a cell" in shown.stdout
    assert all(number in shown.stdout for number in ("82.5", "74.7", "76.0", "+8.2"))
    assert "not shown to beat a coin at variance 0.01, 0.2" in " ".join(shown.stdout.split())
    assert "<svg" in plot.read_text()
    assert "82.5" in tex.read_text()
    result = json.loads(invoke(FIGURE1, store, "--json").stdout)["result"]
    assert result["cells_reused"] == 4
    assert [row["noise"] for row in result["rows"]] == [0.01, 0.2]
    assert {claim["verdict"] for claim in result["claims"]} <= {"holds", "refuted", "undecided"}


def test_figure1_at_small_scale_takes_few_small_images_of_the_users(tmp_path: Path, tiny_figure1: None) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "pets.npz", X=rng.integers(0, 256, (90, 32, 32, 3), dtype=np.uint8), y=np.arange(90) % 2)
    for more, n in (((), 60), (("--subsample", "40"), 40)):
        ran = invoke((*FIGURE1, "--data", str(tmp_path / "pets.npz"), *more), tmp_path / "s.sqlite", "--json")
        result = json.loads(ran.stdout)["result"]
        assert (result["n"], result["data"]) == (n, f"pets.npz, {n} of 90 images, 16 x 16 pixels")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table1", "--widths", "3"], "--widths '3': must be even numbers"),
        (["table1", "--widths", ""], "must be even numbers"),
        (["table1", "--train-share", "1"], "--train-share 1 is outside (0, 1)"),
        (["table1", "--data", "synthetic:pair:angle=30"], "synthetic:pair"),
        (["table1", "--plot", "x.gif"], "unknown kind of figure"),
        (["table1", "--latex", "nowhere/x.tex"], "nowhere/x.tex: cannot be written"),
        (["figure1", "--noise", "0.1,x"], "--noise '0.1,x': must be positive variances"),
        (["figure1", "--noise", "-1"], "must be positive variances"),
        (["figure1", "--scale", "paper"], "--scale paper: needs the paper's kind of images"),
        (["figure1", "--temperature", "0"], "--temperature 0 is not positive"),
        (["figure1", "--data", "missing.npz"], "missing.npz"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    shown = invoke(arguments, tmp_path / "s.sqlite")
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert len(shown.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["table1", "figure1"])
def test_help_has_an_example(command: str) -> None:
    shown = CliRunner().invoke(app, ["reproduce", command, "--help"])
    assert f"Example: boundcheck reproduce {command}" in shown.stdout
