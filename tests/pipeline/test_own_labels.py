"""`verify` with labels of one's own: their radius, and what holds a search back."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from test_verification import search

import boundcheck as bc
from boundcheck import training
from boundcheck.labels.cost import Teacher
from boundcheck.pipeline import own_labels
from boundcheck.pipeline.problem import make_problem
from boundcheck.pipeline.verify_width import practical
from boundcheck.records import Search, SearchSettings
from boundcheck.search import Context

pytestmark = pytest.mark.filterwarnings("ignore:soft labels reach")
CIRCLE = bc.load_dataset("synthetic:circle:points=8")
STEEP = 6.0 * CIRCLE.y
QUICK = SearchSettings(steps=60, max_width=4, max_seeds=4)


def failed(radius: float, steps: int) -> tuple[Search, bc.records.TrainingSpec]:
    """A search that found nothing up to 256 neurons."""
    return search(bracket=(256, None), minimal_width=None), practical(CIRCLE.X, "soft", "kl", radius, steps)


def test_a_certificate_speaks_of_the_given_labels() -> None:
    """Every run at its width trains to the error certified, on these labels and within its radius."""
    p, eps = expit(CIRCLE.y), 0.3
    report = bc.verify(CIRCLE, labels=p, settings=replace(QUICK, certificate_time=60.0), eps=eps)
    kernel, own = (rung for rung in report.ladder if (rung.bound, rung.labels) == ("certificate", "soft"))
    assert "of the kernel teacher's labels" in kernel.note
    assert "of these labels" in own.note
    assert kernel.width < own.width < next(rung.width for rung in report.ladder if rung.bound == "soft-agnostic")
    spec = practical(CIRCLE.X, "soft", "kl", own.radius, 2000)
    runs = training.train(CIRCLE.X, CIRCLE.y, p, spec, [(own.width, seed) for seed in range(10)])
    assert max(run.average_error for run in runs) <= eps


def test_given_labels_are_searched_at_the_radius_that_follows_them_and_at_one() -> None:
    report = bc.verify(CIRCLE, labels=expit(STEEP), settings=replace(QUICK, certificate_time=0.0), eps=0.3)
    soft = [search.radius for search in report.searches if search.labels == "soft"]
    hard = [search.radius for search in report.searches if search.labels == "hard"]
    assert soft[0] > 5  # logits of 6 with rows of norm 1 need B >= 12 v.x
    assert soft[1:] == [1.0]
    assert hard[0] == soft[0]
    assert report.notes[0].startswith(f"radius B = {soft[0]:g}: ")
    nearest = Teacher(CIRCLE, STEEP, 0).nearest(own_labels.FOLLOWED)
    assert soft[0] == pytest.approx(nearest.radius, rel=0.005)
    rung = next(rung for rung in report.ladder if rung.bound == "soft-agnostic")
    assert (rung.kind, rung.labels) == ("proved", "soft")
    assert "sampled at 99 %" in rung.note, "what the field leaves is an estimate"
    assert rung.width is not None
    given = bc.verify(CIRCLE, labels=expit(STEEP), settings=replace(QUICK, certificate_time=0.0, radius=3.0), eps=0.3)
    assert [search.radius for search in given.searches[:2]] == [3.0, 3.0]
    assert given.notes == ()


@pytest.fixture(scope="module")
def problem() -> own_labels.Problem:
    """Nine rows in one place pull the tenth the wrong way until the output may grow to about their logits."""
    angle = np.pi / 6
    X = np.array([[1.0, 0.0]] * 9 + [[np.cos(angle), np.sin(angle)]])
    data = bc.dataset(X, np.array([1] * 9 + [-1]), normalize="none")
    found = make_problem(data, Context(), eps=0.05, delta=0.05, labels=expit(6.0 * data.y), draws=4096)
    assert found is not None
    return found


@pytest.mark.parametrize(("radius", "steps", "cause"), [(3.0, 400, "radius"), (60.0, 20, "steps")])
def test_what_holds_a_search_back_is_named(problem: own_labels.Problem, radius: float, steps: int, cause: str) -> None:
    """A network that may hardly move errs however wide it is, and so does one that makes few steps."""
    search, spec = failed(radius, steps)
    said = own_labels.held_back(search, spec, problem, 0)
    assert said is not None
    assert f"it is the {cause} that hold" in said


def test_nothing_is_said_where_width_still_helps_or_was_found(problem: own_labels.Problem) -> None:
    search, spec = failed(60.0, 2000)
    assert own_labels.held_back(search, spec, problem, 0) is None
    assert own_labels.held_back(replace(search, minimal_width=8), spec, problem, 0) is None
    assert own_labels.held_back(replace(search, bracket=(16, None)), spec, problem, 0) is None
