"""Soft labels from a file belong to the data they were made for."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from boundcheck.datasets import Dataset
from boundcheck.errors import InputError
from boundcheck.labels.files import labels_for

pytestmark = pytest.mark.filterwarnings("ignore:.*favour another class")
Write = Callable[..., str]
Z = np.array([-0.5, 0.0, 0.25, 3.0])
P = 1 / (1 + np.exp(-Z))


def test_p_and_logits_come_back(npz: Write, small: Dataset) -> None:
    p, logits, _ = labels_for(npz(p=P, logits=Z, digest=np.array(small.digest)), small)
    assert np.array_equal(p, P)
    assert np.array_equal(logits, Z)


def test_a_file_without_digest_needs_the_right_length_only(npz: Write, small: Dataset) -> None:
    assert np.allclose(labels_for(npz(p=P), small)[1], Z, atol=1e-15)


def test_p_of_logits_is_the_sigmoid_inside_the_open_interval(npz: Write, small: Dataset) -> None:
    """Against mpmath; where the sigmoid rounds to 0 or 1 the nearest double inside is taken."""
    z = np.array([-30.0, -1e-9, 2.5, 800.0])
    p, _, _ = labels_for(npz(logits=z), small)
    with mpmath.workdps(50):
        for value, logit in zip(p, z, strict=True):
            assert value == pytest.approx(float(1 / (1 + mpmath.exp(-mpmath.mpf(logit)))), rel=1e-15, abs=1.2e-16)
    assert 0 < p.min() < p.max() < 1


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"p": P, "digest": np.array("0" * 64)}, "made for other data (digest 000000000000,"),
        ({"p": P[:3]}, "expected (4,)"),
        ({"p": np.array([0.5, 0.5, 0.5, 1.0])}, "p[3] = 1.0 is outside (0, 1)"),
        ({"q": P}, "neither p nor logits"),
        ({"logits": Z[:3]}, "shape (3, 2), expected (4,)"),
        ({"logits": np.array([0, np.inf, 0, 0])}, "row 1 is not finite"),
        ({"logits": np.array(["a"] * 4)}, "logits"),
        ({"p": P, "logits": Z[::-1]}, "p and logits disagree at row"),
        ({"p": np.array([object()] * 4)}, "pickled"),
    ],
)
def test_labels_that_do_not_fit_are_refused(npz: Write, small: Dataset, members: dict[str, Any], words: str) -> None:
    path = npz(**members)
    with pytest.raises(InputError) as caught:
        labels_for(path, small)
    assert str(caught.value).startswith(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Any, small: Dataset) -> None:
    with pytest.raises(InputError, match="no such file"):
        labels_for(tmp_path / "labels.npz", small)
