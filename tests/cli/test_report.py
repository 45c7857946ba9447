"""`boundcheck report`: real runs become one page that a browser shows; anything else is one line and exit 2."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import boundcheck as bc
from boundcheck.cli import app
from boundcheck.presentation import present, terminal
from boundcheck.presentation.numbers import integer
from boundcheck.records import finite_or_none

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def envelope(*arguments: str) -> str:
    ran = run(*arguments, "--json", "--quiet")
    assert ran.exit_code in (0, 1, 3), ran.output
    return str(ran.stdout)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A run of margin, compare, audit, labels and crowd, and a small width search."""
    folder = tmp_path_factory.mktemp("runs")
    answers = [f"t{j},w{i},{(-1) ** (j + (i * j % 5 == 4))}" for j in range(12) for i in range(4)]
    (folder / "answers.csv").write_text("\n".join(["task,worker,label", *answers]))
    search = ["--eps", "0.3", "--store", str(folder / "runs.sqlite")]
    search += ["--steps", "20", "--max-width", "4", "--max-seeds", "4", "--budget", "20"]
    commands = {
        "margin": ["margin", "synthetic:circle:points=4"],
        "compare": ["compare", "--eps", "0.1", "--gamma", "0.1", "--gamma", "0.3"],
        "audit": ["audit", "gradient"],
        "crowd": ["crowd", str(folder / "answers.csv"), "--method", "mv"],
        "labels": [
            "labels",
            "make",
            "synthetic:circle:points=4",
            "--teacher",
            "smoothing",
            "-o",
            str(folder / "s.npz"),
        ],
        "search": ["verify", "--width-search", "--certificate-time", "0", *search],
        "scales": ["reproduce", "temperature", "--logit-scales", "1,2", *search],
    }
    for name, command in commands.items():
        (folder / f"{name}.json").write_text(envelope(*command))
    return [folder / f"{name}.json" for name in commands]


@pytest.fixture(scope="module")
def made(runs: list[Path]) -> Path:
    out = runs[0].parent / "report.html"
    ran = run("report", *map(str, runs), "-o", str(out))
    assert ran.exit_code == 0, ran.output
    return out


def test_the_page_has_every_run_with_its_numbers_and_figures(made: Path, runs: list[Path]) -> None:
    text = made.read_text()
    assert len(re.findall(r'<section id="part\d+">', text)) == len(runs)
    found = {path.stem: json.loads(path.read_text()) for path in runs}
    for row in found["compare"]["result"]["rows"]:
        assert f">{integer(row['width'])}<" in text
    for path in runs:
        assert path.name in text
    assert found["margin"]["manifest"]["data_sha256"] in text
    assert html.escape(found["scales"]["result"]["statement"], quote=False) in text
    assert text.count("<svg") >= 7
    assert text.count("<math") == len(found["compare"]["result"]["formulas"])


def test_rungs_that_were_not_reached_are_on_the_page(made: Path, runs: list[Path]) -> None:
    """A negative result is shown as large as a positive one."""
    ladder = json.loads(next(path for path in runs if path.stem == "search").read_text())["result"]["ladder"]
    missing = [rung for rung in ladder if rung["width"] is None]
    assert missing
    text = html.unescape(made.read_text())
    for rung in missing:
        assert f"> {rung['searched_to']:,}" in text if rung["searched_to"] else "none found" in text
    assert text.count(">empirical<") == sum(rung["bound"] == "empirical" for rung in ladder)


def test_a_rebuilt_record_is_presented_as_the_command_presents_it(runs: list[Path]) -> None:
    """Nothing is lost on the way through JSON: what the terminal shows at -v is the same, to the letter."""
    for path in runs[:2]:
        again = terminal.text(present(bc.load_result(path)), details=True, width=100)
        assert again == terminal.text(present(_direct(path.stem)), details=True, width=100)


def test_every_result_is_read_back_with_every_digit(runs: list[Path]) -> None:
    for path in runs:
        assert finite_or_none(bc.load_result(path).to_json())[0] == json.loads(path.read_text())["result"], path.name


def _direct(name: str) -> Any:
    if name == "compare":
        return bc.compare(eps=0.1, gamma=[0.1, 0.3])
    return bc.margin(bc.load_dataset("synthetic:circle:points=4"))


def test_the_same_runs_give_the_same_page(made: Path, runs: list[Path], tmp_path: Path) -> None:
    run("report", *map(str, runs), "-o", str(tmp_path / "again.html"))
    assert (tmp_path / "again.html").read_bytes() == made.read_bytes()


def test_a_formula_that_is_not_ours_is_shown_as_text_and_never_evaluated(runs: list[Path], tmp_path: Path) -> None:
    given = json.loads(runs[1].read_text())
    given["result"]["formulas"][0]["formula"] = "__import__('os').mkdir('gone')<script>"
    (tmp_path / "run.json").write_text(json.dumps(given))
    assert run("report", str(tmp_path / "run.json"), "-o", str(tmp_path / "r.html")).exit_code == 0
    text = (tmp_path / "r.html").read_text()
    assert "__import__('os').mkdir('gone')<script>" in html.unescape(text)
    assert "<script" not in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "not of a boundcheck run"),
        (b'{"schema": 2}', "schema 2"),
        (b'{"schema": 1, "command": "margin"}', "'result' is missing"),
        (b'{"schema": 1, "command": "runs list", "result": {}, "warnings": [], "manifest": {}}', "runs list"),
        (b'{"schema": 1, "command": "", "result": {}, "warnings": [], "manifest": {}}', "a run of ''"),
        (b'{"schema": 1, "command": "margin", "result": {}, "warnings": [], "manifest": {}}', "missing"),
        (
            b'{"schema": 1, "command": "audit", "result": {"claims": [3]}, "warnings": [], "manifest": {}}',
            "not what it should be",
        ),
        (
            b'{"schema": 1, "command": "compare", "result": {"eps": [3, "x"]}, "warnings": [], "manifest": {}}',
            "not what it should be",
        ),
        (
            b'{"schema": 1, "command": "audit", "result": {"claims": [], "counts": {}}, "warnings": [], '
            b'"manifest": {"argv": 3}}',
            "not what it should be",
        ),
    ],
)
def test_bad_files_are_one_line_and_exit_2(content: bytes, said: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    ran = run("report", str(bad), "-o", str(tmp_path / "r.html"))
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert str(bad) in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "r.html").exists()


def test_missing_files_and_folders_are_one_line(runs: list[Path], tmp_path: Path) -> None:
    for arguments in (
        [str(tmp_path / "none.json")],
        [str(tmp_path)],
        [str(runs[0]), "-o", str(tmp_path / "no" / "r.html")],
    ):
        ran = run("report", *arguments)
        assert ran.exit_code == 2
        assert ran.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
@pytest.mark.parametrize("size", ["1100,4000", "390,4000"])
def test_chromium_shows_the_page_without_sideways_scrolling(made: Path, size: str, tmp_path: Path) -> None:
    """The page is opened from file://; a script added to a copy reports its width and what it asked for."""
    probe = (
        "<script>document.title=JSON.stringify([document.documentElement.scrollWidth<=innerWidth,"
        "performance.getEntriesByType('resource').length,"
        "[...document.querySelectorAll('svg,math')].every(e=>e.getBoundingClientRect().width>100)])</script></body>"
    )
    copy = tmp_path / "probe.html"
    copy.write_text(made.read_text().replace("</body>", probe))
    assert CHROMIUM is not None
    shared = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shot = tmp_path / "shot.png"
    command = [*shared, f"--window-size={size}", f"--screenshot={shot}", made.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert shot.read_bytes()[:4] == b"\x89PNG"
    assert shot.stat().st_size > 20_000
    command = [*shared, f"--window-size={size}", "--dump-dom", copy.as_uri()]
    shown = subprocess.run(command, check=True, capture_output=True, timeout=120, text=True).stdout
    title = re.search(r"<title>(\[.*?\])</title>", shown)
    assert title is not None
    assert json.loads(title[1]) == [True, 0, True]
