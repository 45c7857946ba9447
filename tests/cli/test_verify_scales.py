"""`boundcheck reproduce temperature` and `reproduce scaling` from the outside."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from boundcheck import bounds
from boundcheck.cli import app

SMALL = ["--eps", "0.1", "--steps", "400", "--max-seeds", "100", "--max-width", "256"]
QUICK = ["temperature", "--logit-scales", "10,0.3", *SMALL]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Invoke `boundcheck reproduce` with a run store of its own."""
    monkeypatch.setenv("BOUNDCHECK_STORE", str(tmp_path / "runs.sqlite"))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["reproduce", *arguments])

    return invoke


def test_every_scale_has_soft_and_hard_searches_beside_the_sharp_bounds_there(run: Any, tmp_path: Path) -> None:
    figure = tmp_path / "a.png"
    result = run(*QUICK, "--json", "--plot", str(figure))
    assert result.exit_code == 0, result.stderr
    assert figure.stat().st_size > 5000
    body = json.loads(result.stdout)["result"]
    assert [row["logit_scale"] for row in body["rows"]] == [0.3, 10]
    for row in body["rows"]:
        assert row["soft"]["radius"] == row["hard"]["radius"] == row["logit_scale"]
        assert row["soft"]["steps"] == row["hard"]["steps"] == 400
        # four searches share the 5 %
        assert row["soft"]["confidence"] == row["hard"]["confidence"] == pytest.approx(1 - 0.05 / 4)
        for at in row["bounds"]:
            again = bounds.evaluate(
                at["bound"], gamma=body["gamma"]["lower"], eps=0.1, n=8, c=1, logit_scale=row["logit_scale"]
            )
            assert at["width"] == again.width
    softest, sharpest = body["rows"]
    assert softest["bounds"][0]["width"] < sharpest["bounds"][0]["width"] / 5
    assert softest["soft"]["bracket"][1] <= softest["hard"]["bracket"][0]
    assert 0.3 in body["fewer_than_hard"]
    assert body["trend"] in ("falls", "cannot be told")


def test_the_table_says_what_can_be_concluded(run: Any) -> None:
    result = run("temperature", "--logit-scales", "1,3", *SMALL, "--budget", "30")
    assert result.exit_code == 3
    assert "cut short" in result.stdout
    assert "soft-sharp" in result.stdout


def test_data_of_margin_zero_has_no_teacher(run: Any) -> None:
    result = run(*QUICK, "synthetic:circle:points=6")
    assert result.exit_code == 1
    assert "no margin" in result.stdout


def test_exponents_of_searches_cut_short_are_undecided_and_name_them(run: Any) -> None:
    quick = ["scaling", "gamma", "--steps", "20", "--max-width", "4", "--max-seeds", "2"]
    cut = "hard own B at synthetic:circle:points=20, eps = 0.05"
    result = run(*quick, "--budget", "2")
    assert result.exit_code == 3, result.stderr
    (line,) = (line for line in result.stdout.splitlines() if "cut short" in line)
    assert cut in line
    result = run(*quick, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["result"]["cut"] == []
    assert cut in json.loads(run(*quick, "--budget", "2", "--json").stdout)["result"]["cut"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["temperature", "--logit-scales", "1"], "two"),
        (["temperature", "--logit-scales", "1,x"], "1,10"),
        (["temperature", "--logit-scales", "0,1"], "positive"),
        (["temperature", "--logit-scales", "1,1000"], "kappa"),
        (["temperature", "--logit-scales", "1,2", "--radius", "2"], "--radius"),
        (["temperature", "--confidence", "2"], "--confidence 2"),
        (["scaling", "gamma", "synthetic:circle:points=8"], "synthetic"),
        (["scaling", "d"], "gamma"),
        (["scaling", "eps", "--eps", "0.1"], "--eps"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(run: Any, arguments: list[str], named: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    assert named in result.stderr
