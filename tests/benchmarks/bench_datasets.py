"""Loading against NumPy reading the same bytes without a check, a label or a digest: read the ratio per group."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import load_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    np.savez(path / "pixels.npz", X=rng.integers(0, 256, (10_000, 784), dtype=np.uint8), y=rng.integers(0, 2, 10_000))
    cells = np.column_stack([rng.normal(size=(100_000, 20)), rng.integers(0, 2, 100_000)])
    names = ",".join(f"c{i}" for i in range(20)) + ",label"
    np.savetxt(path / "table.csv", cells, fmt="%.17g", delimiter=",", header=names, comments="")
    return path


@pytest.mark.benchmark(group="npz 10000 x 784")
def test_npz(benchmark: Any, folder: Path) -> None:
    assert benchmark(load_dataset, str(folder / "pixels.npz")).X.shape == (10_000, 784)


@pytest.mark.benchmark(group="npz 10000 x 784")
def test_npz_numpy(benchmark: Any, folder: Path) -> None:
    assert benchmark(lambda: np.load(folder / "pixels.npz")["X"] / 255).shape == (10_000, 784)


@pytest.mark.benchmark(group="csv 100000 x 20")
def test_csv(benchmark: Any, folder: Path) -> None:
    load = benchmark.pedantic(load_dataset, (str(folder / "table.csv"),), {"target": "label"}, rounds=3)
    assert load.X.shape == (100_000, 20)


@pytest.mark.benchmark(group="csv 100000 x 20")
def test_csv_numpy(benchmark: Any, folder: Path) -> None:
    read = benchmark.pedantic(np.loadtxt, (folder / "table.csv",), {"delimiter": ",", "skiprows": 1}, rounds=3)
    assert read.shape == (100_000, 21)
