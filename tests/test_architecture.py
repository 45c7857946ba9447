"""Data flows one way: each stage imports only what lies upstream of it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "boundcheck"
FLOORS = [
    {"errors", "numerics", "progress", "precision", "blas"},
    {"records"},
    {"softlabels"},
    {"datasets", "kernels", "training", "bounds", "verification", "glossary"},
    {"margins", "search", "crowds", "proofs"},
    {"labels", "audit", "exclusion"},
    {"experiments"},
    {"presentation"},
    {"pipeline"},
    {"cli"},
]
"""From the ground up: a stage imports only stages of the floors below its own."""
ALLOWED: dict[str, set[str]] = {
    stage: set().union(*FLOORS[:height]) for height, floor in enumerate(FLOORS) for stage in floor
}
ALLOWED["search"] = ALLOWED["search"] - {"bounds"}  # blind to the prediction that it is compared with


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


def test_records_stand_in_one_room() -> None:
    """A record is what a command returns, or a part of it; what stays within a stage is a plain class at home there."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            is_record = isinstance(node, ast.ClassDef) and any(ast.unparse(b).endswith("Record") for b in node.bases)
            home = str(path.relative_to(PACKAGE))
            assert not is_record or path.parent.name == "records", f"{home}:{node.lineno}"  # type: ignore[attr-defined]


DEFINE_BOUNDS = {"mandal2025.py", "ji2020.py", "hard_sharp.py", "soft_agnostic.py", "soft_sharp.py", "lower.py"}
BY_ID = {"proofs/explanation.py"}  # each bound's own derivation


def test_facts_about_a_bound_are_fields_and_no_module_asks_for_its_id() -> None:
    """An id stands where its bound is defined and as the default of an option; nowhere is one compared or looked up."""
    from boundcheck import bounds

    ids = set(bounds.ids())
    for path in sorted(PACKAGE.rglob("*.py")):
        if (path.parent.name == "bounds" and path.name in DEFINE_BOUNDS) or str(path.relative_to(PACKAGE)) in BY_ID:
            continue
        tree = ast.parse(path.read_text())
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
        defaults = {id(default) for node in nodes for default in (*node.args.defaults, *node.args.kw_defaults)}
        defaults |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}
        for node in ast.walk(tree):
            named = isinstance(node, ast.Constant) and node.value in ids and id(node) not in defaults
            assert not named, f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value}"  # type: ignore[attr-defined]


def modules_loaded_by(code: str) -> set[str]:
    """Top-level modules loaded after running `code` in a fresh interpreter."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in out.rsplit("LOADED", 1)[1].split()}


def test_help_loads_neither_jax_nor_sympy() -> None:
    loaded = modules_loaded_by("sys.argv = ['boundcheck', '--help']; from boundcheck.cli import main; main()")
    assert not loaded & {"jax", "sympy", "scipy", "numpy", "matplotlib"}


@pytest.mark.parametrize("stage", ["bounds", "proofs", "audit"])
def test_bounds_and_audit_never_load_jax(stage: str) -> None:
    assert "jax" not in modules_loaded_by(f"import boundcheck.{stage}")


@pytest.mark.parametrize("stage", ["training", "search"])
def test_training_and_search_are_blind_to_the_prediction(stage: str) -> None:
    script = f"import boundcheck.{stage}, sys; print('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {m for m in out.split() if m.startswith(("boundcheck.bounds", "boundcheck.margins"))}
