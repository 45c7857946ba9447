"""The commands that a user waits for, as whole processes: `pytest tests/benchmarks/bench_commands.py --benchmark-only`.

Each states its goal (two cores, quiet machine) in `extra_info`; what needs ../shared/data is skipped without it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist10k.npz"
DIGITS = "sklearn:digits --positive 5,6,7,8,9"
MARGINS = {
    "digits": (DIGITS, 0.01, 60),
    "digits without 1, 4, 7, 9": (f"{DIGITS} --drop 1,7,4,9", 0.01, 60),
    "2,000 MNIST digits": (f"{MNIST} --positive 5,6,7,8,9 --subsample 2000", 0.02, 60),
    "10,000 MNIST digits": (f"{MNIST} --positive 5,6,7,8,9", 0.03, 300),
}


def run(arguments: str, store: Path) -> str:
    """Standard output of one command, which must end well or undecided."""
    environment = os.environ | {"BOUNDCHECK_STORE": str(store / "runs.sqlite")}
    command = [sys.executable, "-m", "boundcheck", *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


@pytest.mark.benchmark(group="start-up: boundcheck --help", min_rounds=5)
def test_help(benchmark: Any, tmp_path: Path) -> None:
    benchmark.extra_info["goal"] = "0.5 s"
    assert "width" in benchmark(run, "--help", tmp_path)
    assert benchmark.stats.stats.median < 0.5


@pytest.mark.benchmark(group="compare, the default table")
def test_compare(benchmark: Any, tmp_path: Path) -> None:
    assert "soft-published" in benchmark.pedantic(run, ("compare --eps 0.01 --gamma 0.05 --n 1000", tmp_path), rounds=3)


@pytest.mark.benchmark(group="verify --width-search, no data, cold")
def test_default_search(benchmark: Any, tmp_path: Path) -> None:
    benchmark.extra_info["goal"] = "60 s"
    assert "hard" in benchmark.pedantic(run, ("verify --width-search", tmp_path), rounds=1)
    assert benchmark.stats.stats.median < 60


@pytest.mark.parametrize("name", MARGINS)
@pytest.mark.benchmark(group="margin, both norms, 99 %")
def test_margin(benchmark: Any, name: str, tmp_path: Path) -> None:
    data, width, seconds = MARGINS[name]
    if "MNIST" in name and not MNIST.exists():
        pytest.skip("needs ../shared/data")
    text = benchmark.pedantic(run, (f"margin {data} --time-limit {seconds} --json", tmp_path), rounds=1)
    found = json.loads(text)["result"]["gamma_sup"]
    relative = (found["upper"] - found["lower"]) / found["upper"]
    benchmark.extra_info.update(
        goal=f"{width:.0%} in {seconds} s", relative_width=relative, lower=found["lower"], upper=found["upper"]
    )
    assert relative <= width
