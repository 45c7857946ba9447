"""Trouble with standard streams and with files written: one line and exit code 4, and never the code of a verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPARE = ["compare", "--eps", "0.05", "--gamma", "0.1", "--n", "10"]
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


def shell(script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which "$@" is boundcheck with these words; the exit code is that of the last command."""
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "boundcheck", *words]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("words", [COMPARE, [*COMPARE, "--json"], ["--help"]], ids=["table", "json", "help"])
def test_a_reader_that_goes_away_ends_it_silently(words: list[str]) -> None:
    ran = shell('"$@" | true; exit ${PIPESTATUS[0]}', *words)
    assert (ran.returncode, ran.stdout, ran.stderr) == (141, "", "")


def test_head_reads_its_line(tmp_path: Path) -> None:
    ran = shell('"$@" | head -1; exit ${PIPESTATUS[0]}', *COMPARE)
    assert ran.returncode in (0, 141), "0 where all fitted in the pipe before head left"
    assert "n = 10 " in ran.stdout
    assert ran.stderr == ""


@needs_full
@pytest.mark.parametrize(
    "words", [COMPARE, [*COMPARE, "--json"], ["--help"], ["--version"]], ids=["table", "json", "help", "version"]
)
def test_a_full_disk_is_one_line_and_exit_code_4(words: list[str]) -> None:
    ran = shell('"$@" > /dev/full', *words)
    assert ran.returncode == 4
    assert ran.stderr.startswith("boundcheck: error: standard output: cannot be written (No space left on device)")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [COMPARE, ["--help"]], ids=["table", "help"])
def test_a_closed_output_is_one_line_and_exit_code_4(words: list[str]) -> None:
    ran = shell('"$@" >&-', *words)
    assert ran.returncode == 4
    assert "standard output: " in ran.stderr
    assert "closed" in ran.stderr
    assert ran.stderr.count("\n") == 1


@needs_full
@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full", "2> >(true)"])
def test_trouble_with_standard_error_changes_nothing(stderr: str) -> None:
    small_c = [*COMPARE, "--c", "0.15"]  # which is warned of
    assert shell(f'"$@" {stderr}', *small_c, "--json").returncode == 0
    assert shell(f'"$@" {stderr}', "--no-such-option").returncode == 2


def test_a_name_that_the_terminal_cannot_spell_is_no_trouble(tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    rows = [f"t{t},{w},{(t + (w == 'bob')) % 2}" for t in range(6) for w in ("zoé", "bob", "ann")]
    answers.write_text("task,worker,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    ran = shell('"$@"', "crowd", str(answers), "--method", "ds1", "-v", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.returncode == 0, ran.stderr
    assert "zo\\xe9" in ran.stdout
    wrong = shell('"$@"', "margin", "zoé.npz", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert wrong.returncode == 2
    assert "zo\\xe9.npz" in wrong.stderr


@needs_full
@pytest.mark.parametrize(
    "words",
    [
        [*COMPARE, "--latex", "full.tex"],
        ["margin", "synthetic:circle:points=4", "--plot", "full.png"],
        ["labels", "make", "synthetic:circle:points=4", "--teacher", "smoothing", "-o", "full.npz"],
        ["margin", "synthetic:circle:points=4", "--save-teacher", "full.npz"],
        ["runs", "export", "full.csv"],
        ["--log-file", "full.log", *COMPARE],
    ],
    ids=lambda words: words[-2],
)
def test_a_file_that_cannot_be_written_is_one_line_and_exit_code_4(words: list[str], tmp_path: Path) -> None:
    for ending in ("tex", "png", "npz", "csv", "log"):
        (tmp_path / f"full.{ending}").symlink_to("/dev/full")
    ran = shell(f'cd {tmp_path} && "$@"', *words, BOUNDCHECK_STORE="", HOME=str(tmp_path))
    assert ran.returncode == 4, ran.stderr
    assert "full." in ran.stderr
    assert "cannot be written (No space left on device)" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["labels"], ["runs"]], ids=["boundcheck", "labels", "runs"])
def test_a_bare_command_shows_its_help_and_no_error(words: list[str]) -> None:
    ran = shell('"$@"', *words)
    assert "Usage: " in ran.stdout
    assert ran.stderr == ""
    assert ran.returncode == 2
