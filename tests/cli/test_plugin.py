"""A bound and a data family from a user's own file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boundcheck import bounds
from boundcheck.cli import app
from boundcheck.datasets import synthetic

OWN = """
import numpy as np
import sympy as sp
import boundcheck as bc
from boundcheck.bounds import Bound, symbols as s
from boundcheck.bounds.hypotheses import HARD_LABELS

bc.add_bound(
    Bound(
        id="mine", labels="hard", loss="perceptron", title="A width of my own", statement="The error is at most eps.",
        quantifiers="with probability 1 - 3 delta", source="my notes", hypotheses=(HARD_LABELS,),
        width=sp.Integer(7) / s.gamma**2, failure=3 * s.delta, radius=sp.Integer(1), steps=1 / s.gamma**2,
        step_size=s.gamma, factors=(),
    )
)

@bc.add_family
def stripes(*, n: int = 40, wide: float = 1.0, seed: int):
    X = np.random.default_rng(seed).uniform(-3, 3, (n, 2))
    return X, np.where(np.floor(X[:, 0] / wide) % 2 == 0, 1, -1)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, and registries that forget it afterwards."""
    monkeypatch.setattr(bounds.registry, "_bounds", dict(bounds.registry))
    monkeypatch.setattr(synthetic, "FAMILIES", dict(synthetic.FAMILIES))
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def invoke(path: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--plugin", str(path), *words])


def test_a_bound_of_ones_own_stands_beside_the_others(own: Path) -> None:
    shown = invoke(own, "compare", "--eps", "0.05", "--gamma", "0.1", "--bound", "mine", "--bound", "hard-perceptron")
    assert shown.exit_code == 0, shown.stderr
    assert "700 neurons with hard labels (mine)" in " ".join(shown.stdout.split())


def test_it_is_explained_without_a_derivation(own: Path) -> None:
    shown = invoke(own, "explain", "mine", "--gamma", "0.1")
    assert shown.exit_code == 0, shown.stderr
    assert "asks for 700 neurons" in " ".join(shown.stdout.split())
    assert "It comes without a derivation" in " ".join(shown.stdout.split())


def test_a_family_of_ones_own_is_data(own: Path) -> None:
    shown = invoke(own, "margin", "synthetic:stripes:n=12,wide=3", "--norm", "rkhs")
    assert shown.exit_code == 0, shown.stderr
    assert "synthetic:stripes:n=12,wide=3: Assumption 1 holds" in " ".join(shown.stdout.split())
    assert "use n=, wide=" in CliRunner().invoke(app, ["margin", "synthetic:stripes:width=3"]).stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OWN + "bc.no_such_name()", "AttributeError"),
        (OWN.replace('"mine"', '"soft-sharp"'), "bound 'soft-sharp' is there already"),
        (OWN.replace("stripes", "circle"), "synthetic:circle is there already"),
        (OWN.replace("wide: float", "wide: str"), "annotate every argument"),
        ("1 +", "SyntaxError"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_file_that_fails_is_one_line(own: Path, text: str | None, told: str) -> None:
    own.unlink()
    if text is not None:
        own.write_text(text)
    shown = invoke(own, "explain")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.startswith(f"boundcheck: error: --plugin {own}: ")
    assert shown.stderr.count("\n") == 1
    assert told in shown.stderr
