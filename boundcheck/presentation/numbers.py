"""How every number is written for people: integers exact below a million, else three or four digits."""

import math
from decimal import Decimal
from typing import Any

from boundcheck.records.base import confidence_text

NOTHING = "-"


def text(value: Any) -> str:
    """A value of any kind: text as it is, None as a dash, numbers and intervals as below, lists with commas."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return number(value)
    if is_interval(value):
        return interval(value)
    if isinstance(value, tuple | list):
        return ", ".join(map(text, value)) or "none"
    return str(value)


def printable(words: str) -> str:
    """Text of a file or a data set without control characters, which could move a cursor or break a page."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in words)


def is_interval(value: Any) -> bool:
    """Whether a value has ends, such as an Interval or an Estimate."""
    return not isinstance(value, str) and hasattr(value, "lower") and hasattr(value, "upper")


def integer(value: int | None) -> str:
    """`8,308` below a million, `1.64e9` beyond, a dash for None."""
    if value is None:
        return NOTHING
    if abs(value) < 10**6:
        return f"{value:,}"
    mantissa, exponent = f"{Decimal(int(value)):.2e}".split("e")  # steps may exceed the largest float
    return f"{mantissa}e{int(exponent)}"


def number(value: float | None, digits: int = 4) -> str:
    """`0.1353`, `2.6e-7`; a dash for None and for what is undefined."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    mantissa, _, exponent = f"{value + 0.0:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def confidence(level: float) -> str:
    """`95 %`, rounded down."""
    return confidence_text(level)


def percent(share: float) -> str:
    """A share such as a success target: `90 %`."""
    return f"{100 * share:.4g} %"


def ends(value: Any, digits: int = 4) -> str:
    """`[0.1, 0.2]`, or one number where the ends agree in all digits shown."""
    low, high = number(value.lower, digits), number(value.upper, digits)
    return low if low == high else f"[{low}, {high}]"


def certainty(value: Any) -> str:
    """`proved`, or `99 % confidence`."""
    return "proved" if value.exact else f"{confidence_text(value.confidence)} confidence"


def interval(value: Any, digits: int = 4) -> str:
    """`0.1353 (proved)`, `[0.087, 0.088] (99 % confidence)`, or `0.2 in [0.1, 0.4]` for an estimate."""
    if hasattr(value, "value"):
        return f"{number(value.value, digits)} in [{number(value.lower, digits)}, {number(value.upper, digits)}]"
    return f"{ends(value, digits)} ({certainty(value)})"
