"""The smallest even width at which an increasing slack is nonnegative, proved in ball arithmetic."""

import math
from collections.abc import Callable

from flint import arb

from boundcheck.bounds.exact import precision, refined
from boundcheck.errors import InputError

Slack = Callable[[arb], arb]
_BITS, _MAX_BITS = 128, 2048
_LARGEST = 1e60  # no width beyond this is searched for


class NoWidthError(InputError):
    """No width, however large, satisfies a bound with the steps asked for."""


def root(slack: Slack, guess: float) -> float:
    """The real m >= 2 where an increasing `slack` changes sign, to about 1e-13 relative; a guide, not a proof.

    Raises:
        NoWidthError: slack is negative up to width 1e60.
    """
    from scipy.optimize import brentq

    def at(x: float) -> float:
        # every slack of this package is nearly affine in x = 1/sqrt(m)
        return float(refined(lambda: slack(arb(x) ** -2)).mid())

    if not guess < _LARGEST:
        raise NoWidthError("the numbers are too extreme; take a larger gamma or eps")
    low = high = math.sqrt(max(guess, 2.0))
    while at(1 / high) < 0:
        high *= 2
        if high > math.sqrt(_LARGEST):
            raise NoWidthError("no width satisfies this bound; take more steps (--steps) or another --step-size")
    while low > math.sqrt(2) and at(1 / low) >= 0:
        low = max(low / 2, math.sqrt(2))
    if at(1 / low) >= 0:
        return 2.0
    return float(brentq(at, 1 / high, 1 / low, xtol=1e-300, rtol=1e-14)) ** -2


def smallest_even(slack: Slack, guess: float) -> int:
    """The smallest even m with slack(m) >= 0: proved at m, and at m - 2 proved to fail (or not provable).

    `slack` increases in m, so every larger m qualifies too.
    """
    pairs = max(1, math.ceil(root(slack, guess) / 2))
    fails, holds, step = pairs - 1, pairs, 1
    while not holds_at(slack, 2 * holds):
        fails, holds, step = holds, holds + step, 2 * step
    step = 1
    while fails > 0 and holds_at(slack, 2 * fails):
        holds, fails, step = fails, max(fails - step, 0), 2 * step
    while holds - fails > 1:
        middle = (holds + fails) // 2
        fails, holds = (fails, middle) if holds_at(slack, 2 * middle) else (middle, holds)
    return 2 * holds


def holds_at(slack: Slack, m: int) -> bool:
    """Whether slack(m) >= 0 is proved; the precision is raised until the sign is certain."""
    bits = _BITS
    while bits <= _MAX_BITS:
        with precision(bits):
            value = slack(arb(m))
        if value >= 0:
            return True
        if value < 0:
            return False
        bits *= 2
    return False
