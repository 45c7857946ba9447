"""Stored runs are found again by a version number: this test says when it must be raised."""

import math

import numpy as np
import pytest

from boundcheck import training
from boundcheck.records import TrainingSpec

T = np.arange(7)
X = np.stack([np.cos(T), np.sin(2 * T), np.cos(3 * T) / 2], axis=1) / 2
Y = np.where(T % 2 == 0, 1, -1)
P = 1 / (1 + np.exp(-np.sin(1.7 * T + 1)))
JOBS = [(6, 0), (14, 3)]
SPECS = {
    "kl": TrainingSpec("soft", "kl", 1.0, 0.5, 60, 1.0, "float64"),
    "logistic": TrainingSpec("hard", "logistic", math.inf, 0.5, 60, 0.7, "float64"),
    "perceptron": TrainingSpec("hard", "perceptron", 0.7, 0.25, 60, 1.0, "float64"),
}
GOLDEN: dict[tuple[int, str], list[tuple[float, ...]]] = {
    (1, "kl"): [
        (0.4380952380952381, 0.05120146877133945, 0.11904761904761904, 0.9597055584271997),
        (0.4380952380952381, 0.052944728914172366, 0.05102040816326531, 0.8086732624211274),
    ],
    (1, "logistic"): [
        (0.15714285714285714, 0.4430904289040017, 0.11904761904761904, 1.969222733604212),
        (0.05238095238095238, 0.4354763717918118, 0.12244897959183673, 2.4965798588213395),
    ],
    (1, "perceptron"): [
        (0.15714285714285714, 0.0, 0.023809523809523808, 0.025948206079504838),
        (0.01904761904761905, 4.571603648810473e-07, 0.0, 0.04072618828944196),
    ],
}
"""(training.NUMERICS, loss) -> average error, average risk, share of flips and movement of each of JOBS."""


@pytest.mark.parametrize("loss", SPECS)
def test_training_gives_the_numbers_that_its_version_stands_for(loss: str) -> None:
    found = [
        (run.average_error, run.average_risk, run.flip_fraction, run.movement)
        for run in training.train(X, Y, P if loss == "kl" else None, SPECS[loss], JOBS)
    ]
    kept = GOLDEN.get((training.NUMERICS, loss))
    assert kept is not None, f"NUMERICS was raised: enter {(training.NUMERICS, loss)}: {found}"
    message = (
        "training gives other numbers than the stored runs of this version have: where that is meant, raise NUMERICS "
        "in boundcheck/training/__init__.py and enter the new numbers here"
    )
    np.testing.assert_allclose(found, kept, rtol=1e-9, err_msg=message)
