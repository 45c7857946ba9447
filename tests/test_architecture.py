"""Data flows one way (DESIGN section 3): each stage imports only what lies upstream of it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "boundcheck"
BASE = {"errors", "records", "precision", "progress", "numerics", "blas"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "progress": set(),
    "precision": set(),
    "numerics": set(),
    "blas": set(),
    "records": {"errors"},
    "datasets": BASE,
    "kernels": BASE,
    "margins": BASE | {"datasets", "kernels"},
    "comparison": {"errors", "records"},
    "bounds": {"errors", "records", "comparison"},
    "audit": {"errors", "records", "bounds", "progress"},
    "training": BASE,
    "search": BASE | {"training"},
    "labels": BASE | {"datasets", "kernels", "training"},
    "verification": {"errors", "records"},
    "reports": {"errors", "records", "verification", "margins", "comparison", "audit", "labels", "experiments"},
    "experiments": BASE | {"datasets", "kernels", "margins", "training", "search", "labels"},
    "pipeline": BASE
    | {"datasets", "kernels", "margins", "bounds", "audit", "training", "search", "labels", "verification"}
    | {"experiments", "reports", "comparison"},
    "cli": BASE | {"margins", "pipeline", "datasets", "reports", "verification", "comparison"},
}


def imports_of(path: Path) -> set[str]:
    """Names of the boundcheck stages that a source file imports anywhere, functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("boundcheck.")}
    return found


@pytest.mark.parametrize("stage", sorted(ALLOWED))
def test_each_stage_imports_only_upstream_stages(stage: str) -> None:
    home = PACKAGE / stage
    files = sorted(home.rglob("*.py")) if home.is_dir() else [PACKAGE / f"{stage}.py"]
    for path in files:
        beyond = (imports_of(path) & (ALLOWED.keys())) - ALLOWED[stage] - {stage}
        assert not beyond, f"{path.relative_to(PACKAGE)} imports {sorted(beyond)}"


def test_every_stage_has_a_rule() -> None:
    stages = {p.stem if p.suffix else p.name for p in PACKAGE.iterdir()} - {
        "__init__",
        "__main__",
        "__pycache__",
    }
    assert {s for s in stages if s != "py"} <= ALLOWED.keys()


def modules_loaded_by(code: str) -> set[str]:
    """Top-level modules loaded after running `code` in a fresh interpreter."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in out.rsplit("LOADED", 1)[1].split()}


def test_help_loads_neither_jax_nor_sympy() -> None:
    loaded = modules_loaded_by("sys.argv = ['boundcheck', '--help']; from boundcheck.cli import main; main()")
    assert not loaded & {"jax", "sympy", "scipy", "numpy", "matplotlib"}


@pytest.mark.parametrize("stage", ["bounds", "audit"])
def test_bounds_and_audit_never_load_jax(stage: str) -> None:
    assert "jax" not in modules_loaded_by(f"import boundcheck.{stage}")


@pytest.mark.parametrize("stage", ["training", "search"])
def test_training_and_search_are_blind_to_the_prediction(stage: str) -> None:
    script = f"import boundcheck.{stage}, sys; print('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {m for m in out.split() if m.startswith(("boundcheck.bounds", "boundcheck.margins"))}
