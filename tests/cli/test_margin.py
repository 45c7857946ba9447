"""`boundcheck margin` from the outside: JSON, tables, exit codes, files, errors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from margin_oracles import textbook_kernel
from typer.testing import CliRunner, Result

from boundcheck.cli import app
from boundcheck.margins.teacher import load_teacher

DIGITS = ("sklearn:digits", "--positive", "5,6,7,8,9")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["margin", *map(str, arguments)])


def result(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    shown = invoke(*arguments, "--json")
    assert shown.exit_code == exit_code, shown.stderr
    envelope = json.loads(shown.stdout)
    assert envelope["command"] == "margin"
    assert len(envelope["manifest"]["data_sha256"]) == 64
    body: dict[str, Any] = envelope["result"]
    return body


def save(path: Path, X: np.ndarray, y: list[int]) -> Path:
    np.savez(path, X=X, y=np.array(y))
    return path


def test_json_has_the_keys_of_the_specification() -> None:
    body = result("synthetic:circle:points=8")
    assert {"n", "d", "norm_min", "norm_max", "support_size", "assumption_holds", "conflicts"} <= set(body)
    assert {"lower", "upper", "confidence", "exact"} <= set(body["gamma_sup"])
    assert {"lower", "upper"} <= set(body["gamma_rkhs"])
    assert (body["n"], body["d"], body["n_positive"], body["n_negative"]) == (8, 2, 4, 4)
    assert body["norm_max"] == pytest.approx(1, abs=1e-15)
    assert "teacher" not in body


def test_circle_of_eight_has_equal_margins_and_all_rows_support_it() -> None:
    body = result("synthetic:circle:points=8")
    for gamma in (body["gamma_sup"], body["gamma_rkhs"]):
        assert gamma["lower"] == pytest.approx(0.1352990250, abs=1e-8)
        assert gamma["upper"] == pytest.approx(0.1352990250, abs=1e-8)
        assert gamma["exact"] is True
        assert gamma["confidence"] == 1
    assert body["assumption_holds"] is True
    assert body["conflicts"] == []
    assert body["support_size"] == 8


def test_circle_of_six_has_margin_zero_names_its_rows_and_exits_with_1() -> None:
    body = result("synthetic:circle:points=6", exit_code=1)
    assert body["assumption_holds"] is False
    assert body["conflicts"] == [0, 1, 2, 3, 4, 5]
    assert body["gamma_sup"]["lower"] == body["gamma_sup"]["upper"] == body["gamma_rkhs"]["upper"] == 0
    text = " ".join(invoke("synthetic:circle:points=6").stdout.split())
    assert "gamma = 0 exactly" in text
    assert "0, 1, 2, 3, 4, 5" in text


def test_two_points_have_their_closed_forms() -> None:
    body = result("synthetic:pair:angle=30")
    t = np.pi / 6
    sup = (np.pi - t) / (2 * np.pi) * np.sin(t / 2) + t / (2 * np.pi)
    rkhs = np.sqrt((1 - np.cos(t) * (1 - t / np.pi)) / 4)
    assert body["gamma_sup"]["lower"] == pytest.approx(sup, rel=1e-9)
    assert body["gamma_sup"]["upper"] == pytest.approx(sup, rel=1e-9)
    assert body["gamma_rkhs"]["lower"] == pytest.approx(rkhs, rel=1e-9)
    assert body["outer"]["lower"] <= sup <= body["outer"]["upper"]


@pytest.mark.parametrize(("drop", "n", "expected"), [((), 1797, 0.0153768), (("--drop", "1,7,4,9"), 1075, 0.0300735)])
def test_digits_have_their_known_rkhs_margin(drop: tuple[str, ...], n: int, expected: float) -> None:
    """0.0153768 on all digits, 0.0300735 without 1, 7, 4, 9: exact, without any sampling."""
    data = DIGITS if not drop else ("sklearn:digits", "--positive", "5,6,8")
    body = result(*data, *drop, "--norm", "rkhs")
    assert body["n"] == n
    gamma = body["gamma_rkhs"]
    assert gamma["upper"] == pytest.approx(expected, abs=6e-8)
    assert 0 <= gamma["upper"] - gamma["lower"] <= 1e-9 * gamma["upper"]
    assert body["samples"] == 0
    assert body["gamma_sup"]["lower"] == pytest.approx(gamma["lower"] ** 2, rel=1e-12)
    assert body["gamma_sup"]["upper"] <= gamma["upper"]


def test_only_the_shortest_of_equal_rays_counts_and_repeated_rows_change_nothing(tmp_path: Path) -> None:
    X = np.array([[4, 1], [1, -3], [-2, 7], [5, 5]]) / 8  # so that 3/2 of a row is exact
    y = [1, -1, 1, -1]
    once = result(save(tmp_path / "a.npz", X, y), "--normalize", "none")
    more = np.concatenate([X, X, 1.5 * X[:1]])
    twice = result(save(tmp_path / "b.npz", more, [*y, *y, 1]), "--normalize", "none")
    for name in ("gamma_sup", "gamma_rkhs"):
        for end in ("lower", "upper"):
            assert twice[name][end] == pytest.approx(once[name][end], rel=1e-7)
    assert twice["support_size"] == once["support_size"]


def test_one_ray_with_two_labels_is_named_by_the_rows_of_the_file(tmp_path: Path) -> None:
    X = np.array([[0.5, 0.25], [0.1, -0.4], [1.0, 0.5], [0.7, 0.7]])
    assert result(save(tmp_path / "a.npz", X, [1, -1, -1, 1]), exit_code=1)["conflicts"] == [0, 2]


@pytest.mark.parametrize(("norm", "radius"), [("both", 1.0), ("rkhs", None)])
def test_saved_teacher_has_the_margin_of_its_norm(tmp_path: Path, norm: str, radius: float | None) -> None:
    """min_i y_i z_i = gamma for z_i = E[v.phi_i], on circles whose labels alternate."""
    path = tmp_path / "teacher.npz"
    body = result("synthetic:circle:points=5", "--norm", norm, "--save-teacher", path)
    teacher = load_teacher(path)
    gamma = body["gamma_sup" if norm == "both" else "gamma_rkhs"]
    assert teacher.kind == ("sup" if norm == "both" else "rkhs")
    assert (teacher.z * np.array([1, -1, 1, -1, 1])).min() == pytest.approx(gamma["lower"], rel=1e-9)
    np.testing.assert_allclose(teacher.p, 1 / (1 + np.exp(-teacher.z)), rtol=1e-14)
    assert teacher.q.sum() == pytest.approx(1, abs=1e-12)
    assert teacher.margin.lower == gamma["lower"]
    assert teacher.radius == radius if radius else teacher.radius >= 1
    assert teacher.digest == json.loads(
        invoke("synthetic:circle:points=5", "--norm", "rkhs", "--json").stdout
    )["manifest"]["data_sha256"]  # fmt: skip


@pytest.mark.parametrize("option", ["--save-teacher", "--plot"])
def test_what_is_not_written_where_the_margin_is_zero_is_named(tmp_path: Path, option: str) -> None:
    path = tmp_path / ("teacher.npz" if option == "--save-teacher" else "margin.png")
    shown = invoke("synthetic:circle:points=6", option, path)
    assert shown.exit_code == 1
    assert f"{option} {path}: not written, " in shown.stderr.replace("\n", "")
    assert not path.exists()


def test_table_says_what_is_proved() -> None:
    text = " ".join(invoke("synthetic:circle:points=8", "-v").stdout.split())
    for piece in ("0.135299", "Assumption 1 holds", "proved: exact, no sampling", "8 rows support", "45 deg"):
        assert piece in text
    assert "99 % confidence" not in text


def test_without_sampling_only_outer_bounds_are_claimed_for_assumption_1() -> None:
    text = " ".join(invoke("synthetic:sphere:n=20,d=5", "--norm", "rkhs").stdout.split())
    assert "proved: the outer bounds" in text


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--norm", "l1"), "--norm"),
        (("--confidence", "1"), "--confidence"),
        (("--confidence", "nan"), "--confidence"),
        (("--tolerance", "-0.1"), "--tolerance"),
        (("--tolerance", "1"), "--tolerance"),
        (("--time-limit", "0"), "--time-limit"),
        (("--draws", "0"), "--draws"),
        (("--time-limit", "nan"), "--time-limit"),
        (("--normalize", "most"), "normalize"),
        (("--positive", "7"), "7"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(options: tuple[str, ...], named: str) -> None:
    shown = invoke("synthetic:circle:points=8", *options)
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert shown.stderr.count("\n") == 1
    assert named in shown.stderr


@pytest.mark.parametrize("data", ["none.npz", "synthetic:ellipse", "synthetic:circle:points=1"])
def test_bad_data_is_one_line_and_exit_2(data: str) -> None:
    shown = invoke(data)
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1


def test_teacher_that_cannot_be_written_is_one_line_and_exit_2(tmp_path: Path) -> None:
    shown = invoke("synthetic:circle:points=8", "--save-teacher", tmp_path / "no" / "where.npz")
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1
    assert "where.npz" in shown.stderr


def test_figure_shows_rows_and_limiting_points(tmp_path: Path) -> None:
    """As SVG, whose text can be read: titles, the rows listed, one image for each of the heaviest."""
    pytest.importorskip("matplotlib")
    path, plane = tmp_path / "digits.svg", tmp_path / "plane.svg"
    body = result(*DIGITS, "--norm", "rkhs", "--plot", path)
    result("synthetic:circle:points=5", "--plot", plane)
    drawn, flat = path.read_text(), plane.read_text()
    for text in (drawn, flat):
        for title in ("margins of the single rows", "rows that limit the margin"):
            assert f"<!-- {title}" in text
        assert "interval for the margin" not in text  # nothing was sampled, so nothing narrowed
    assert f"row {body['limiting'][0]['row']} (" in drawn
    assert sum(f"row {one['row']} ({one['label']:+d})" in drawn for one in body["limiting"]) == 6
    assert "<image" in drawn
    assert "<image" not in flat


@pytest.mark.parametrize("option", ["--plot", "--save-teacher"])
@pytest.mark.parametrize("place", ["no/where.svg", "."])
def test_paths_are_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, place: str
) -> None:
    monkeypatch.setattr("boundcheck.pipeline.margin.find_rays", None)
    shown = invoke("synthetic:circle:points=8", option, tmp_path / place)
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1


def test_published_widths_at_the_margin_are_those_of_compare() -> None:
    body = result("synthetic:circle:points=8", "--eps", "0.1", "--delta", "0.01")
    gamma = body["gamma_sup"]["lower"]
    options = ["--eps", "0.1", "--delta", "0.01", "--n", "8", "--c", str(body["norm_min"]), "--gamma", repr(gamma)]
    compared = CliRunner().invoke(app, ["compare", *options, "--json"])
    expected = {row["bound"]: row["width"] for row in json.loads(compared.stdout)["result"]["rows"]}
    widths = {row["bound"]: row["width"] for row in body["widths"]}
    assert set(widths) == {"soft-published", "soft-kl-published", "hard-published", "hard-gd-published"}
    for bound, width in widths.items():
        assert width == pytest.approx(expected[bound], rel=1e-9)
    assert "hard-published" in invoke("synthetic:circle:points=8", "--eps", "0.1").stdout
    assert "hard-published" not in invoke("synthetic:circle:points=8", "-v").stdout


def test_hardness_is_told_by_what_the_sharp_bounds_ask_for() -> None:
    text = invoke("synthetic:circle:points=8").stdout
    for bound, labels in (("soft-sharp-nfree", "soft"), ("hard-perceptron", "hard")):
        options = ["--data", "synthetic:circle:points=8", "--eps", "0.05", "--bound", bound, "--json"]
        (row,) = json.loads(CliRunner().invoke(app, ["compare", *options]).stdout)["result"]["rows"]
        assert f"{row['width']:,} {'neurons with soft labels' if labels == 'soft' else 'with hard ones'}" in text


@pytest.mark.parametrize("option", [("--eps", "0"), ("--eps", "1"), ("--eps", "0.1", "--delta", "0.5")])
def test_targets_out_of_range_are_refused_before_anything_is_computed(
    monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...]
) -> None:
    monkeypatch.setattr("boundcheck.pipeline.margin.find_rays", None)
    shown = invoke("synthetic:circle:points=8", *option)
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1


def test_limiting_rows_name_the_nearest_row_of_the_other_label(tmp_path: Path) -> None:
    """Angles by hand; two opposite labels 1e-9 apart are what limits the margin."""
    t = 1e-9
    X = np.array([[1.0, 0.0], [1.0, t], [0.0, 1.0], [-1.0, 0.2]])
    body = result(save(tmp_path / "a.npz", X / 2, [1, -1, 1, -1]), "--normalize", "none")
    heaviest = {one["row"]: one for one in body["limiting"][:2]}
    assert set(heaviest) == {0, 1}
    assert heaviest[0]["rival"] == 1
    assert heaviest[1]["rival"] == 0
    assert heaviest[0]["angle"] == pytest.approx(t, rel=1e-6)


def test_rows_too_close_for_float64_are_named(tmp_path: Path) -> None:
    path = save(tmp_path / "close.npz", np.array([[1.0, 0, 0], [1.0, 1e-17, 0], [0, 1.0, 0]]), [1, -1, 1])
    shown = invoke(path)
    assert shown.exit_code == 2
    assert "rows 0 and 1 have the same direction and opposite labels" in shown.stderr
    assert "relabel" in shown.stderr
    assert "0 or below" in shown.stderr


def hexagon() -> tuple[np.ndarray, list[int]]:
    turns = np.arange(6) * np.pi / 3
    return np.stack([np.cos(turns), np.sin(turns)], axis=1), [1, -1] * 3


def test_antipodal_pairs_that_cancel_but_for_rounding_are_named_with_the_remedy_that_helps(tmp_path: Path) -> None:
    """The circle of six with its coordinates rounded: gamma is 0 or tiny; the rows are 60 degrees apart."""
    X, y = hexagon()
    shown = invoke(save(tmp_path / "hexagon.npz", X, y))
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1
    assert "rows 0 and 3, 1 and 4, 2 and 5 have opposite directions and opposite labels" in shown.stderr
    assert "same direction" not in shown.stderr
    assert "--prepare bias appends a constant column" in shown.stderr
    bound = float(shown.stderr.split("0 or below ")[1].split(",")[0])
    assert 0 < bound < 2e-7
    biased = np.hstack([X, np.ones((6, 1))])
    body = result(save(tmp_path / "biased.npz", biased, y))
    assert body["gamma_sup"]["lower"] >= 0.086


def test_rkhs_norm_touches_no_sampling() -> None:
    code = (
        "import sys; from boundcheck.cli import main; sys.argv = "
        "['boundcheck', 'margin', 'synthetic:sphere:n=20,d=5', '--norm', 'rkhs', '--json', '--quiet']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[-1] in ('supnorm', 'certificate', 'descent', 'planar')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_large_data_is_refused_by_the_sup_norm_and_taken_by_the_rkhs_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = result("synthetic:sphere:n=40,d=5", "--norm", "rkhs")
    monkeypatch.setattr("boundcheck.pipeline.margin._IN_MEMORY", 10)
    monkeypatch.setattr("boundcheck.pipeline.margin._MOST_BYTES", 8 * 39**2)
    lazy = result("synthetic:sphere:n=40,d=5", "--norm", "rkhs")
    assert lazy["gamma_rkhs"]["upper"] == pytest.approx(dense["gamma_rkhs"]["upper"], rel=1e-9)
    shown = invoke("synthetic:sphere:n=40,d=5")
    assert shown.exit_code == 2
    assert "--norm rkhs" in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_teacher_speaks_of_rows_that_a_shorter_row_on_their_ray_makes_redundant(tmp_path: Path) -> None:
    """z = K(y o q) / gamma on every row, by the textbook kernel; the last two rows have weight 0."""
    X = np.array([[4, 1, 0], [1, -3, 2], [-2, 7, 1], [5, 5, -3], [6, 1.5, 0], [1, -3, 2]]) / 16
    y = [1, -1, 1, -1, 1, -1]
    path = tmp_path / "teacher.npz"
    body = result(save(tmp_path / "a.npz", X, y), "--normalize", "none", "--norm", "rkhs", "--save-teacher", path)
    teacher = load_teacher(path)
    np.testing.assert_array_equal(teacher.q[4:], 0)
    expected = textbook_kernel(X) @ (np.array(y) * teacher.q) / body["gamma_rkhs"]["upper"]
    np.testing.assert_allclose(teacher.z, expected, rtol=1e-9)


def test_the_commands_to_type_next_carry_what_was_done_to_the_rows(tmp_path: Path) -> None:
    path = save(tmp_path / "my data.npz", np.array([[1.0, 0], [0, 1.0], [0.5, 0.5], [0.6, 0.5]]), [1, 2, 3, 1])
    text = invoke(path, "--positive", "1", "--drop", "3", "--normalize", "unit").stdout
    rows = f"'{path}' --positive 1 --drop 3 --normalize unit"
    assert f"Next: boundcheck verify {rows} --width-search\n" in text
    assert f"boundcheck compare --data {rows} --eps .05\n" in text


def test_every_sampled_margin_names_the_draws_that_repeat_its_numbers() -> None:
    """By default, and under a clock: the command that is named gives the same interval, teacher and count again."""
    data = ("synthetic:sphere:n=20,d=5", "--tolerance", 0.2)
    first, timed = result(*data), result(*data, "--time-limit", 1e6)
    for body in (first, timed):
        again = result(*data, "--draws", body["draws"])
        for key in ("gamma_sup", "draws", "samples", "support_size", "limiting"):
            assert again[key] == body[key]
    assert first["gamma_sup"] == timed["gamma_sup"]
    assert f"--draws {first['draws']} repeats it" in " ".join(invoke(*data).stdout.split())
    assert result(*data, "--draws", 2000)["gamma_sup"] != first["gamma_sup"]
    assert result("synthetic:circle:points=8")["draws"] == 0


def test_a_clock_without_time_for_a_round_leaves_the_outer_bounds_and_the_exact_teacher(tmp_path: Path) -> None:
    path = tmp_path / "teacher.npz"
    body = result("synthetic:sphere:n=20,d=5", "--time-limit", 1e-6, "--save-teacher", path)
    assert body["gamma_sup"] == body["outer"]
    assert (body["draws"], body["samples"], body["interrupted"]) == (0, 0, False)
    assert load_teacher(path).kind == "rkhs"
    assert np.abs(load_teacher(path).z).min() > 0
    exact = result("synthetic:circle:points=8", "--time-limit", 10)["gamma_sup"]
    assert exact["upper"] - exact["lower"] < 1e-9
