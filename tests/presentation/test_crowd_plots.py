"""The panels of `crowd`: what is drawn, from the record alone."""

from pathlib import Path

import numpy as np
import pytest

import boundcheck as bc
from boundcheck.crowds import Crowd, crowd_soft_labels, scenario
from boundcheck.errors import BoundcheckWarning
from boundcheck.presentation import present
from boundcheck.records import CrowdReport

figures = pytest.importorskip("boundcheck.presentation.figures")
pytest.importorskip("matplotlib")
WORKERS, TASKS, KNOWN = 25, 80, 50


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return scenario("hardeasy", WORKERS, tasks_per_type=TASKS // 2, seed=3)


@pytest.fixture(scope="module")
def report(crowd: Crowd, tmp_path_factory: pytest.TempPathFactory) -> CrowdReport:
    """The crowd with the truth of its first 50 tasks."""
    folder = tmp_path_factory.mktemp("crowd")
    np.savez(folder / "answers.npz", X=crowd.answers.X)
    rows = [f"{task},{y}" for task, y in enumerate(crowd.y[:KNOWN])]
    (folder / "truth.csv").write_text("\n".join(["task,label", *rows]) + "\n")
    with pytest.warns(BoundcheckWarning, match="favour another class"):
        return bc.crowd(folder / "answers.npz", truth=folder / "truth.csv", method="types", types=2, plot=True)


@pytest.fixture(scope="module")
def panels(report: CrowdReport) -> dict:  # type: ignore[type-arg]
    """Axes by the label below them, of the record read back from its JSON."""
    again = CrowdReport.from_json(report.to_json())
    axes = figures.drawn(present(again), "plot").axes
    return {panel.get_xlabel(): panel for panel in axes}


def test_every_panel_has_its_labels_and_a_legend_below_the_data(panels: dict) -> None:  # type: ignore[type-arg]
    assert [(x, panel.get_ylabel()) for x, panel in panels.items()] == [
        ("p = P(label +1 | answers)", "tasks"),
        ("mean p of the tasks in a bin", "share of them with true label +1"),
        (r"$\sqrt{\lambda_1}\,v_1$", r"$\sqrt{\lambda_2}\,v_2$"),
        ("number", "eigenvalue"),
    ]
    for panel in panels.values():
        panel.figure.draw_without_rendering()
        assert panel.get_title()
        assert panel.get_legend().get_window_extent().y1 < panel.get_window_extent().y0


def test_the_bars_are_the_tasks_by_p_and_truth(panels: dict, report: CrowdReport, crowd: Crowd) -> None:  # type: ignore[type-arg]
    bars = {
        bar.get_label(): [patch.get_height() for patch in bar] for bar in panels["p = P(label +1 | answers)"].containers
    }
    p = crowd_soft_labels(crowd.answers, method="types", types=2).p
    edges = [*(part.lower for part in report.posterior), 1.0]
    known = np.arange(TASKS) < KNOWN
    for name, chosen in (
        ("truth +1", known & (crowd.y > 0)),
        ("truth -1", known & (crowd.y < 0)),
        ("truth unknown", ~known),
    ):
        assert bars[name] == np.histogram(p[chosen], edges)[0].tolist(), name


def test_the_points_of_the_calibration_are_shares_with_intervals(panels: dict, crowd: Crowd) -> None:  # type: ignore[type-arg]
    panel = panels["mean p of the tasks in a bin"]
    lines = {line.get_label(): line for line in panel.lines}
    assert "calibrated" in lines
    shares = lines["share of +1, 95 % each"]
    ends = [segment for bar in panel.collections for segment in bar.get_segments()]
    x, share = shares.get_data()
    p = crowd_soft_labels(crowd.answers, method="types", types=2).p[:KNOWN]
    place = np.floor(p * 15)
    for b, at, positive in zip(np.unique(place), x, share, strict=True):
        assert at == pytest.approx(p[place == b].mean())
        assert positive == pytest.approx(np.mean(crowd.y[:KNOWN][place == b] > 0))
    assert all(low[1] <= y <= high[1] for (low, high), y in zip(ends, share, strict=True))


def test_the_plane_has_every_task_in_the_colour_of_its_type(panels: dict, report: CrowdReport) -> None:  # type: ignore[type-arg]
    clouds = panels[r"$\sqrt{\lambda_1}\,v_1$"].get_legend_handles_labels()[0]
    sizes = {cloud.get_label(): len(cloud.get_xdata()) for cloud in clouds}
    assert sizes == {f"type {k + 1}: {size} tasks": size for k, size in enumerate(report.type_sizes)}
    assert sum(sizes.values()) == TASKS


def test_the_eigenvalues_and_both_edges(panels: dict, report: CrowdReport) -> None:  # type: ignore[type-arg]
    lines = {line.get_label(): list(line.get_ydata()) for line in panels["number"].lines}
    assert lines[f"{report.above_edge} above the edge"] == list(report.eigenvalues)
    assert lines["noise edge (random signs)"] == [report.edge] * 2
    assert lines["Marchenko-Pastur edge, equal density"] == [report.marchenko_pastur] * 2


def test_without_truth_or_plane_only_the_posterior_is_left(tmp_path: Path, crowd: Crowd) -> None:
    np.savez(tmp_path / "answers.npz", X=crowd.answers.X)
    report = bc.crowd(tmp_path / "answers.npz", method="mv")
    (panel,) = figures.drawn(present(report), "plot").axes
    assert panel.get_xlabel() == "p = P(label +1 | answers)"
    assert {bar.get_label() for bar in panel.containers} == {"truth unknown"}
    assert sum(part.tasks for part in report.posterior) == TASKS
