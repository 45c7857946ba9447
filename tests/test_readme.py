"""Every console block of README.md is run, and its output is what README.md shows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import boundcheck as bc
from boundcheck.presentation import present
from boundcheck.presentation.document import Answer

README = Path(__file__).parents[1] / "README.md"


def console_blocks() -> list[list[tuple[str, str]]]:
    """Each ```console block as (command, expected output) pairs; a line of `...` matches any lines."""
    blocks = []
    for body in re.findall(r"^```console\n(.*?)^```", README.read_text(), flags=re.S | re.M):
        parts = re.split(r"^\$ (.*)\n", body, flags=re.M)
        assert not parts[0].strip(), "a console block begins with a command"
        blocks.append(list(zip(parts[1::2], parts[2::2], strict=True)))
    return blocks


def matches(expected: str, actual: str) -> bool:
    """Whether `actual` is `expected`, where `...` stands for any text (as in doctest's ELLIPSIS)."""
    pieces = [re.escape(p) for p in expected.strip().split("...")]
    return re.fullmatch(r"[\s\S]*?".join(pieces), actual.strip()) is not None


@pytest.mark.slow
@pytest.mark.parametrize("block", console_blocks(), ids=lambda block: block[0][0][:60])
def test_readme_shows_real_output(block: list[tuple[str, str]], tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "COLUMNS": "110",
        "NO_COLOR": "1",
        "BOUNDCHECK_STORE": str(tmp_path / "runs.sqlite"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    for command, expected in block:
        assert shlex.split(command)[0] in {"boundcheck", "python"}, command
        ran = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        actual = "\n".join(line.rstrip() for line in ran.stdout.splitlines())
        assert matches(expected, actual), f"$ {command}\n--- README\n{expected}\n--- now\n{actual}\n{ran.stderr}"


def test_its_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", README.read_text(), flags=re.S | re.M)
    exec(block, {})
    assert float(capsys.readouterr().out) == pytest.approx(0.135299, abs=1e-6)


def test_the_answer_about_students_is_the_stored_one() -> None:
    stored = bc.load_result(README.parent / "notebooks" / "results" / "distill-digits.json")
    answer = next(block for block in present(stored).blocks if isinstance(block, Answer))
    assert f"> {answer.text}\n" in README.read_text()


def test_it_is_one_page() -> None:
    prose = re.sub(r"^```.*?^```|^\|.*?$", "", README.read_text(), flags=re.S | re.M)
    assert len(prose.split()) <= 1100


def test_the_matcher_is_strict() -> None:
    assert matches("a ... c", "a b b c\n")
    assert not matches("a ... c", "a b b d")
    assert not matches("0.1353", "0.1354")


def test_its_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README.read_text())
    assert pictures
    assert all((README.parent / picture).is_file() for picture in pictures)


def test_ci_runs_the_command_that_readme_gives() -> None:
    script = (README.parent / ".ci" / "run").read_text()
    assert "README.md" in script
    assert "<!-- test command -->" in README.read_text()
