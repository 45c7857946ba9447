"""Softer labels: steps, brackets and what may be concluded from them."""

import math
from typing import Any

import numpy as np
import pytest

from boundcheck.errors import InputError
from boundcheck.experiments.logit_scales import check_scales, enough_steps, logit_scales, trend
from boundcheck.records import BoundRow, Search


def found(bracket: tuple[int, int | None], stopped: Any = "finished") -> Search:
    """A search that ended with this bracket."""
    return Search(
        labels="soft",
        loss="kl",
        eps=0.05,
        success_target=0.9,
        minimal_width=bracket[1],
        bracket=bracket,
        decided=True,
        trials=(),
        undecided=(),
        non_monotone=(),
        stopped=stopped,
        confidence=0.95,
        radius=1.0,
        step_size=2.0,
        steps=2000,
        temperature=1.0,
        precision="float32",
        max_width=256,
        seed=0,
        runs=0,
        runs_reused=0,
        seconds=0.0,
    )


def bound(width: int) -> BoundRow:
    return BoundRow("soft-sharp", "soft", 0.1, 0.05, width, None, None, 1.0, 0.15, False, "", 1.0, "error", 0.05)


def rows(brackets: list[tuple[int, int | None]], stopped: Any = "finished") -> Any:
    """Scales 1, 2, 3, ... whose soft searches ended with these brackets, beside bounds 100, 200, 300, ..."""
    left = iter(brackets)

    def search(p: Any, *how: object) -> Search:
        return found((0, 2)) if p is None else found(next(left), stopped)

    scales = [float(i + 1) for i in range(len(brackets))]
    z = np.array([0.2, -0.3])
    return logit_scales(z, scales, search, lambda k: (bound(int(100 * k)),))


def test_labels_are_sigmoid_of_the_scaled_logits_and_the_radius_is_the_scale() -> None:
    seen = []

    def search(p: Any, *how: object) -> Search:
        seen.append((p, *how))
        return found((0, 2))

    z = np.array([0.2, -0.3])
    logit_scales(z, [3.0, 0.5], search, lambda k: ())
    assert [s[1:] for s in seen] == [
        ("soft", "kl", 0.5),
        ("hard", "logistic", 0.5),
        ("soft", "kl", 3.0),
        ("hard", "logistic", 3.0),
    ]
    assert seen[1][0] is None
    np.testing.assert_allclose(np.log(seen[2][0] / (1 - seen[2][0])), 3 * z, rtol=1e-12)


def test_a_trend_needs_brackets_that_do_not_overlap() -> None:
    assert trend(rows([(2, 8), (8, 16)]))[0] == "falls"
    assert trend(rows([(8, 16), (2, 8)]))[0] == "rises"
    assert trend(rows([(2, 8), (6, 16)]))[0] == "cannot be told"
    assert trend(rows([(2, 8), (8, 16), (2, 8)]))[0] == "mixed"
    assert trend(rows([(2, 8), (6, 12), (8, 16)]))[0] == "falls"


def test_an_open_bracket_tells_from_its_lower_end_only() -> None:
    assert trend(rows([(2, 8), (256, None)]))[0] == "falls"
    assert trend(rows([(256, None), (256, None)]))[0] == "cannot be told"
    assert trend(rows([(2, None), (2, 8)], stopped="time"))[0] == "cut short"


def test_the_sentence_names_the_brackets_and_the_pair_furthest_apart() -> None:
    said = trend(rows([(2, 8), (8, 16), (16, 32)]))[1]
    assert "1 against 3: (2, 8] against (16, 32]" in said


@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0, 200.0])
def test_steps_cost_the_error_the_same_at_every_scale(scale: float) -> None:
    gamma, eta = 0.1353, 2.0

    def cost(scale: float, steps: float) -> float:
        g = scale * gamma
        s = math.tanh(g / 2) / (2 * g)
        return scale**2 / (2 * eta * steps * s * g**2)

    steps = enough_steps(2000, scale, gamma)
    limit = cost(1e-6, 2000)
    assert cost(scale, steps) <= limit * (1 + 1e-9)
    assert cost(scale, steps - 1) > limit * (1 - 1e-3 / scale)


def test_steps_do_not_change_for_soft_labels_and_grow_for_hard_ones() -> None:
    assert enough_steps(2000, 0.01, 0.1) in (2000, 2001)
    assert enough_steps(2000, 400.0, 0.1) == pytest.approx(2000 * 20, rel=1e-6)


def test_scales_are_sorted_and_checked() -> None:
    assert check_scales([3, 1, 3, 0.1]) == (0.1, 1, 3)
    for wrong in ([1.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 1.0], [1.0, math.inf], [1.0, math.nan]):
        with pytest.raises(InputError, match="--logit-scales"):
            check_scales(wrong)
    z = np.array([0.2, -0.5])
    assert check_scales([72, 1], z) == (1, 72)
    for beyond in ([73.0, 1.0], [4e-4, 1.0]):
        with pytest.raises(InputError, match="kappa"):
            check_scales(beyond, z)
