"""Crossovers against closed forms and against a table computed apart from the package."""

from fractions import Fraction

import mpmath as mp
import pytest

from boundcheck.pipeline.compare import compare

PUBLISHED = ("soft-published", "hard-published")


def crossovers(eps: float, bounds: tuple[str, ...], **options: object) -> dict[tuple[str, str], object]:
    found = compare(eps=eps, gamma=[0.05], c=1, bound=bounds, **options)
    return {(c.soft, c.hard): c for c in found.crossovers}


@pytest.mark.parametrize(("eps", "shown"), [(0.1, 0.0983), (0.05, 0.0744), (0.01, 0.0384), (0.001, 0.0144)])
def test_published_pair_crosses_where_its_closed_form_says(eps: float, shown: float) -> None:
    """gamma* = sqrt(eps/(2 C1)) (2 b L + 3 sqrt l)/(b + 3 sqrt l), theory: Soft against hard."""
    log_n, L = mp.log(2 * 1000 / mp.mpf("0.05")), mp.log(2 / (mp.log(2) ** 2 * mp.mpf(str(eps))))
    b, C1 = mp.sqrt(2 / mp.pi), 96 / (1 + mp.e**2)
    closed = mp.sqrt(mp.mpf(str(eps)) / (2 * C1)) * (2 * b * L + 3 * mp.sqrt(log_n)) / (b + 3 * mp.sqrt(log_n))
    found = crossovers(eps, PUBLISHED)[PUBLISHED]
    assert found.soft_smaller == "below"
    assert found.gamma == pytest.approx(float(closed), rel=1e-6)
    assert found.gamma == pytest.approx(shown, abs=5e-5)


@pytest.mark.parametrize(
    ("eps", "sup", "nfree"), [(0.1, None, None), (0.05, None, None), (0.01, 0.467, None), (0.001, 0.201, 0.277)]
)
def test_sharp_crossovers_of_theory(eps: float, sup: float | None, nfree: float | None) -> None:
    """With flips counted alike on both sides; the table counts them exactly, which moves the last digit."""
    found = crossovers(eps, ("soft-sharp", "soft-sharp-nfree", "hard-sharp"), flips="kl")
    for soft, expected in (("soft-sharp", sup), ("soft-sharp-nfree", nfree)):
        crossing = found[soft, "hard-sharp"]
        if expected is None:
            assert (crossing.gamma, crossing.soft_smaller) == (None, "everywhere")
        else:
            assert crossing.gamma == pytest.approx(expected, rel=0.03)


def test_against_the_perceptron_soft_labels_win_only_at_large_eps() -> None:
    pair = ("soft-sharp-nfree", "hard-perceptron")
    assert crossovers(0.1, pair)[pair].soft_smaller == "everywhere"
    assert crossovers(0.01, pair)[pair].soft_smaller == "nowhere"


def test_the_widths_are_equal_at_the_crossover_and_ordered_around_it() -> None:
    pair = ("soft-sharp", "hard-sharp")
    gamma = crossovers(0.001, pair)[pair].gamma
    for factor, sign in ((0.99, -1), (1.01, 1)):
        soft, hard = compare(eps=0.001, gamma=[Fraction(gamma * factor)], c=1, bound=pair).rows
        assert (soft.width - hard.width) * sign > 0
