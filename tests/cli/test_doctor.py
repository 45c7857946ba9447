"""`doctor`: it tells a sound installation from one that computes wrongly or lacks a part."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boundcheck.cli import app
from boundcheck.pipeline import doctor


def test_a_sound_installation(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["doctor", "--store", str(tmp_path / "none.sqlite"), "--json"])
    assert shown.exit_code == 0, shown.output
    result = json.loads(shown.stdout)["result"]
    assert {check["name"]: check["holds"] for check in result["checks"]} == dict.fromkeys(doctor.CHECKS, True)
    assert result["facts"]["run store"] == f"{tmp_path / 'none.sqlite'}, none yet"
    assert not (tmp_path / "none.sqlite").exists()


def test_a_wrong_result_and_a_missing_part_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value of the known width is a failure of the bound's check alone."""
    monkeypatch.setattr(doctor, "LARGE", 1)
    monkeypatch.setattr(doctor, "EXTRAS", {"dask": ("no_such_module",)})
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 1
    text = " ".join(shown.stdout.split())
    assert "these checks fail: bound; optional parts not installed: dask" in text
    assert "without no_such_module: pip install 'boundcheck[dask]'" in text
    assert text.count("FAILS") == 1
