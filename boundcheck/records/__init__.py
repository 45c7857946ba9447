"""Frozen, JSON-ready records: the only things that cross from one stage to the next.

A record's `to_json()` is the `result` object that the command line prints.
"""

from boundcheck.records.base import Interval, Record, finite_or_none, jsonable
from boundcheck.records.bounds import BoundRow, Crossover, Side
from boundcheck.records.crowd import CrowdReport, HeldOut, LabelCount, PosteriorBin
from boundcheck.records.scaling import Against, Fit, LogitScales, Place, ScaleRow, Scaling, ScalingRow, Trend
from boundcheck.records.search import CROWD, SCALING, Search, SearchSettings, Trial
from boundcheck.records.training import AnyLabels, AnyLoss, Labels, Loss, Training, TrainingRun, TrainingSpec

__all__ = [
    "CROWD",
    "SCALING",
    "Against",
    "AnyLabels",
    "AnyLoss",
    "BoundRow",
    "Crossover",
    "CrowdReport",
    "Fit",
    "HeldOut",
    "Interval",
    "LabelCount",
    "Labels",
    "LogitScales",
    "Loss",
    "Place",
    "PosteriorBin",
    "Record",
    "ScaleRow",
    "Scaling",
    "ScalingRow",
    "Search",
    "SearchSettings",
    "Side",
    "Training",
    "TrainingRun",
    "TrainingSpec",
    "Trend",
    "Trial",
    "finite_or_none",
    "jsonable",
]
