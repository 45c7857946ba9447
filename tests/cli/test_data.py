"""`boundcheck data`, the warnings about preparation, and what the manifest says was done to the rows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from boundcheck.cli import app
from boundcheck.datasets import load_dataset

ROWS = "row,a,b,c,y\n" + "".join(
    f"{i},{1000 * x:.3f},{z:.3f},{'?' if i == 3 else 'uv'[i % 2]},{'yes' if x + z > 0 else 'no'}\n"
    for i, (x, z) in enumerate(np.random.default_rng(5).normal(size=(40, 2)))
)


def run(*args: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, list(map(str, args)))
    assert result.exit_code == code, result.output
    return result


def envelope(*args: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*args, "--json").stdout)
    return found


@pytest.fixture
def table(tmp_path: Path) -> str:
    (tmp_path / "t.csv").write_text(ROWS)
    return str(tmp_path / "t.csv")


def test_a_table_is_described_and_the_best_recipe_named(table: str) -> None:
    result = envelope("data", table, "--target", "y", "--ignore", "row")["result"]
    assert (result["n"], result["d"], result["missing"]) == (40, 3, 1)
    assert {c["name"]: (c["kind"], c["missing"], c["categories"]) for c in result["columns"]} == {
        "a": ("numbers", 0, None),
        "b": ("numbers", 0, None),
        "c": ("text", 1, 2),
    }
    assert {c["name"]: c["sign"] for c in result["classes"]} == {"yes": 1, "no": -1}
    assert result["scale_ratio"] > 100
    assert all(r["prepare"].startswith("impute,onehot") for r in result["recipes"])
    best = max(result["recipes"], key=lambda r: r["gamma_rkhs"]["lower"])
    assert best["relative_width"] == 1
    assert result["recommended"] == {"prepare": best["prepare"], "normalize": best["normalize"]}
    first = result["recipes"][0]
    ratio = best["gamma_rkhs"]["lower"] / first["gamma_rkhs"]["lower"]
    assert first["relative_width"] == pytest.approx(ratio**2)


def test_the_command_that_comes_next_has_the_margin_promised(table: str) -> None:
    shown = run("data", table, "--target", "y", "--ignore", "row").stdout
    _, _, command = shown.rpartition("Next: boundcheck ")
    found = envelope(*command.split(), "--norm", "rkhs")["result"]["gamma_rkhs"]["lower"]
    recipes = envelope("data", table, "--target", "y", "--ignore", "row")["result"]["recipes"]
    assert found == pytest.approx(max(r["gamma_rkhs"]["lower"] for r in recipes), rel=1e-9)


def test_repeats_contradictions_and_antipodes_are_counted(tmp_path: Path) -> None:
    X = np.array([[1.0, 2], [1, 2], [1, 2], [-1, -2], [3, 0], [-3, -0.0], [0, 0], [5, 5]])
    np.savez(tmp_path / "d.npz", X=X, y=[0, 0, 1, 0, 1, 1, 0, 1])
    result = envelope("data", tmp_path / "d.npz")["result"]
    assert (result["duplicates"], result["contradictions"], result["antipodal"]) == (2, 1, 2)
    first = result["recipes"][0]
    assert first["gamma_rkhs"] is None
    assert "row 6 (counting from 0) is zero" in first["said"]
    assert result["recommended"] is None  # the contradiction survives every recipe
    assert "gamma = 0 after every recipe" in run("data", tmp_path / "d.npz").stdout


def test_large_data_are_compared_on_rows_that_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boundcheck.pipeline.data.SAMPLE", 20)
    assert envelope("data", "synthetic:sphere:n=50,d=3")["result"]["sampled"] == 20
    assert "20 of 50 rows, drawn with --seed" in run("data", "synthetic:sphere:n=50,d=3").stdout


def test_steps_that_were_typed_are_a_recipe_and_are_written(tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    found = envelope("data", "synthetic:gauss:n=30,d=4", "--prepare", "center,pca=2", "-o", out)
    assert found["result"]["recipes"][-1]["prepare"] == "center,pca=2"
    direct = load_dataset("synthetic:gauss:n=30,d=4", prepare="center,pca=2")
    assert load_dataset(str(out), normalize="none").digest == direct.digest == found["manifest"]["data_sha256"]
    assert f"Next: boundcheck margin {out} --normalize none" in " ".join(
        run("data", "synthetic:gauss:n=30,d=4", "-o", out).stdout.split()
    )
    assert "-o FILE.npz" in run("data", "synthetic:gauss", "-o", tmp_path / "x.csv", code=2).stderr


def test_margin_names_a_preparation_that_would_raise_gamma_far(table: str) -> None:
    options = ("--target", "y", "--ignore", "row,c")
    (said,) = envelope("margin", table, *options, "--norm", "rkhs")["warnings"]
    assert "columns differ in scale by a factor of" in said
    assert "--normalize unit would raise gamma (RKHS norm) from" in said
    assert envelope("margin", table, *options, "--norm", "rkhs", "--prepare", "standardize")["warnings"] == []
    assert envelope("margin", "synthetic:sphere:n=9,d=3", "--norm", "rkhs")["warnings"] == []


def test_the_manifest_and_one_line_say_what_was_done(table: str, tmp_path: Path) -> None:
    options = ("--target", "y", "--ignore", "row", "--prepare", "impute=drop,onehot,bias=2", "--normalize", "unit")
    manifest = envelope("margin", table, *options, "--norm", "rkhs")["manifest"]
    assert manifest["classes"] == {"positive": ["yes"], "negative": ["no"]}
    assert [s["name"] for s in manifest["preparation"]["steps"]] == ["impute", "onehot", "bias"]
    assert manifest["preparation"]["steps"][2]["learned"] == {"value": 2.0}
    assert manifest["left_out"] == ["column 'row' (--ignore)", "1 rows with missing values left out"]
    assert manifest["file_sha256"] == hashlib.sha256(ROWS.encode()).hexdigest()
    line = " ".join(run("margin", table, *options, "--norm", "rkhs").stdout.split())
    assert "39 rows, 5 columns; +1: yes; -1: no; left out: column 'row' (--ignore), 1 rows" in line
    teacher = tmp_path / "t.npz"
    run("margin", table, *options, "--norm", "rkhs", "--save-teacher", teacher)
    assert b'"bias"' in np.load(teacher)["preparation"].item()


def test_other_commands_say_what_they_were_made_of(table: str, tmp_path: Path) -> None:
    options = ("--target", "y", "--ignore", "row", "--prepare", "impute=drop,onehot", "--eps", 0.1, "--gamma", 0.1)
    compared = envelope("compare", "--data", table, *options)["manifest"]
    assert (compared["classes"]["positive"], compared["preparation"]["normalize"]) == (["yes"], "max")
    line = " ".join(run("compare", "--data", table, *options).stdout.split())
    assert "39 rows, 4 columns; +1: yes; -1: no; left out: column 'row' (--ignore), 1 rows" in line
    answers = tmp_path / "answers.csv"
    answers.write_text("task,worker,label\na,1,1\na,2,1\nb,1,0\nb,2,0\n")
    sha = hashlib.sha256(answers.read_bytes()).hexdigest()
    assert envelope("crowd", answers, "--method", "mv")["manifest"]["files"] == {str(answers): sha}
    assert f"made of {answers} (file {sha[:12]})" in " ".join(run("crowd", answers, "--method", "mv").stdout.split())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--prepare", "nothing"), "--prepare has no step 'nothing'"),
        (("--prepare", "pca=x"), "write pca=K"),
        (("--split", "test"), "no held-out rows"),
        (("--ignore", "z"), "--ignore names 'z'"),
        (("--keys", "a,b"), "--keys names arrays of a .npz"),
        ((), "holds text"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(table: str, args: tuple[str, ...], words: str) -> None:
    full = args if args else ("--prepare", "impute")
    result = run("margin", table, "--target", "y", *full, code=2)
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
