"""A student of a crowd: the same start for every kind of labels, errors against the truth, honest counts."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from boundcheck import training
from boundcheck.cli import app
from boundcheck.crowds import attach_crowd, reliabilities
from boundcheck.datasets import load_dataset
from boundcheck.errors import InputError
from boundcheck.experiments.crowd_student import ARMS, CERTAIN, count, crowd_draws
from boundcheck.records import Interval, Search, SearchSettings, TrainingSpec
from boundcheck.records.crowd import CrowdArm, CrowdDraw
from boundcheck.search import minimal_width

DATA = load_dataset("synthetic:circle:points=24")


def quick(p: Any) -> Search:
    spec = TrainingSpec("soft", "kl", 5.0, 2.0, 40)
    settings = SearchSettings(max_width=8, max_seeds=4, budget=8)
    return minimal_width(DATA.X, DATA.y, p, spec, settings, eps=0.4, data_digest=DATA.digest)


def draws(widths: list[tuple[float | None, float | None]]) -> list[CrowdDraw]:
    """Crowds whose posterior and majority cross at these widths."""
    search = quick(np.full(len(DATA.y), 0.6))
    made = []
    for seed, (posterior, majority) in enumerate(widths):
        crossings = (posterior, majority, majority)
        arms = tuple(CrowdArm(name, 0.1, search, at) for name, at in zip(ARMS, crossings, strict=True))
        made.append(CrowdDraw(seed, "one", Interval(0.1, 0.2), 0.0, arms))
    return made


def test_certain_soft_labels_train_as_hard_labels_do() -> None:
    p = np.where(DATA.y > 0, 1 - CERTAIN, CERTAIN)
    jobs = [(8, 0), (32, 1)]
    soft = training.train(DATA.X, DATA.y, p, TrainingSpec("soft", "kl", 5.0, 2.0, 300), jobs)
    hard = training.train(DATA.X, DATA.y, None, TrainingSpec("hard", "logistic", 5.0, 2.0, 300), jobs)
    for one, other in zip(soft, hard, strict=True):
        assert one.average_error == pytest.approx(other.average_error, abs=2e-3)
        assert one.movement == pytest.approx(other.movement, rel=1e-3)


def test_majority_labels_are_the_signs_of_the_votes_and_the_posterior_is_soft() -> None:
    seen: list[Any] = []

    def search(p: Any) -> Search:
        seen.append(p)
        return quick(p)

    (draw,) = crowd_draws(DATA, search, workers=15, crowds=1, seed=2)
    posterior, majority, rounded = seen
    types = np.random.default_rng([2000, 5]).permutation(np.arange(24) % 2)
    answers = attach_crowd(DATA.y, types, reliabilities("hardeasy", 15, seed=2000), seed=2000)
    votes = np.asarray(answers.X.sum(axis=0)).ravel()
    assert (votes != 0).all()
    assert ((majority > 0.5) == (votes > 0)).all()
    assert ((rounded > 0.5) == (posterior > 0.5)).all()
    assert set(majority) | set(rounded) == {CERTAIN, 1 - CERTAIN}
    assert len(set(posterior)) > 2
    errors = [arm.label_error for arm in draw.arms]
    assert errors[1] == np.mean((votes > 0) != (DATA.y > 0))
    assert errors[0] == errors[2]


def test_shares_are_exact_and_the_answer_needs_most_crowds() -> None:
    found = count(draws([(8.0, 16.0)] * 6), 1, 0.95)
    assert (found.fewer, found.more, found.answer) == (6, 0, "yes")
    assert found.fewer_share.lower == pytest.approx(0.025 ** (1 / 6))
    assert count(draws([(8.0, 16.0)] * 5), 1, 0.95).answer == "cannot be told"
    assert count(draws([(16.0, 8.0)] * 6), 1, 0.95).answer == "no"
    assert count(draws([(8.0, 16.0)] * 3 + [(16.0, 8.0)] * 3), 1, 0.95).answer == "cannot be told"


def test_a_width_beyond_the_widest_is_larger_than_any_and_leaves_no_ratio() -> None:
    found = count(draws([(8.0, None), (None, 8.0), (None, None)]), 1, 0.95)
    assert (found.fewer, found.more, found.ratio) == (1, 1, None)


def test_the_mean_ratio_is_geometric_with_students_interval() -> None:
    found = count(draws([(8.0, 16.0), (8.0, 8.0), (16.0, 8.0), (8.0, 32.0)]), 1, 0.95)
    logs = np.log([0.5, 1, 2, 0.25])
    reach = 3.182446305 * logs.std(ddof=1) / 2  # t quantile .975 with 3 degrees of freedom
    assert found.mean_ratio == pytest.approx(math.exp(logs.mean()))
    assert found.ratio is not None
    assert [found.ratio.lower, found.ratio.upper] == pytest.approx(np.exp(logs.mean() + np.array([-reach, reach])))


def test_unknown_crowds_are_refused() -> None:
    with pytest.raises(InputError, match="scenario"):
        crowd_draws(DATA, quick, scenario="nobody")
    with pytest.raises(InputError, match="--crowds"):
        crowd_draws(DATA, quick, crowds=0)


def test_the_command_answers_with_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNDCHECK_STORE", str(tmp_path / "runs.sqlite"))
    arguments = ["reproduce", "crowd", "synthetic:circle:points=24", "--crowds", "2", "--steps", "60"]
    arguments += ["--max-width", "16", "--max-seeds", "8", "--eps", "0.4", "--workers", "15"]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    body = json.loads(result.stdout)["result"]
    assert [draw["seed"] for draw in body["draws"]] == [0, 1]
    assert [found["against"] for found in body["counts"]] == ["majority", "rounded posterior"]
    assert body["truth"]["label_error"] == 0
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 0
    assert "fewer neurons with the posterior than with the majority" in again.stdout
