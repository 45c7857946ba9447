"""Records: JSON and back, short reprs, what notebooks and data frames get."""

import json
import math

import pytest

import boundcheck as bc
from boundcheck.records import BoundRow, Interval, Record, Search, Trial, finite_or_none
from boundcheck.records.base import jsonable
from boundcheck.records.verification import Judgement, Rung, Verdict, WidthSearchReport

HUGE = 2**70 + 1
ROW = BoundRow("soft-sharp", "soft", 0.1, 0.05, HUGE, 10**400, None, None, 0.15, False, "here", 1.0, "error", 0.05)


def again(record: Record) -> Record:
    return type(record).from_json(json.loads(json.dumps(finite_or_none(record.to_json())[0])))


def search(**changes: object) -> Search:
    trial = Trial(4, 8, 7, (0.3, 0.9), "undecided", (0.2, 0.95), 0.1, (0.1, 0.2), 0.0, 0.0, 0.5)
    given = {
        "labels": "soft", "loss": "kl", "eps": 0.05, "success_target": 0.9, "minimal_width": None,
        "bracket": (2, None), "decided": False, "trials": (trial,), "undecided": (4,), "non_monotone": ((2, 4),),
        "stopped": "budget", "confidence": 0.95, "radius": math.inf, "step_size": 0.5, "steps": 20, "temperature": 1.0,
        "precision": "float32", "max_width": 8, "seed": 0, "runs": 8, "runs_reused": 0, "seconds": 0.1,
    }  # fmt: skip
    return Search(**(given | changes))  # type: ignore[arg-type]


def test_integers_above_two_to_the_64_survive_json_exactly() -> None:
    assert again(ROW) == ROW
    assert again(ROW).width == HUGE  # type: ignore[attr-defined]


def test_records_within_records_come_back() -> None:
    rung = Rung("empirical", "soft", "kl", None, "estimated", bracket=(2, None), searched_to=2)
    report = WidthSearchReport(
        "d", 8, 2, 0.05, Interval(0.1, 0.2, 0.99, False), "practical", (search(radius=1.0),), (), (rung,),
        Judgement(Verdict.UNDECIDED, "why"),
    )  # fmt: skip
    assert again(report) == report


def test_what_was_infinite_is_undefined_and_ends_of_intervals_are_infinite_again() -> None:
    assert math.isnan(again(search()).radius)  # type: ignore[attr-defined]
    assert again(Interval(-math.inf, math.inf, 0.9, False)) == Interval(-math.inf, math.inf, 0.9, False)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("width", 1.5),
        ("width", True),
        ("labels", "warm"),
        ("gamma", "x"),
        ("vacuous", 1),
        ("source", None),
        ("steps", []),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"result.{key}"):
        BoundRow.from_json({**ROW.to_json(), key: value})


def test_a_missing_field_is_named() -> None:
    with pytest.raises(KeyError, match="gamma"):
        BoundRow.from_json({key: value for key, value in ROW.to_json().items() if key != "gamma"})


def test_a_row_of_an_older_file_says_that_it_does_not_know() -> None:
    body = ROW.to_json()
    for key in ("temperature", "criterion", "target"):
        del body[key]
    row = BoundRow.from_json(body)
    assert (row.bound, row.width, row.criterion) == (ROW.bound, HUGE, None)
    assert math.isnan(row.temperature)
    assert math.isnan(row.target)


def test_reprs_are_short() -> None:
    compared = bc.compare(eps=0.05)
    assert (
        repr(compared)
        == "Comparison(eps=(0.05,), gammas=<6 items>, n=1000, delta=0.05, failure_probability=0.15, c=None, ...)"
    )
    assert repr(Interval(0.1, 0.2)) == "Interval(lower=0.1, upper=0.2, confidence=1, exact=True)"
    assert len(repr(search())) < 200


def test_a_notebook_shows_the_document_of_a_record() -> None:
    pytest.importorskip("matplotlib")
    shown = bc.compare(eps=0.05)._repr_html_()
    assert shown is not None
    assert "<table>" in shown
    assert "<svg" in shown
    assert "<html" not in shown


def test_a_data_frame_has_every_digit() -> None:
    pandas = pytest.importorskip("pandas")
    compared = bc.compare(eps=0.05)
    frame = compared.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    widths = {row.bound: row.width for row in compared.rows if row.gamma == 0.01 and row.bound in compared.leading}
    assert dict(zip(frame["bound"], frame["gamma=0.01"], strict=True)) == widths


def test_a_figure_of_all_panels() -> None:
    pytest.importorskip("matplotlib")
    figure = bc.compare(eps=0.05).plot()
    assert len(figure.axes) == 1
    assert figure._repr_png_().startswith(b"\x89PNG"), "a notebook shows it"
    with pytest.raises(bc.errors.InputError, match="nothing to draw"):
        bc.explain("soft-sharp").plot()


def test_json_of_a_record_knows_no_records() -> None:
    assert json.loads(json.dumps(jsonable(bc.compare(eps=0.05)), default=str))
