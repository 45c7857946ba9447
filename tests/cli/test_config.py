"""Flags from a TOML file, what is in force as a TOML file, and a log: once, for every command."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command
from typer.testing import CliRunner

from boundcheck.cli import app, config

COMMANDS = dict(config.commands(get_command(app)))
ARGUMENTS = {
    "data": ["sklearn:wine"],
    "crowd": ["answers.csv"],
    "distill": ["sklearn:breast_cancer"],
    "explain": ["soft-published"],
    "labels check": ["p.npz"],
    "labels cost": ["p.npz"],
    "labels make": ["synthetic:circle"],
    "margin": ["synthetic:circle"],
    "report": ["a.json", "b.json"],
    "reproduce scaling": ["gamma"],
    "runs export": ["runs.csv"],
    "runs show": ["1"],
}


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def in_force(*arguments: str) -> dict[str, Any]:
    """The one table that --print-config prints."""
    ran = run(*arguments)
    assert ran.exit_code == 0, ran.output
    table: dict[str, Any] = tomllib.loads(ran.stdout)
    while len(table) == 1:
        (table,) = table.values()
    return table


def file(folder: Path, text: str) -> str:
    path = folder / "run.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_what_is_printed_reads_back_to_the_same(command: str, tmp_path: Path) -> None:
    words = [*command.split(), *ARGUMENTS.get(command, [])]
    for name, param in COMMANDS[command].items():
        if param.required and f"--{name}" in param.opts:
            words += [f"--{name}", "0.5" if name == "eps" else "kernel" if name == "teacher" else "out.npz"]
    first = run("--print-config", *words, "--seed", "7")
    assert first.exit_code == 0, first.output
    (tmp_path / "run.toml").write_text(first.stdout)
    second = run("--config", str(tmp_path / "run.toml"), "--print-config", *command.split())
    assert second.exit_code == 0, second.output
    assert second.stdout == first.stdout
    assert "seed = 7" in first.stdout


def test_the_command_line_wins_over_the_table_and_the_table_over_the_top(tmp_path: Path) -> None:
    path = file(tmp_path, "eps = 0.3\nseed = 2\ndelta = 0.01\n[compare]\neps = [0.2, 0.1]\nseed = 3\n")
    found = in_force("--config", path, "--print-config", "compare", "--seed", "4")
    assert (found["eps"], found["seed"], found["delta"]) == ([0.2, 0.1], 4, 0.01)
    assert in_force("--config", path, "--print-config", "verify")["eps"] == 0.3
    assert in_force("--config", path, "--print-config", "compare", "--eps", "0.4")["eps"] == [0.4]


def test_a_run_uses_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, 'json = true\n[compare]\neps = 0.2\ngamma = [0.1, 0.25]\nbound = "soft-published"\n')
    ran = run("--config", path, "compare")
    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)["result"]["rows"]
    assert [(row["eps"], row["gamma"]) for row in rows] == [(0.2, 0.1), (0.2, 0.25)]


def test_data_may_stand_in_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, '[margin]\ndata = "synthetic:circle:points=4"\ntime_limit = 5\n')
    found = in_force("--config", path, "--print-config", "margin")
    assert (found["data"], found["time-limit"]) == ("synthetic:circle:points=4", 5.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epz = 1", "did you mean 'eps'"),
        ("[compare]\ngama = 1", "did you mean 'gamma'"),
        ("[margni]\neps = 1", "did you mean 'margin'"),
        ("[labels]\nalpha = 0.1", "[labels.check]"),
        ("[labels.mak]\nalpha = 0.1", "unknown key"),
        ("help = true", "unknown key"),
        ('json = "yes"', "not true or false"),
        ("verbose = 1.5", "not an integer"),
        ("delta = [0.1]", "not one number or string"),
        ("seed = true", "not one number or string"),
        ("eps = 1979-05-27", "not"),
        ("eps = {a = 1}", "unknown key"),
        ("eps = ", "not TOML"),
        ("a = " + "[" * 10_000, "not TOML"),
    ],
)
def test_bad_files_are_one_line_and_exit_2(text: str, said: str, tmp_path: Path) -> None:
    path = file(tmp_path, text)
    ran = run("--config", path, "audit", "gradient")
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert path in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not ran.stdout


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_unreadable_files_are_one_line(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    ran = run("--config", str(path), "audit", "gradient")
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1


def test_values_are_checked_as_on_the_command_line(tmp_path: Path) -> None:
    """3.7 is no seed: it is refused, not rounded."""
    script = [sys.executable, "-m", "boundcheck", "--config", file(tmp_path, "seed = 3.7"), "audit", "gradient"]
    ran = subprocess.run(script, capture_output=True, text=True)
    assert ran.returncode == 2
    assert "--seed" in ran.stderr
    assert ran.stderr.count("\n") == 1


@given(st.text())
def test_every_string_survives(text: str) -> None:
    written = config.written("margin", {"data": text}, COMMANDS["margin"])
    assert tomllib.loads(written)["margin"]["data"] == text


@given(st.floats(allow_nan=False))
def test_every_float_survives(value: float) -> None:
    written = config.written("margin", {"tolerance": value}, COMMANDS["margin"])
    assert tomllib.loads(written)["margin"]["tolerance"] == value


def test_the_log_tells_beginning_progress_warnings_and_end(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    ran = run("--log-file", str(log), "compare", "--eps", "0.2", "--gamma", "0.1", "--quiet", "--json")
    assert ran.exit_code == 0, ran.output
    lines = log.read_text().splitlines()
    assert "compare: started" in lines[0]
    assert any(line.endswith("compare: bounds") for line in lines)
    assert "finished with exit code 0" in lines[-1]
    run("--log-file", str(log), "compare", "--eps", "2")
    more = log.read_text().splitlines()
    assert more[: len(lines)] == lines
    assert "exit code 2" in more[-1]
    assert "error:" in more[-1]


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    ran = run("--log-file", str(tmp_path / "no" / "run.log"), "audit", "gradient")
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1


def test_nothing_stays_behind_after_a_command() -> None:
    run("--print-config", "compare")
    assert config.settings.get() is config.NOTHING


def test_toml_is_read_only_where_a_file_is_given() -> None:
    script = "import sys; from boundcheck.cli import app; app(['explain', '--help'], standalone_mode=False)"
    code = f"try:\n    {script}\nexcept SystemExit:\n    pass\nprint('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"tomllib", "numpy", "jax", "sympy"} & set(out.rsplit("LOADED", 1)[1].split())
