"""`boundcheck runs`: what it prints, its JSON, its files and its errors."""

import csv
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from search.bernoulli import SPEC
from typer.main import get_command
from typer.testing import CliRunner, Result

from boundcheck.cli import app
from boundcheck.cli.config import commands
from boundcheck.records import TrainingRun, TrainingSpec
from boundcheck.records.runs import Setting
from boundcheck.search import Store

SOFT = TrainingSpec(labels="soft", loss="kl", radius=math.inf, step_size=2.0, steps=50)
RUNS = [TrainingRun(8, 0, 0.1, 0.2, 0.0, 0.0, 0.25, 0.5, 50), TrainingRun(8, 1, 0.3, 0.4, 0.1, 0.0, 0.35, 0.7, 50)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with two settings: number 1, hard labels, one run; number 2, soft labels, two runs."""
    path = tmp_path / "runs.sqlite"
    with Store(path) as opened:
        hard = Setting("0123456789abcdef", "t", SPEC, 0.05, "1", "synthetic:circle:points=8")
        early = replace(RUNS[0], width=64, decided_early=True, average_error_bounds=(0.06, 0.9))
        opened.finished(hard).save([early])
        opened.finished(replace(hard, spec=SOFT, eps=None)).save(RUNS)
    return path


def invoke(store: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["runs", *map(str, arguments), "--store", str(store)])


def test_every_command_with_a_store_names_its_variable() -> None:
    stores = [params["store"].help for _, params in commands(get_command(app)) if "store" in params]
    assert len(stores) == 12
    assert all("$BOUNDCHECK_STORE" in text for text in stores)


def test_list_shows_every_setting(store: Path) -> None:
    shown = invoke(store, "list")
    assert shown.exit_code == 0
    lines = [line for line in shown.stdout.splitlines() if "synthetic:circle:points=8" in line]
    assert len(lines) == 2
    assert "soft kl" in lines[0]
    assert "inf" in lines[0]
    assert "hard logistic" in lines[1]
    assert "0.05" in lines[1]


def test_list_in_json_is_one_object(store: Path) -> None:
    envelope = json.loads(invoke(store, "list", "--json").stdout)
    assert envelope["command"] == "runs list"
    soft, hard = envelope["result"]["settings"]
    assert (soft["id"], soft["runs"], soft["widths"]) == (2, 2, [8])
    assert soft["setting"]["spec"]["radius"] is None, "infinity is null in JSON, with a warning"
    assert envelope["warnings"]
    assert hard["setting"]["eps"] == 0.05


def test_an_empty_store_has_no_runs(tmp_path: Path) -> None:
    Store(tmp_path / "new.sqlite").close()
    shown = invoke(tmp_path / "new.sqlite", "list")
    assert shown.exit_code == 0
    assert "no runs yet" in shown.stdout


def test_show_averages_the_runs_of_a_width(store: Path) -> None:
    (row,) = json.loads(invoke(store, "show", 2, "--json").stdout)["result"]["widths"]
    assert row == pytest.approx(
        {
            "width": 8, "runs": 2, "mean_error": 0.2, "smallest_error": 0.1, "largest_error": 0.3,
            "final_error": 0.05, "flip_fraction": 0.3, "movement": 0.6,
        }
    )  # fmt: skip
    assert "0.2" in invoke(store, "show", 2).stdout


def test_export_to_json_and_csv_says_the_same(store: Path, tmp_path: Path) -> None:
    table, objects = tmp_path / "runs.csv", tmp_path / "runs.json"
    assert json.loads(invoke(store, "export", table, "--json").stdout)["result"] == {"file": str(table), "runs": 3}
    assert invoke(store, "export", objects).exit_code == 0
    rows = json.loads(objects.read_text())
    assert [*csv.reader(table.read_text().splitlines())][1:] == [
        ["" if value is None else str(value) for value in row.values()] for row in rows
    ]
    soft = [row for row in rows if row["labels"] == "soft"]
    for row, run in zip(soft, RUNS, strict=True):
        kept = {k: v for k, v in asdict(run).items() if k != "average_error_bounds"}
        assert kept.items() <= row.items()
        assert row["average_error_lower"] == row["average_error_upper"] == run.average_error
        assert row["spec_steps"] == SOFT.steps
    (hard,) = (row for row in rows if row["labels"] == "hard")
    assert (hard["average_error_lower"], hard["average_error_upper"], hard["stop_eps"]) == (0.06, 0.9, 0.05)


def test_export_of_one_setting(store: Path, tmp_path: Path) -> None:
    invoke(store, "export", tmp_path / "one.json", 1)
    assert [row["width"] for row in json.loads((tmp_path / "one.json").read_text())] == [64]


def test_prune_deletes_what_it_names(store: Path) -> None:
    assert json.loads(invoke(store, "prune", "--older-than", 1, "--json").stdout)["result"]["removed"] == 0
    assert json.loads(invoke(store, "prune", 2, "--json").stdout)["result"]["removed"] == 2
    assert "1 runs deleted" in invoke(store, "prune", "--all").stdout
    assert "no runs yet" in invoke(store, "list").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", 9], "has no setting 9"),
        (["prune"], "say what to delete"),
        (["prune", 9], "has no setting 9"),
        (["export", "runs.txt"], "must end in .csv or .json"),
        (["export", "/proc/none/runs.csv"], "cannot be written"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_two(store: Path, arguments: list[object], message: str) -> None:
    refused = invoke(store, *arguments)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["list", "show", "export", "prune"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: boundcheck runs {command}" in CliRunner().invoke(app, ["runs", command, "--help"]).stdout


@pytest.mark.parametrize("words", [("list",), ("show", "1"), ("export", "runs.csv"), ("prune", "--all")])
def test_a_store_that_is_not_there_is_not_created(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ({}, {"BOUNDCHECK_STORE": "typo"}):
        ran = CliRunner(env=place).invoke(app, ["runs", *words, *([] if place else ["--store", "typo"])])
        assert ran.exit_code == 2
        assert "run store typo: no such file" in ran.stderr
        assert list(tmp_path.iterdir()) == []
