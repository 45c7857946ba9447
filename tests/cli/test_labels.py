"""`boundcheck labels check` and `labels make` as a user calls them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import skillful_but_bad
from typer.testing import CliRunner

from boundcheck.cli import app
from boundcheck.datasets import load_dataset
from boundcheck.labels.files import labels_for


def run(*arguments: str | Path) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["labels", *map(str, arguments)])
    return found.exit_code, found.stdout, found.stderr


def body(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    exit_code, out, err = run(*arguments, "--json")
    assert exit_code == code, err
    envelope: dict[str, Any] = json.loads(out)
    return envelope


@pytest.fixture
def bad_teacher(tmp_path: Path) -> Path:
    """0 % top-1 accuracy over ten classes, the truth always second."""
    y = np.random.default_rng(0).integers(0, 10, 1500)
    np.savez(tmp_path / "bad.npz", p=skillful_but_bad(y, 10, seed=1), y=y)
    return tmp_path / "bad.npz"


def test_check_certifies_a_teacher_that_is_always_wrong(bad_teacher: Path) -> None:
    envelope = body("check", bad_teacher, "--crowd", "--class-size", "1000")
    result = envelope["result"]
    assert envelope["command"] == "labels check"
    assert (result["k"], result["certified"]) == (2, True)
    assert "S is independent of the input x given the class y" in result["assumption"]
    for key in ("delta", "delta_max", "gamma", "kappa", "psi"):
        assert set(result[key]) == {"value", "lower", "upper"}
    assert result["delta"]["value"] == 0
    assert result["calibration"]["error"]["value"] == 1
    assert all(isinstance(row["at_bound"], int) for row in result["sample_sizes"])


def test_check_prints_tables(bad_teacher: Path) -> None:
    code, out, err = run("check", bad_teacher, "--crowd", "--noise", "1", "--soft-fraction", "0.5", "-v")
    assert code == 0
    assert "1,500 of 1,500 soft labels favour another class than the label" in err
    for text in (
        "Delta_max",
        "certified",
        "assumption C",
        "examples needed",
        "soft-CE margin",
        "N(0, 1^2)",
        "a share 0.5",
    ):
        assert text in out


def test_useless_labels_are_undecided_and_misleading_ones_refuted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "chance.npz", p=rng.dirichlet(np.ones(4), 500), y=rng.integers(0, 4, 500))
    assert body("check", tmp_path / "chance.npz", "--crowd", code=3)["result"]["certified"] is False
    y = rng.integers(0, 2, 500)
    np.savez(tmp_path / "lies.npz", p=np.where(y == 1, 0.1, 0.9), y=y)
    result = body("check", tmp_path / "lies.npz", "--crowd", code=1)["result"]
    assert result["refuted"]
    assert result["psi"] == {"value": 0.0, "lower": 0.0, "upper": 0.0}
    assert any("no guarantee" in note for note in result["notes"])


def test_check_without_truth_makes_no_claim(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", p=np.array([0.1, 0.7, 0.6]))
    result = body("check", tmp_path / "a.npz")["result"]
    assert result["delta"] is None
    assert result["certified"] is False
    assert result["self_estimated_delta"] == pytest.approx((0.1 + 0.3 + 0.4) / 3)
    code, out, _ = run("check", tmp_path / "a.npz")
    assert code == 0
    assert "assumes calibration" in out
    assert "its top-1 sets miss it" in out


def test_check_without_truth_says_how_k_was_chosen(tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", p=np.array([[0.2, 0.5, 0.3]]))
    assert "its top-1 sets, the default without truth to choose by, miss it" in run("check", tmp_path / "b.npz")[1]
    assert "its top-2 sets miss it" in run("check", tmp_path / "b.npz", "--k", "2")[1]
    assert body("check", tmp_path / "b.npz")["result"]["k_choice"] == "default"


@pytest.mark.parametrize("option", ["--noise", "--soft-fraction"])
def test_check_without_truth_refuses_what_is_compared_with_it(tmp_path: Path, option: str) -> None:
    np.savez(tmp_path / "b.npz", p=np.array([[0.2, 0.5, 0.3]]))
    code, out, err = run("check", tmp_path / "b.npz", option, "0.5")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert option in err
    assert "--truth" in err


def test_truth_from_a_file_or_from_the_data(tmp_path: Path) -> None:
    data = load_dataset("synthetic:circle:points=40")
    p = np.where(data.y > 0, 0.8, 0.2)
    np.savez(tmp_path / "a.npz", p=p, digest=data.digest)
    by_data = body("check", tmp_path / "a.npz", "--truth", "synthetic:circle:points=40")
    assert by_data["result"]["delta"]["value"] == 0
    assert by_data["manifest"]["data_sha256"] == data.digest
    np.savez(tmp_path / "y.npz", y=-data.y)
    swapped = body("check", tmp_path / "a.npz", "--truth", tmp_path / "y.npz", "--crowd", code=1)
    assert swapped["result"]["delta"]["value"] == 1
    assert any("40 of 40" in warning and "are the classes swapped?" in warning for warning in swapped["warnings"])
    (tmp_path / "y.csv").write_text("label\n" + "\n".join(str(int(v)) for v in data.y))
    assert body("check", tmp_path / "a.npz", "--truth", tmp_path / "y.csv")["result"]["delta"]["value"] == 0
    code, _, err = run("check", tmp_path / "a.npz", "--truth", "synthetic:circle:points=42")
    assert code == 2
    assert "made for other data" in err


def test_weak_supervision(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 800)
    sets = np.eye(4, dtype=int)[y] | (rng.random((800, 4)) < 0.3)
    np.savez(tmp_path / "sets.npz", p=sets, y=y)
    result = body("check", tmp_path / "sets.npz", "--candidates")["result"]
    assert (result["k"], result["k_choice"], result["delta"]["value"]) == (None, "candidates", 0)
    np.savez(tmp_path / "noisy.npz", p=np.eye(4)[y] + 0.3 * rng.normal(size=(800, 4)), y=y)
    mixed = run("check", tmp_path / "sets.npz", "--candidates", "--soft-fraction", "0.5")[1]
    assert "missed at worst + ambiguity < 1 for every share" in mixed
    noisy = body("check", tmp_path / "noisy.npz", "--scores", "--noise", "0.3", "--k", "1")["result"]
    assert noisy["delta"]["lower"] <= noisy["additive_noise"]["delta"] <= noisy["delta"]["upper"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--k", "10"], "outside 1..9"),
        (["--alpha", "0"], "alpha"),
        (["--eps", "2"], "eps"),
        (["--ties", "coin"], "'--ties': 'coin' is not one of"),
        (["--truth", "none.csv"], "no such file"),
        (["--truth", "sklearn:nothing"], "sklearn:nothing"),
        (["--soft-fraction", "2"], "fraction"),
        (["--noise", "-1"], "noise"),
        (["--noise", "0"], "above 0"),
    ],
)
def test_bad_options_are_one_line(bad_teacher: Path, options: list[str], says: str) -> None:
    code, out, err = run("check", bad_teacher, *options)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_bad_files_are_one_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", p=[[0.5, 0.6]], y=[0])
    np.savez(tmp_path / "b.npz", p=[[0.5, 0.5]], y=[2])
    np.savez(tmp_path / "c.npz", p=np.array([{}]))
    for name in ("a", "b", "c", "missing"):
        code, out, err = run("check", tmp_path / f"{name}.npz")
        assert (code, out) == (2, "")
        assert f"{name}.npz" in err or "true label" in err
        assert err.count("\n") == 1


def test_make_by_the_kernel_and_use(tmp_path: Path) -> None:
    out = tmp_path / "k.npz"
    envelope = body("make", "synthetic:circle:points=8", "--logit-scale", "0.5", "-o", out)
    result = envelope["result"]
    assert (result["teacher"], result["radius"], result["n"]) == ("kernel", 0.5, 8)
    assert result["max_abs_logit"] == pytest.approx(0.5 * 0.13529902503654928, rel=1e-9)
    assert {"delta", "delta_max", "gamma", "kappa", "psi", "k", "certified", "assumption"} <= set(result)
    assert envelope["warnings"] == []
    data = load_dataset("synthetic:circle:points=8")
    p, logits, _ = labels_for(out, data)
    assert (np.sign(logits) == data.y).all()
    with np.load(out) as file:
        assert {"p", "logits", "y", "rows", "source", "seed", "digest", "radius"} <= set(file.files)
        assert (file["p"] == p).all()
    assert body("check", out, "--truth", "synthetic:circle:points=8")["result"]["assumption"] == result["assumption"]


def test_make_by_a_network_warns_and_repeats(tmp_path: Path) -> None:
    common = ("make", "synthetic:sphere:n=60,d=3", "--teacher", "network", "--width", "16", "--steps", "400")
    first = body(*common, "-o", tmp_path / "a.npz")
    body(*common, "-o", tmp_path / "b.npz")
    assert any("exceeds 1/2" in warning for warning in first["warnings"])
    assert first["result"]["radius"] is None
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert (a["logits"] == b["logits"]).all()
    body(*common, "-o", tmp_path / "c.npz", "--seed", "1")


def test_make_by_smoothing_and_from_a_file(tmp_path: Path) -> None:
    data = "synthetic:circle:points=8"
    body("make", data, "--teacher", "smoothing", "--smoothing", "0.2", "-o", tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as file:
        assert np.allclose(np.sort(file["p"])[[0, -1]], [0.1, 0.9])
    body(
        "make", data, "--teacher", "file", "--from", tmp_path / "s.npz", "--temperature", "2", "-o", tmp_path / "t.npz"
    )
    with np.load(tmp_path / "s.npz") as s, np.load(tmp_path / "t.npz") as t:
        assert np.allclose(t["logits"], s["logits"] / 2)


CIRCLE = "synthetic:circle:points=40"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """A csv of 25 workers, right with probability .8, on the 40 rows of CIRCLE."""
    y, rng = load_dataset(CIRCLE).y, np.random.default_rng(2)
    said = np.where(rng.random((25, 40)) < 0.8, y, -y)
    rows = [f"{task},w{worker},{int(said[worker, task] > 0)}" for worker in range(25) for task in range(40)]
    (tmp_path / "answers.csv").write_text("\n".join(["task,worker,label", *rows]))
    return tmp_path / "answers.csv"


def test_make_from_a_crowd_and_use(tmp_path: Path, answers: Path) -> None:
    """The file has the posterior of `boundcheck crowd`, and feeds labels check and the data stage."""
    envelope = body("make", CIRCLE, "--teacher", "crowd", "--answers", answers, "-o", tmp_path / "c.npz", "--seed", "3")
    result = envelope["result"]
    assert (result["teacher"], result["source"], result["radius"]) == ("crowd", "crowd one, 25 workers", None)
    assert any("exceeds 1/2" in warning for warning in envelope["warnings"])
    CliRunner().invoke(app, ["crowd", str(answers), "-o", str(tmp_path / "direct.npz"), "--seed", "3"])
    data = load_dataset(CIRCLE)
    p, _, _ = labels_for(tmp_path / "c.npz", data)
    with np.load(tmp_path / "c.npz") as file, np.load(tmp_path / "direct.npz") as direct:
        assert (file["logits"] == direct["logits"]).all()
        assert str(file["digest"]) == data.digest
    assert np.mean((p > 0.5) == (data.y > 0)) > 0.9
    checked = body("check", tmp_path / "c.npz", "--truth", CIRCLE)["result"]
    assert checked["delta"] == result["delta"]
    code, _, err = run("check", tmp_path / "c.npz", "--truth", "synthetic:circle:points=42")
    assert code == 2
    assert "made for other data" in err


def test_a_crowd_of_one_mind_gives_labels_that_verify_can_read(tmp_path: Path) -> None:
    """Fifty workers who always agree: the posterior rounds to 1 and stays inside (0, 1)."""
    y = load_dataset(CIRCLE).y
    np.savez(tmp_path / "a.npz", X=np.tile(y, (50, 1)))
    body("make", CIRCLE, "--teacher", "crowd", "--answers", tmp_path / "a.npz", "-o", tmp_path / "c.npz")
    CliRunner().invoke(app, ["crowd", str(tmp_path / "a.npz"), "-o", str(tmp_path / "direct.npz")])
    for name in ("c.npz", "direct.npz"):
        p, logits, _ = labels_for(tmp_path / name, load_dataset(CIRCLE))
        assert np.abs(logits).min() > 37
        assert ((p > 0.5) == (y > 0)).all()


def test_bad_answers_are_one_line(tmp_path: Path, answers: Path) -> None:
    lines = answers.read_text().splitlines()
    bad = {
        "none": ([], "--answers FILE"),
        "missing": (["--answers", tmp_path / "no.csv"], "no such file"),
        "labels": (["--answers", _write(tmp_path / "l.csv", [lines[0], "0,w,2"])], "label '2'"),
        "rows": (["--answers", _write(tmp_path / "r.csv", lines[:20])], "no task for 21 of 40 rows ('19'"),
        "few": (["--answers", _write(tmp_path / "f.csv", lines[:81]), "--method", "te"], "workers"),
    }
    np.savez(tmp_path / "other.npz", X=np.ones((3, 40)), digest="0" * 64)
    bad["digest"] = (["--answers", tmp_path / "other.npz"], "made for other data")
    np.savez(tmp_path / "zero.npz", X=np.zeros((3, 40)))
    bad["zeros"] = (["--answers", tmp_path / "zero.npz"], "zero.npz")
    for options, says in bad.values():
        code, out, err = run("make", CIRCLE, "--teacher", "crowd", "-o", tmp_path / "x.npz", *options)
        assert (code, out) == (2, ""), err
        assert says in err
        assert err.count("\n") == 1, err
        assert not (tmp_path / "x.npz").exists()


def _write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("options", "says", "code"),
    [
        (["--teacher", "oracle"], "'--teacher': 'oracle' is not one of", 2),
        (["--teacher", "file"], "--from", 2),
        (["--teacher", "smoothing", "--smoothing", "2"], "--smoothing", 2),
        (["--teacher", "network", "--width", "15"], "even", 2),
        (["--teacher", "network", "--temperature", "warm"], "--temperature 'warm'", 2),
        (["--norm", "l2"], "'--norm': 'l2' is not one of", 2),
        (["--logit-scale", "-1"], "--logit-scale", 2),
    ],
)
def test_bad_teachers_are_one_line(tmp_path: Path, options: list[str], says: str, code: int) -> None:
    exit_code, out, err = run("make", "synthetic:circle:points=8", "-o", tmp_path / "x.npz", *options)
    assert (exit_code, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("place", ["nowhere/x.npz", "x.csv", "."])
def test_a_place_that_cannot_be_written_is_refused_before_the_teacher_is_asked(
    tmp_path: Path, answers: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    for stage in ("labels._teach", "crowd.crowd_soft_labels"):
        monkeypatch.setattr(f"boundcheck.pipeline.{stage}", lambda *_, **__: pytest.fail("it was computed"))
    for command in (["labels", "make", CIRCLE], ["crowd", str(answers)]):
        result = CliRunner().invoke(app, [*command, "-o", str(tmp_path / place)])
        assert result.exit_code == 2, result.output
        assert str(tmp_path / place) in result.stderr
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "teacher", [("file", "--from", "s.npz"), ("network", "--no-cross-fit", "--width", "2", "--steps", "5")], ids=str
)
def test_labels_do_not_calibrate_what_was_made_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, teacher: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    body("make", CIRCLE, "--teacher", "smoothing", "-o", "s.npz")
    code, out, err = run("make", CIRCLE, "--teacher", *teacher, "--temperature", "auto", "-o", "t.npz")
    assert (code, out) == (2, "")
    assert "--temperature auto: labels cannot calibrate what was made from them" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "t.npz").exists()


def test_no_margin_no_kernel_teacher(tmp_path: Path) -> None:
    code, _, err = run("make", "synthetic:circle:points=6", "-o", tmp_path / "x.npz")
    assert code == 1
    assert "margin is exactly 0" in err
    assert "--prepare bias" in err


@pytest.mark.parametrize("command", ["check", "make"])
def test_help_has_an_example(command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "Example: boundcheck labels" in out


@pytest.mark.parametrize(
    ("scale", "says"),
    [
        (6.0, "is surer of itself than it should be (temperature 6"),
        (0.25, "is less sure of itself than it could be (temperature 0.2"),
        (1.0, "as sure of itself as it should be"),
    ],
)
def test_check_answers_whether_the_teacher_is_right_and_honest(tmp_path: Path, scale: float, says: str) -> None:
    """Labels drawn from logits are honest at temperature 1, and so are logits times a scale at that temperature."""
    rng = np.random.default_rng(5)
    z = rng.normal(0, 3, 4000)
    np.savez(tmp_path / "soft.npz", logits=scale * z, y=(rng.random(4000) < 1 / (1 + np.exp(-z))).astype(int))
    answer = run("check", tmp_path / "soft.npz")[1].splitlines()[0]
    assert answer.startswith("This teacher is right on 8")
    assert says in answer
    assert "nats a row over hard labels" in answer


def test_what_weights_add_to_hard_labels_is_told_against_their_entropy(tmp_path: Path) -> None:
    """Constant confidence in decisions that are right four times in five: the weights add nothing."""
    y = np.repeat([0, 1], 500)
    right = np.arange(1000) % 5 != 0
    np.savez(tmp_path / "flat.npz", p=np.where((y == 1) == right, 0.8, 0.2), y=y)
    result = body("check", tmp_path / "flat.npz")["result"]["calibration"]
    assert result["bare"] == pytest.approx(-0.8 * np.log(0.8) - 0.2 * np.log(0.2))
    assert result["log_loss_at_temperature"] == pytest.approx(result["bare"], abs=0.003)
