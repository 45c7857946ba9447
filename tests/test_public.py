"""The names that `import boundcheck as bc` offers: the commands', once each, and what they need."""

import subprocess
import sys

import pytest
from typer.main import get_command

import boundcheck as bc
from boundcheck.cli import app, config
from boundcheck.datasets import load_dataset
from boundcheck.errors import InputError
from boundcheck.search import DaskExecutor

COMMANDS = dict(config.commands(get_command(app)))


def test_every_public_name_is_listed_and_there() -> None:
    names = {
        "dataset",
        "load_dataset",
        "Dataset",
        "audit",
        "compare",
        "crowd",
        "explain",
        "margin",
        "reproduce",
        "verify",
    }
    assert {*names, "labels_make", "labels_check", "__version__"} <= set(dir(bc)) == set(bc.__all__)
    for name in bc.__all__:
        assert getattr(bc, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = bc.nothing


def test_names_are_those_of_the_command_line() -> None:
    files = {"report", "runs"}  # about files of the command line itself
    for command in COMMANDS:
        group, _, name = command.partition(" ")
        if group == "reproduce":
            assert callable(getattr(bc.reproduce, name)), command
        elif group not in files:
            assert callable(getattr(bc, command.replace(" ", "_"))), command


def test_the_package_below_does_not_hide_the_function() -> None:
    """`boundcheck.audit` is a package as well, whose import must not take the place of `bc.audit`."""
    script = "import boundcheck as bc; bc.audit('gradient'); import boundcheck.audit.claims; bc.audit('gradient')"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_addresses_are_checked_before_what_they_need_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.setitem(sys.modules, "distributed", None)
    for name in ("", "a b", "x/y"):
        with pytest.raises(InputError, match="names no data set; use openml:NAME"):
            load_dataset(f"openml:{name}")
    for address in ("", "nonsense", "local:0", "local:x", "tcp://", "host:port", "host:123456"):
        with pytest.raises(InputError, match="expected"):
            DaskExecutor(address)
    for address in ("local:2", "host:8786", "tcp://10.0.0.1:8786", "[::1]:8786", "inproc://10.0.0.1/1/2"):
        with pytest.raises(InputError, match="optional dependency"):
            DaskExecutor(address)
