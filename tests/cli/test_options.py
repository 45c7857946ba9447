"""No option is silently ignored: in every mode of every command each one changes the result, is refused, or is named.

Named means that a warning says that these data leave it without effect.

A new option needs a value to try in PROBES (or ELSEWHERE, with the reason), a new mode a line in BASES.
"""

import csv
import json
from dataclasses import MISSING, dataclass, fields
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from boundcheck.cli import MOVED, app, config, options
from boundcheck.cli.modes import MODES
from boundcheck.datasets import load_dataset
from boundcheck.pipeline import compare as pipeline_compare
from boundcheck.pipeline import crowd as pipeline_crowd
from boundcheck.pipeline import explain as pipeline_explain
from boundcheck.pipeline import labels as pipeline_labels
from boundcheck.pipeline import labels_cost as pipeline_labels_cost
from boundcheck.pipeline import margin as pipeline_margin
from boundcheck.pipeline import reproduce
from boundcheck.pipeline import verify as pipeline_verify
from boundcheck.records import Record, SearchSettings
from boundcheck.search import Store

margin, compare, explain, crowd, labels, verify = (
    import_module(f"boundcheck.cli.{name}") for name in ("margin", "compare", "explain", "crowd", "labels", "verify")
)
"""The modules; `boundcheck.cli` has the commands of these names."""

COMMANDS = dict(config.commands(get_command(app)))
ROWS = ["--target", "label", "--positive", "2"]
PLANE = ["rows.csv", *ROWS, "--ignore", "b,c"]
"""Two columns are left, a and the other label: the margin is found without sampling, whatever is done to the rows."""
PUBLISHED = ["--eps", "0.1", "--bound", "soft-published"]
SMALL = ["--steps", "20", "--max-width", "4", "--max-seeds", "4", "--eps", "0.3"]
STUDENTS = ["--widths", "2", "--runs", "2", "--steps", "5"]
BASES = {
    "audit": ["gradient"],
    "audit paper": ["--paper", "kong2023"],
    "compare": [
        *["--eps", "0.1", "--gamma", "0.1", "--bound", "soft-kl-published"],
        *["--bound", "hard-tempered"],
    ],
    "compare one bound": ["--eps", "0.1", "--gamma", "0.1", "--bound", "hard-published"],
    "compare data": [*PUBLISHED, "--data", *PLANE],
    "compare data sampled": [*PUBLISHED, "--data", "rows.csv", *ROWS, "--margin-draws", "3000"],
    "compare data gamma": [*PUBLISHED, "--data", *PLANE, "--gamma", "0.1"],
    "compare moments": ["--eps", "0.1", "--bound", "hard-data", "--data", *PLANE],
    "doctor": [],
    "explain data": ["hard-data"],
    "compare teacher": [*PUBLISHED, "--data", "teacher.npz"],
    "crowd": ["answers.csv", "--positive", "yes", "--method", "types", "--types", "2"],
    "crowd truth": ["answers.csv", "--positive", "yes", "--method", "ds1", "--truth", "truth.csv"],
    "data": ["rows.csv", *ROWS, "--prepare", "center"],
    "distill": ["rows.csv", *ROWS, *STUDENTS],
    "distill labels": ["rows.csv", *ROWS, *STUDENTS, "--labels", "soft.npz"],
    "distill crowd": ["rows.csv", *ROWS, *STUDENTS, "--teacher", "crowd", "--answers", "rows-answers.csv"],
    "explain": ["soft-sharp"],
    "explain tempered": ["hard-tempered"],
    "explain soft": ["soft-published"],
    "labels check": ["soft.npz"],
    "labels check truth": ["soft.npz", "--truth", "rows.csv", *ROWS],
    "labels check inside": ["three.npz"],
    "labels check inside k": ["three.npz", "--k", "2"],
    "labels check candidates": ["sets.npz", "--candidates"],
    "labels cost": ["soft.npz", "--data", "rows.csv", *ROWS, "--temperatures", "1,2"],
    "labels make kernel": [*PLANE, "-o", "out.npz"],
    "labels make kernel sampled": ["rows.csv", *ROWS, "-o", "out.npz", "--margin-draws", "3000"],
    "labels make network": ["rows.csv", *ROWS, "-o", "out.npz", "--teacher", "network", "--width", "8", "--steps", "9"],
    "labels make network whole": [
        *["rows.csv", *ROWS, "-o", "out.npz", "--teacher", "network", "--width", "8", "--steps", "9"],
        "--no-cross-fit",
    ],
    "labels make smoothing": ["rows.csv", *ROWS, "-o", "out.npz", "--teacher", "smoothing"],
    "labels make file": ["rows.csv", *ROWS, "-o", "out.npz", "--teacher", "file", "--from", "soft.npz"],
    "labels make crowd": ["rows.csv", *ROWS, "-o", "out.npz", "--teacher", "crowd", "--answers", "rows-answers.csv"],
    "margin": ["rows.csv", *ROWS, "--tolerance", "0.3"],
    "margin plane": PLANE,
    "margin zero": ["synthetic:circle:points=6"],
    "margin rkhs": ["rows.csv", *ROWS, "--norm", "rkhs"],
    "margin eps": ["rows.csv", *ROWS, "--norm", "rkhs", "--eps", "0.1"],
    "reproduce crowd": ["--crowds", "1", "--workers", "3", *SMALL],
    "reproduce crowd data": ["rows.csv", *ROWS, "--crowds", "1", "--workers", "3", *SMALL],
    "reproduce scaling": ["gamma", *SMALL],
    "reproduce scaling eps": ["eps", *SMALL[:-2]],
    "reproduce temperature": ["rows.csv", *ROWS, "--logit-scales", "1,2", *SMALL],
    "reproduce figure1": ["--runs", "2"],
    "reproduce table1": ["--data", "ten.npz", "--subsample", "40"],
    "report": ["run.json"],
    "runs list": [],
    "verify search": ["rows.csv", *ROWS, "--width-search", "--certificate-time", "0", *SMALL],
    "verify width": ["rows.csv", *ROWS, "--width", "4", "--seeds", "2", "--training", "practical", *SMALL[:2]],
}
"""Mode -> arguments. The command is the longest name that the mode begins with."""

ELSEWHERE = {
    "json": "the form of the result",
    "format": "the form of the result",
    "quiet": "standard error",
    "verbose": "the amount of detail",
    "plot": "a file",
    "latex": "a file",
    "output": "a file",
    "save_teacher": "a file",
    "store": "a file",
    "dask": "where networks are trained",
    "seed": "every command takes it, and the manifest records it; some draw nothing",
    "time_limit": "a limit that is not reached",
    "margin_time": "a limit that is not reached",
    "budget": "a limit that is not reached",
}
"""Parameters that need not change the result, and what they are about instead."""

PROBES: dict[str, list[str]] = {
    "draws": ["--draws", "5000"],
    "nu": ["--nu", "0.2"],
    "ignore": ["--ignore", "a,c"],
    "keys": ["--keys", "X,y"],
    "margin_draws": ["--margin-draws", "5000"],
    "prepare": ["--prepare", "standardize"],
    "split": ["--split", "test"],
    "alpha": ["--alpha", "0.2"],
    "smoothing": ["--smoothing", "0.2"],
    "failure": ["--failure", "0.02"],
    "beta": ["--beta", "1e-7"],
    "bootstrap": ["--bootstrap", "3"],
    "bound": ["--bound", "soft-published"],
    "c": ["--c", "0.5"],
    "certificate_time": ["--certificate-time", "1"],
    "class_size": ["--class-size", "7"],
    "confidence": ["--confidence", "0.8"],
    "crowds": ["--crowds", "2"],
    "delta": ["--delta", "0.02"],
    "crowd": ["--crowd"],
    "missing": ["--missing", "no,-1"],
    "columns": ["--columns", "worker,task,label"],
    "positive_answers": ["--positive-answers", "-1"],
    "drop": ["--drop", "0"],
    "drop_zero": ["--drop-zero"],
    "eps": ["--eps", "0.25"],
    "flips": ["--flips", "hoeffding"],
    "folds": ["--folds", "3"],
    "gamma": ["--gamma", "0.2"],
    "k": ["--k", "1"],
    "kind": ["--kind", "corr"],
    "logit_scale": ["--logit-scale", "0.5"],
    "logit_scales": ["--logit-scales", "1,3"],
    "max_seeds": ["--max-seeds", "2"],
    "max_width": ["--max-width", "2"],
    "method": ["--method", "mv"],
    "moment_draws": ["--moment-draws", "20000"],
    "n": ["--n", "77"],
    "literature": ["--literature"],
    "paper": ["--paper", "yuan2023"],
    "natarajan": ["--natarajan", "3"],
    "no_cross_fit": ["--no-cross-fit"],
    "no_split": ["--no-split"],
    "noise": ["--noise", "0.5"],
    "norm": ["--norm", "rkhs"],
    "normalize": ["--normalize", "unit"],
    "positive": ["--positive", "1"],
    "radius": ["--radius", "0.5"],
    "scenario": ["--scenario", "experts"],
    "scores": ["--scores"],
    "seeds": ["--seeds", "3"],
    "soft_fraction": ["--soft-fraction", "0.5"],
    "source": ["--from", "soft2.npz"],
    "answers": ["--answers", "rows-answers2.csv"],
    "step_size": ["--step-size", "0.3"],
    "steps": ["--steps", "15"],
    "subsample": ["--subsample", "9"],
    "success_target": ["--success-target", "0.2"],
    "target": ["--target", "other"],
    "temperature": ["--temperature", "0.7"],
    "ties": ["--ties", "inclusive"],
    "tolerance": ["--tolerance", "0.01"],
    "truth": ["--truth", "truth2.csv"],
    "types": ["--types", "1"],
    "width": ["--width", "6"],
    "workers": ["--workers", "4"],
    "runs": ["--runs", "3"],
    "scale": ["--scale", "paper", "--data", "images.npz"],
    "train_share": ["--train-share", "0.5"],
    "widths": ["--widths", "2,4"],
    "test_fraction": ["--test-fraction", "0.3"],
    "split_seed": ["--split-seed", "7"],
    "share": ["--share", "0.4"],
    "temperatures": ["--temperatures", "3"],
    "labels": ["--labels", "soft.npz"],
}
"""Parameter -> a value that is good and not the one in force."""

DATA_DEPENDENT = {
    *((mode, "steps") for mode in ("distill", "distill crowd")),  # a few test rows, all right after a few steps
    *(("labels check truth", name) for name in ("ties", "drop_zero")),  # no equal weights, none of 0
    ("labels check", "ties"),
    ("margin zero", "positive"),  # the hexagon turned by 60 degrees
    ("labels check inside", "drop_zero"),  # sets of one label
}
"""(mode, parameter) that a property of the data, which no option tells, leaves without effect."""
OVERRIDES = {
    ("distill labels", "labels"): ["--labels", "soft2.npz"],
    ("crowd", "positive"): ["--positive", "no"],
    ("crowd truth", "types"): ["--types", "2"],
    **{(mode, "flips"): ["--flips", "kl"] for mode in ("compare", "explain tempered")},
    **{(f"labels check {mode}", "missing"): ["--missing", "2"] for mode in ("inside", "inside k", "candidates")},
    ("compare", "steps"): ["--steps", "10000000"],
    ("reproduce table1", "subsample"): ["--subsample", "30"],
    ("reproduce figure1", "subsample"): ["--subsample", "30"],
    ("reproduce figure1", "noise"): ["--noise", "0.5,1"],
}
SAMPLED = {"confidence", "margin_draws"}
ONLY = {
    "compare moments": {"radius", "moment_draws", "step_size"},
    "margin": {"confidence", "tolerance", "draws"},
    "compare data sampled": SAMPLED,
    "labels make kernel sampled": SAMPLED,
}
"""Mode that takes long -> the parameters to try; the others are tried in its sisters."""
MODE_IS = {
    *("data", "gamma", "bound", "teacher", "no_cross_fit", "width_search", "width", "training", "norm", "truth", "eps"),
    "candidates",
}
"""Parameters that choose the mode: they are tried out by being there."""


def command_of(mode: str) -> str:
    return max((name for name in COMMANDS if f"{mode} ".startswith(f"{name} ")), key=len)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of three classes with norms that differ, labels of two kinds, a crowd, a teacher."""
    place = tmp_path_factory.mktemp("options")
    Store(place / "runs.sqlite").close()
    rng = np.random.default_rng(3)
    X = rng.normal(size=(18, 3)) + np.array([3.0, 0.0, 0.0]) * np.repeat([1, -1, -1], 6)[:, None]
    classes = np.repeat([2, 1, 0], 6)
    with (place / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*"abc", "label", "other"])
        writer.writerows([*row, label, 2 if row[0] > 2 else 1] for row, label in zip(X, classes, strict=True))
    for name, scale in (("soft.npz", 1.0), ("soft2.npz", 0.5)):
        z = scale * np.where(classes == 2, 0.4, -0.3) * rng.uniform(0.5, 1, 18)
        np.savez(place / name, p=1 / (1 + np.exp(-z)))
    truth = np.where(rng.random(14) < 0.5, -1, 1)
    for name, right in (("answers.csv", 0.8), ("rows-answers.csv", 0.9), ("rows-answers2.csv", 0.6)):
        signs = truth if name == "answers.csv" else np.where(classes == 2, 1, -1)
        given = np.where(rng.random((len(signs), 6)) < right, 1, -1) * signs[:, None]
        spelt = {1: "yes", -1: "no"} if name == "answers.csv" else {1: "1", -1: "-1"}
        rows = [f"{task},w{worker},{spelt[int(answer)]}\n" for (task, worker), answer in np.ndenumerate(given)]
        (place / name).write_text("task,worker,label\n" + "".join(rows))
    for name, flip in (("truth.csv", 1), ("truth2.csv", -1)):
        (place / name).write_text(
            "task,label\n" + "".join(f"{t},{'yes' if flip * s > 0 else 'no'}\n" for t, s in enumerate(truth))
        )
    weights = rng.dirichlet(np.ones(3), 60).round(1)
    weights[:, 2] = 1 - weights[:, 0] - weights[:, 1]
    weights[weights < 1e-9] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    truth3 = [rng.choice(3, p=w) for w in weights]
    np.savez(place / "three.npz", p=weights, y=truth3)
    digits = np.arange(80) % 10
    np.savez(place / "ten.npz", X=rng.normal(size=(80, 4)), y=digits)
    np.savez(place / "images.npz", X=rng.random((40, 16, 16)), y=digits[:40] % 2)
    (place / "run.json").write_text(invoke(place, "audit").stdout)
    np.savez(place / "sets.npz", p=np.maximum(weights > 0.45, np.eye(3)[truth3]), y=truth3)
    return place


def _probe(mode: str, name: str) -> list[str]:
    return OVERRIDES.get((mode, name)) or OVERRIDES.get((command_of(mode), name)) or PROBES[name]


def invoke(folder: Path, mode: str, *more: str) -> Result:
    words = [*command_of(mode).split(), *BASES[mode], *more, "--json"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BOUNDCHECK_STORE", str(folder / "runs.sqlite"))
        return CliRunner().invoke(app, words)


def is_named(ran: Result, flag: str) -> bool:
    """Whether a warning says that this option is not needed."""
    return any(flag in line.split(":")[0] and "not needed" in line for line in json.loads(ran.stdout)["warnings"])


def result_of(ran: Result) -> Any:
    found = json.loads(ran.stdout)
    return found["manifest"]["data_sha256"], without_clock(found["result"])


def without_clock(value: Any) -> Any:
    """The value without what the clock, the run store and the copying of settings put into it."""
    if isinstance(value, dict):
        left_out = ("seconds", "runs_reused", "reused", "settings", "history")
        return {key: without_clock(item) for key, item in value.items() if key not in left_out}
    return [without_clock(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Asked(Record):
    """In place of an experiment's result: what it was asked to do."""

    what: str
    data_sha256: str = ""
    provenance: tuple[str, ...] = ()


@pytest.fixture(autouse=True)
def experiments_tell_what_they_were_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    figure1 = pytest.importorskip("boundcheck.experiments.figure1")
    monkeypatch.setattr(figure1, "figure1", lambda images, settings, **_: Asked(f"{images.digest} {vars(settings)}"))
    monkeypatch.setattr(
        reproduce,
        "Study",
        lambda name, data, chosen, **_: SimpleNamespace(train=lambda: f"{name} {data.digest} {vars(chosen)}"),
    )
    monkeypatch.setattr(reproduce, "equal_footing", lambda _: [])
    monkeypatch.setattr(reproduce, "_margins", lambda *_: [])
    monkeypatch.setattr(reproduce, "assemble", lambda *given: Asked(str(given)))


@pytest.mark.parametrize("mode", BASES)
def test_every_option_changes_the_result_or_is_refused(mode: str, folder: Path) -> None:
    if not (folder / "teacher.npz").exists():
        assert invoke(folder, "margin rkhs", "--save-teacher", "teacher.npz").exit_code == 0
    base = invoke(folder, mode)
    assert base.exit_code in (0, 1, 3), base.stderr
    expected, wrong = result_of(base), []
    for name, param in COMMANDS[command_of(mode)].items():
        if param.name in ELSEWHERE or param.name in MODE_IS or not name or not param.opts[0].startswith("-"):
            continue
        assert param.name in PROBES, f"give PROBES a value for --{name}"
        if (mode, param.name) in DATA_DEPENDENT or param.name not in ONLY.get(mode, {param.name}):
            continue
        ran = invoke(folder, mode, *_probe(mode, str(param.name)))
        if ran.exit_code == 2:  # refused; but a usage error would say that the probe itself is no good
            if "(try '" in ran.stderr or ran.stderr.count("\n") > ran.stderr.count("warning: ") + 1:
                wrong.append(f"--{name}: {ran.stderr}")
        elif ran.exit_code not in (0, 1, 3):
            wrong.append(f"--{name}: {ran.output}")
        elif result_of(ran) == expected and not is_named(ran, f"--{name}"):
            wrong.append(f"--{name} is ignored")
    assert wrong == []


def test_every_mode_that_the_table_names_is_tried() -> None:
    assert {command_of(mode) for mode in BASES} == COMMANDS.keys() - {"runs show", "runs export", "runs prune"}
    for command, modes in MODES.items():
        known = {param.name for param in COMMANDS[command].values()}
        assert {name for mode in modes for name in mode.reads} <= known


def test_runs_are_shown_exported_and_pruned_as_asked(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "own.sqlite"

    def found(*words: str) -> Any:
        ran = CliRunner(env={"BOUNDCHECK_STORE": str(tmp_path / "other.sqlite")}).invoke(
            app, ["runs", *words, "--store", str(store), "--json"]
        )
        assert ran.exit_code == 0, ran.stderr
        return json.loads(ran.stdout)["result"]

    for width in ("4", "6"):
        search = ["--seeds", "2", "--training", "practical", "--steps", width]
        words = ["verify", "--width", width, *search, "--store", str(store), "--json"]
        assert CliRunner().invoke(app, words).exit_code in (0, 1, 3)
    assert [found("show", number)["setting"]["setting"]["spec"]["steps"] for number in ("1", "2")] == [4, 6]
    table = str(tmp_path / "runs.csv")
    assert [found("export", table, *numbers)["runs"] for numbers in ((), ("1",), ("1", "2"))] == [4, 2, 4]
    removed = [found("prune", *words)["removed"] for words in (("--older-than", "9"), ("1",), ("--all",))]
    assert removed[:2] == [0, 2]
    assert removed[2] >= 2
    assert not (tmp_path / "other.sqlite").exists()


OBJECTS = [
    (margin.Wanted, pipeline_margin.margin),
    (compare.Points, pipeline_compare.compare),
    (compare.Bounds, pipeline_compare.compare),
    (compare.Measured, pipeline_compare.compare),
    (explain.Numbers, pipeline_explain.explain_bound),
    (crowd.CrowdOptions, pipeline_crowd.crowd),
    (labels.CostOptions, pipeline_labels_cost.labels_cost),
    (labels.KernelTeacher, pipeline_labels.TeacherSettings),
    (labels.NetworkTeacher, pipeline_labels.TeacherSettings),
    (labels.GivenTeacher, pipeline_labels.TeacherSettings),
    (labels.LabelSets, pipeline_labels.LabelSettings),
    (labels.SampleSize, pipeline_labels.LabelSettings),
    (verify.OneWidth, pipeline_verify.verify),
    (verify.WidthSearch, SearchSettings),
    (options.DataOptions, load_dataset),
]


@pytest.mark.parametrize(("block", "function"), OBJECTS, ids=lambda one: one.__name__)
def test_options_have_the_names_and_defaults_of_the_arguments_that_they_become(block: Any, function: Any) -> None:
    arguments = signature(function).parameters
    for field in fields(block):
        default = arguments[field.name].default
        if field.default is not MISSING:
            assert field.default == default or (field.default, default) == (None, ())


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "--eps", ".1", "--gamma", ".1", "--normalize", "bogus", "--confidence", "7", "--margin-draws", "5"],
        ["labels", "make", "synthetic:circle", "--teacher", "smoothing", "--answers", "nope.csv", "--width", "64"],
        ["runs", "prune", "--all", "3"],
        ["verify", "--width-search", "--training", "theorem", "--radius", "2"],
        ["verify", "--width", "64", "--bound", "hard-perceptron", "--labels", "nope.npz"],
        ["verify", "--width", "64", "--bound", "soft-published", "--steps", "5"],
    ],
    ids=" ".join,
)
def test_what_is_not_read_is_refused(words: list[str], folder: Path) -> None:
    ran = CliRunner(env={"BOUNDCHECK_STORE": str(folder / "runs.sqlite")}).invoke(app, words)
    assert ran.exit_code == 2, ran.output
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        "margin synthetic:circle:points=8 --confidence nan",
        "margin synthetic:circle:points=8 --tolerance nan",
        "margin synthetic:circle:points=8 --normalize bogus",
        "margin synthetic:circle:points=8 --norm bogus",
        "verify --width 4 --eps nan",
        "verify --width 4 --confidence 7",
        "verify --width-search --radius nan",
        "verify --width-search --success-target 1.5",
        "explain soft-sharp --gamma nan",
        "compare --eps .1 --gamma .1 --logit-scale -1",
        "labels make synthetic:circle:points=4 --teacher smoothing --smoothing 7 -o x.npz",
    ],
)
def test_bad_values_are_refused_on_one_line(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    ran = CliRunner(env={"BOUNDCHECK_STORE": str(folder / "runs.sqlite")}).invoke(app, words.split())
    assert ran.exit_code == 2, ran.output
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


@pytest.mark.parametrize(("command", "option"), MOVED)
def test_an_option_that_moved_is_refused_with_its_new_name(command: str, option: str) -> None:
    """The new name is an option, or a command, that exists."""
    told, words = MOVED[command, option], command.split()[1:]
    shown = CliRunner().invoke(app, [*words, option, "x"])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr == f"{command}: error: {option} is now {told}\n"
    if told.startswith("a command"):
        words, told = told.split("boundcheck ")[1].split()[:2], "--help"
    elif told.startswith("the default; "):
        told = told.removeprefix("the default; ").split()[0]
    assert told in CliRunner().invoke(app, [*words, "--help"]).stdout
