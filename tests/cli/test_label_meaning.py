"""What labels mean in every command that reads them: answers of a crowd, true labels, soft labels."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from boundcheck.cli import app
from boundcheck.datasets import load_dataset

TWO_TASKS = "task,worker,label\na,w1,{0}\na,w2,{0}\na,w3,{0}\nb,w1,{1}\nb,w2,{1}\nb,w3,{1}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def run(*arguments: str, stdin: str | None = None, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*arguments, "--json"], input=stdin)
    assert done.exit_code == code, done.stderr
    envelope: dict[str, Any] = json.loads(done.stdout)
    return envelope


def refused(*arguments: str, stdin: str | None = None) -> str:
    done = CliRunner().invoke(app, list(arguments), input=stdin)
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_answers_and_truth_are_encoded_together() -> None:
    """The truth names class 1 only, which is -1 beside the class 2 of the answers."""
    answers, truth = write("a.csv", TWO_TASKS.format(1, 2)), write("t.csv", "task,label\na,1\n")
    for options in (("--positive", "2"), ()):
        result = run("crowd", answers, "--truth", truth, "--method", "mv", *options)["result"]
        assert result["error"] == 0
        assert result["labels"] == [
            {"label": "2", "means": 1, "answers": 3, "truth": 0},
            {"label": "1", "means": -1, "answers": 3, "truth": 1},
        ]


@pytest.mark.parametrize("labels", [("0", "1"), ("-1", "1")])
def test_positive_is_obeyed_on_plain_labels(labels: tuple[str, str]) -> None:
    answers = write("a.csv", TWO_TASKS.format(*labels))
    run("crowd", answers, "--method", "mv", "--positive", labels[0], "-o", "c.npz")
    with np.load("c.npz") as file:
        assert file["p"][0] > 0.9 > 0.1 > file["p"][1]


def test_positive_is_obeyed_on_a_matrix_of_answers() -> None:
    np.savez("a.npz", X=np.array([[1, -1], [1, -1], [1, 0]]))
    truth = write("t.csv", "task,label\n0,1\n1,0\n")
    assert run("crowd", "a.npz", "--truth", truth, "--method", "mv")["result"]["error"] == 0
    run("crowd", "a.npz", "--truth", truth, "--method", "mv", "--positive", "0", "-o", "c.npz")
    with np.load("c.npz") as file:
        assert file["p"][0] < 0.1 < 0.9 < file["p"][1]


def test_answers_that_are_all_of_the_other_class_say_so() -> None:
    run("crowd", write("a.csv", TWO_TASKS.format(1, 1)), "--positive", "2", "--method", "mv", "-o", "c.npz")
    with np.load("c.npz") as file:
        assert file["p"].max() < 0.01


def test_a_truth_of_one_class_is_accepted_here_and_by_labels_check() -> None:
    """labels check knows what yes and no meant from the file that crowd wrote."""
    answers, truth = write("a.csv", TWO_TASKS.format("no", "yes")), write("t.csv", "task,label\na,no\n")
    assert run("crowd", answers, "--truth", truth, "--method", "mv", "-o", "c.npz")["result"]["error"] == 0
    envelope = run("labels", "check", "c.npz", "--truth", truth)
    assert envelope["result"]["delta"]["value"] == 0
    assert envelope["result"]["labels"][1] == {"label": "no", "means": -1, "answers": 0, "truth": 1}
    assert any("1 of 2 rows have no true label" in warning for warning in envelope["warnings"])


@pytest.mark.parametrize("token", ["NaN", "None", "NA", "?", "", "not sure"])
def test_missing_labels_are_refused_or_left_out(token: str) -> None:
    answers = write("a.csv", TWO_TASKS.format(0, 1) + f"b,w4,{token}\n")
    assert "--missing" in refused("crowd", answers, "--method", "mv")
    result = run("crowd", answers, "--method", "mv", "--missing", token)["result"]
    assert (result["n_answers"], result["n_workers"]) == (6, 3)
    assert {"label": token, "means": None, "answers": 1, "truth": 0} in result["labels"]
    truth = write("t.csv", f"task,label\na,0\nb,{token}\n")
    plain = write("p.csv", TWO_TASKS.format(0, 1))
    assert "--missing" in refused("crowd", plain, "--truth", truth, "--method", "mv")
    assert run("crowd", plain, "--truth", truth, "--method", "mv", "--missing", token)["result"]["n_truth"] == 1
    run("crowd", plain, "--method", "mv", "-o", "c.npz")
    assert "--missing" in refused("labels", "check", "c.npz", "--truth", truth)
    assert run("labels", "check", "c.npz", "--truth", truth, "--missing", token)["result"]["n"] == 1


def test_counts_are_printed() -> None:
    done = CliRunner().invoke(app, ["crowd", write("a.csv", TWO_TASKS.format("1", "1.0") + "b,w4,0\n")])
    assert "labels: +1: '1' (6 answers); -1: '0' (1 answers)" in done.stdout


@pytest.mark.parametrize("header", ["task,performer,label", "item,annotator,answer", "Task, Worker ,LABEL"])
def test_columns_by_their_usual_names(header: str) -> None:
    text = TWO_TASKS.format(0, 1).replace("task,worker,label", header)
    for mark in ",;\t":
        assert run("crowd", "-", "--method", "mv", stdin="\ufeff" + text.replace(",", mark))["result"]["n_answers"] == 6


def test_columns_by_the_names_that_the_user_gives() -> None:
    text = TWO_TASKS.format(0, 1).replace("task,worker,label", "who,what,says")
    assert "no column task" in refused("crowd", "-", stdin=text)
    assert run("crowd", "-", "--columns", "who,what,says", "--method", "mv", stdin=text)["result"]["n_workers"] == 3
    assert "no column 'when'" in refused("crowd", "-", "--columns", "who,what,when", stdin=text)
    assert "three names" in refused("crowd", "-", "--columns", "who", stdin=text)
    assert "stdin" in refused("crowd", "-", "--truth", "-", stdin=text)


def test_arrays_of_names_in_an_npz_are_answers() -> None:
    np.savez("a.npz", task=list("aabb"), performer=[1, 2, 1, 2], label=[0.0, 0, 1, 1])
    assert run("crowd", "a.npz", "--method", "mv")["result"]["n_answers"] == 4


def test_arrays_alone_in_an_npy_are_answers_labels_and_soft_labels() -> None:
    np.save("a.npy", np.array([[1, -1, 0], [1, -1, 1]]))
    np.save("y.npy", np.array([1, 0, 1]))
    np.save("p.npy", np.array([0.9, 0.2, 0.4]))
    assert run("crowd", "a.npy", "--truth", "y.npy", "--method", "mv")["result"]["error"] == 0
    assert run("labels", "check", "p.npy", "--truth", "y.npy")["result"]["delta"]["value"] == pytest.approx(1 / 3)


def test_soft_labels_from_a_csv() -> None:
    write("p.csv", "task,p,label\na,0.9,1\nb,0.2,0\nc,0.6,1\n")
    assert run("labels", "check", "p.csv")["result"]["delta"]["value"] == 0
    write("three.csv", "p0;p1;p2;label\n0.7;0.2;0.1;0\n0.1;0.2;0.7;2\n0.1;0.8;0.1;0\n")
    assert run("labels", "check", "three.csv", "--k", "1")["result"]["delta"]["value"] == pytest.approx(1 / 3)
    result = run("labels", "check", "-", "--columns", "A,B", stdin="a,b\n0.2,0.8\n0.5,0.5\n")["result"]
    assert (result["n"], result["classes"]) == (2, 2)
    assert "row 1: 'x' is not a number" in refused("labels", "check", "-", stdin="p\nx\n")


def test_what_a_file_of_soft_labels_cannot_use_is_refused() -> None:
    np.savez("a.npz", p=[0.2, 0.7])
    assert "--truth" in refused("labels", "check", "a.npz", "--positive", "yes")
    assert "--columns" in refused("labels", "check", "a.npz", "--columns", "p")
    assert "--drop" in refused("labels", "check", "a.npz", "--truth", "synthetic:circle:points=2", "--missing", "0")
    np.savez("k.npz", p=[0.2, 0.7], y=[0, 1], source="kernel, sup norm")
    assert "leave --crowd out" in refused("labels", "check", "k.npz", "--crowd")


def test_the_labels_of_answers_and_the_classes_of_data_have_their_own_options() -> None:
    """DATA's class +1 is 1; the answers say it with a word."""
    data = "synthetic:circle:points=8"
    y = load_dataset(data).y
    rows = [f"{task},w{worker},{'aye' if y[task] > 0 else 'nay'}" for task in range(8) for worker in range(5)]
    answers = write("a.csv", "\n".join(["task,worker,label", *rows]))
    make = ("labels", "make", data, "--teacher", "crowd", "--answers", answers, "--method", "mv", "-o", "c.npz")
    result = run(*make, "--positive", "1", "--positive-answers", "aye")["result"]
    assert result["delta"]["value"] == 0
    assert [row["label"] for row in result["answers"]] == ["aye", "nay"]
    assert "--positive-answers" in refused(*make, "--positive", "1")
    assert "--positive-answers" in refused(*make[:3], "--positive-answers", "aye", "-o", "k.npz")


def test_soft_labels_that_contradict_the_labels_are_counted_by_every_command() -> None:
    """p = .2 where y = +1 and .8 where y = -1, on all rows: the classes are swapped."""
    data = load_dataset("synthetic:circle:points=8")
    np.savez("p.npz", p=np.where(data.y > 0, 0.2, 0.8))
    np.savez("d.npz", X=data.X, y=data.y, p=np.where(data.y > 0, 0.2, 0.8))
    circle = "synthetic:circle:points=8"
    for arguments in (
        ("labels", "check", "p.npz", "--truth", circle),
        ("labels", "make", circle, "--teacher", "file", "--from", "p.npz", "-o", "q.npz"),
        (
            "verify",
            circle,
            "--labels",
            "p.npz",
            "--width",
            "4",
            "--training",
            "practical",
            "--steps",
            "2",
            "--seeds",
            "1",
        ),
        ("margin", "d.npz"),
    ):
        done = CliRunner().invoke(app, [*arguments, "--json"])
        found = [w for w in json.loads(done.stdout)["warnings"] if "favour another class" in w]
        assert found, arguments
        assert "8 of 8 soft labels" in found[0]
        assert "are the classes swapped?" in found[0]
    answers, truth = write("a.csv", TWO_TASKS.format(0, 1)), write("t.csv", "task,label\na,1\nb,0\n")
    swapped = run("crowd", answers, "--truth", truth, "--method", "mv")["warnings"]
    assert any("2 of 2 soft labels" in w and "are the classes swapped?" in w for w in swapped)
    np.savez("one.npz", p=np.where(np.arange(8) == 3, 0.5 - 0.3 * data.y, 0.5 + 0.3 * data.y))
    warnings = run("labels", "check", "one.npz", "--truth", circle)["warnings"]
    assert any("1 of 8 soft labels favour another class than the label" in w and "swapped" not in w for w in warnings)


def test_labels_of_a_model_are_never_certified_and_a_crowds_are_on_request() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 2000)
    np.savez("a.npz", p=np.where(rng.random(2000) < 0.9, y, 1 - y) * 0.8 + 0.1, y=y)
    model, crowd = run("labels", "check", "a.npz")["result"], run("labels", "check", "a.npz", "--crowd")["result"]
    assert (model["certified"], crowd["certified"]) == (False, True)
    assert "assumption C fails" in model["assumption"]
    assert crowd["assumption"].startswith("assumption C: ")


def test_the_option_that_became_the_default_says_so() -> None:
    assert "--deterministic is now the default; --crowd" in refused("labels", "check", "a.npz", "--deterministic")


def test_no_infinity_is_printed_for_a_finite_file_of_labels() -> None:
    """One half of the rows is all right, the other has a wrong row; and a true class of weight 0."""
    y = np.tile([0, 1], 20)
    p = np.where(y == 1, 0.9, 0.1)
    p[7] = 0.05
    np.savez("a.npz", p=p, y=y)
    result = run("labels", "check", "a.npz")
    assert 0 < result["result"]["calibration"]["log_loss_at_temperature"] < 1
    p[3] = 0
    np.savez("b.npz", p=p, y=y)
    for name in ("a.npz", "b.npz"):
        table = CliRunner().invoke(app, ["labels", "check", name, "-v"]).stdout
        assert not re.search(r"\binf\b|log loss then.*infinite", table)
    assert "unbounded: 1 rows give their true class weight 0" in " ".join(table.split())
