"""`boundcheck crowd` as a user runs it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from boundcheck.cli import app
from boundcheck.crowds import Crowd, scenario
from boundcheck.crowds.spectral import spectrum
from boundcheck.datasets import from_arrays
from boundcheck.labels.files import labels_for, load_labels, true_labels


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return scenario("hardeasy", 40, tasks_per_type=150, seed=1)


@pytest.fixture
def files(crowd: Crowd, tmp_path: Path) -> tuple[Path, Path]:
    """The same crowd as csv, with its truth."""
    answers, truth = tmp_path / "answers.csv", tmp_path / "truth.csv"
    workers, tasks, values = crowd.answers.triples()
    rows = [f"{t},w{w},{int(v > 0)}" for w, t, v in zip(workers, tasks, values, strict=True)]
    answers.write_text("\n".join(["task,worker,label", *rows]) + "\n")
    truth.write_text("\n".join(["task,label", *(f"{t},{int(y > 0)}" for t, y in enumerate(crowd.y))]) + "\n")
    return answers, truth


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def run(*arguments: object):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, ["crowd", *map(str, arguments)])


def test_json_has_every_key_and_the_error_is_counted(files: tuple[Path, Path], crowd: Crowd, tmp_path: Path) -> None:
    out = tmp_path / "crowd.npz"
    done = run(files[0], "--truth", files[1], "-o", out, "--json", "--seed", 3)
    assert done.exit_code == 0, done.stderr
    envelope = json.loads(done.stdout)
    result = envelope["result"]
    assert (result["n_workers"], result["n_tasks"], result["n_answers"]) == (40, 300, 12_000)
    assert (result["model"], result["types"]) == ("free", 2)
    assert abs(result["corr_type_label"]) < 0.2
    saved = arrays(out)
    wrong = float(np.mean(np.sign(saved["logits"]) != crowd.y))
    assert result["error"] == pytest.approx(wrong)
    assert result["error_interval"]["lower"] < wrong < result["error_interval"]["upper"]
    assert 0 <= result["ece"] < 0.1
    assert 0.3 < result["temperature"] < 3
    assert (result["self_estimated_error"], result["self_estimated_error_interval"]) == (None, None)
    assert result["held_out_temperature"] >= 1
    assert result["confounded"] == {}
    assert [row["model"] for row in result["held_out"]][:6] == ["guess", "mv", "one", "scaled", "two", "free"]
    assert len(result["reliability"]) == 40
    assert (envelope["command"], envelope["manifest"]["seed"]) == ("crowd", 3)
    assert envelope["manifest"]["data_sha256"] == result["digest"]


@pytest.mark.filterwarnings("ignore:.*favour another class")
def test_the_file_feeds_labels_check_and_verify(files: tuple[Path, Path], crowd: Crowd, tmp_path: Path) -> None:
    """p, logits, task names, truth, source and seed; row j of a data set is task j."""
    out = tmp_path / "crowd.npz"
    assert run(files[0], "--truth", files[1], "-o", out, "--method", "ds1", "--seed", 5).exit_code == 0
    found = load_labels(out)
    assert found.source == "crowd one"
    assert found.tasks == tuple(map(str, range(300)))
    np.testing.assert_array_equal(found.y, crowd.y)
    known = true_labels(found, files[1])
    assert known is not None
    np.testing.assert_array_equal(known.codes, (crowd.y > 0).astype(int))
    saved = arrays(out)
    assert int(saved["seed"]) == 5
    assert saved["reliability"].shape == (1, 40)
    dataset = from_arrays(np.random.default_rng(0).normal(size=(300, 3)), crowd.y)
    p, logits, _ = labels_for(out, dataset)
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-saved["logits"])), atol=1e-12)
    np.testing.assert_array_equal(logits, saved["logits"])


def test_words_as_labels_give_the_same_crowd(files: tuple[Path, Path], tmp_path: Path) -> None:
    found = []
    for mean in (("0", "1"), ("cat", "dog")):
        paths = []
        for path in files:
            rows = [line.rpartition(",") for line in path.read_text().splitlines()]
            text = "\n".join(f"{row},{mean[int(label)] if label in '01' else label}" for row, _, label in rows)
            paths.append(tmp_path / f"{mean[0]}-{path.name}")
            paths[-1].write_text(text)
        done = run(paths[0], "--truth", paths[1], "--positive", mean[1], "--method", "ds1", "--json")
        assert done.exit_code == 0, done.stderr
        found.append(json.loads(done.stdout)["result"])
    assert found[0]["error"] == found[1]["error"]
    assert found[0]["reliability"] == found[1]["reliability"]


def test_an_npz_of_answers_is_the_same_as_the_csv(files: tuple[Path, Path], crowd: Crowd, tmp_path: Path) -> None:
    np.savez(tmp_path / "answers.npz", X=np.asarray(crowd.answers.X, dtype=np.int8))
    results = [
        json.loads(run(path, "--truth", files[1], "--method", "wls", "--json").stdout)["result"]
        for path in (files[0], tmp_path / "answers.npz")
    ]
    assert results[0]["error"] == results[1]["error"]
    assert results[0]["vote_bounds"] == pytest.approx(results[1]["vote_bounds"])


def test_without_truth_nothing_is_said_about_the_error(files: tuple[Path, Path]) -> None:
    result = json.loads(run(files[0], "--method", "mv", "--json").stdout)["result"]
    assert (result["error"], result["ece"], result["temperature"]) == (None, None, None)
    assert (result["model"], result["types"], result["corr_type_label"]) == ("mv", 1, None)
    assert result["reliability"] == {}


def test_every_seed_gives_the_same_labels(files: tuple[Path, Path], tmp_path: Path) -> None:
    """The choice hangs on the answers alone; the seed is the bootstrap's."""
    found = []
    for seed in (0, 1, 7):
        out = tmp_path / f"{seed}.npz"
        assert run(files[0], "-o", out, "--seed", seed).exit_code == 0
        found.append(arrays(out)["logits"])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_the_vote_claims_an_error_with_an_interval(tmp_path: Path) -> None:
    """Too few answers for anything else: the claim, its interval at the confidence asked for, and a warning."""
    rng = np.random.default_rng(0)
    rows = [f"{t},w{w},{rng.integers(2)}" for t in range(60) for w in rng.permutation(20)[:3]]
    (tmp_path / "a.csv").write_text("\n".join(["task,worker,label", *rows]) + "\n")
    done = run(tmp_path / "a.csv", "--confidence", "0.8", "--json")
    envelope = json.loads(done.stdout)
    result = envelope["result"]
    assert (result["model"], result["held_out_temperature"]) == ("mv", None)
    interval = result["self_estimated_error_interval"]
    assert interval["lower"] <= result["self_estimated_error"] <= interval["upper"]
    assert (interval["confidence"], interval["exact"]) == (0.8, False)
    assert any("better than guessing" in warning for warning in envelope["warnings"])
    assert "error, from how often workers agree" in run(tmp_path / "a.csv").stdout


@pytest.mark.parametrize("options", [[], ["--method", "mv"]])
def test_a_figure_that_cannot_be_drawn_is_refused_before_the_work(tmp_path: Path, options: list[str]) -> None:
    """Two workers: nothing is written, and no warning about the labels comes first."""
    rows = [f"{t},{w},{t % 2}" for t in range(12) for w in "uv"]
    (tmp_path / "a.csv").write_text("\n".join(["task,worker,label", *rows]) + "\n")
    out = tmp_path / "out.npz"
    done = run(tmp_path / "a.csv", "--plot", tmp_path / "plane.png", "-o", out, *options)
    assert (done.exit_code, out.exists(), len(done.stderr.strip().splitlines())) == (2, False, 1)
    assert "a figure needs 3 workers" in done.stderr


def test_few_tasks_have_a_figure(tmp_path: Path) -> None:
    """Nine tasks are too few to compare models, and enough for a plane."""
    pytest.importorskip("matplotlib")
    rows = [f"{t},w{w},{(t + w) % 2}" for t in range(9) for w in range(4)]
    (tmp_path / "a.csv").write_text("\n".join(["task,worker,label", *rows]) + "\n")
    assert run(tmp_path / "a.csv", "--plot", tmp_path / "plane.png").exit_code == 0
    assert (tmp_path / "plane.png").exists()


def test_tables_name_model_types_workers_and_assumption(files: tuple[Path, Path]) -> None:
    done = run(files[0], "--truth", files[1], "--bootstrap", 3)
    assert done.exit_code == 0, done.stderr
    for words in (
        "held-out answers",
        "model: free",
        "task types: 2",
        "p-value of one type",
        "reliability",
        "error",
        "best further temperature",
        "temperature of p, fitted to held-out answers",
        "assumed: answers are independent",
    ):
        assert words in done.stdout


def test_a_method_that_was_asked_for_says_that_its_p_is_not_calibrated(files: tuple[Path, Path]) -> None:
    assert "p is not calibrated" in run(files[0], "--method", "ds1").stdout
    assert "p is not calibrated" not in run(files[0]).stdout


@pytest.mark.parametrize("method", ["te", "types"])
def test_the_figure_is_drawn_for_any_method(
    files: tuple[Path, Path], crowd: Crowd, tmp_path: Path, method: str
) -> None:
    pytest.importorskip("matplotlib")
    done = run(files[0], "--method", method, "--plot", tmp_path / "plane.png", "--json")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")
    result = json.loads(done.stdout)["result"]
    assert len(result["eigenvalues"]) == 10
    assert result["above_edge"] == spectrum(crowd.answers).above


def test_a_truth_with_gaps_is_used_where_it_is_known_and_not_saved(files: tuple[Path, Path], tmp_path: Path) -> None:
    lines = files[1].read_text().splitlines()
    files[1].write_text("\n".join(lines[:101]) + "\n")
    out = tmp_path / "crowd.npz"
    done = run(files[0], "--truth", files[1], "-o", out, "--method", "ds2", "--json")
    envelope = json.loads(done.stdout)
    assert envelope["result"]["n_truth"] == 100
    assert any("200 tasks have no truth" in warning for warning in envelope["warnings"])
    assert load_labels(out).y is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "no such file"),
        (["{answers}", "--types", "many"], "give a number of types or auto"),
        (["{answers}", "--types", "99"], "types 99"),
        (["{answers}", "--method", "em"], "Invalid value for '--method'"),
        (["{answers}", "--method", "mv", "--types", "2"], "the same in every group"),
        (["{answers}", "--truth", "none.csv"], "no such file"),
        (["{answers}", "--truth", "{answers}", "--confidence", "1"], "outside (0, 1)"),
        (["{answers}", "--method", "mv", "-o", "crowd.txt"], "written as .npz"),
        (["{answers}", "--method", "mv", "--plot", "plane.doc"], "unknown kind of figure"),
        ([], "Missing argument"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_two(
    files: tuple[Path, Path], arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*(argument.format(answers=files[0]) for argument in arguments))
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("text", ["1,u,0", "1,u,0\n1,v,1", "1,u,1\n2,u,1\n3,v,0\n4,w,1"])
def test_tiny_crowds_get_a_vote_and_no_figure(tmp_path: Path, text: str) -> None:
    """One answer, one task, nothing in common: labels and a warning, or one line that says why not."""
    (tmp_path / "a.csv").write_text(f"task,worker,label\n{text}\n")
    done = run(tmp_path / "a.csv", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["result"]["model"] == "mv"
    refused = run(tmp_path / "a.csv", "--plot", tmp_path / "plane.png")
    assert (refused.exit_code, len(refused.stderr.strip().splitlines())) == (2, 1)


def test_help_shows_an_example() -> None:
    done = run("--help")
    assert done.exit_code == 0
    assert "boundcheck crowd answers.csv --truth truth.csv -o crowd.npz" in " ".join(done.stdout.split())
