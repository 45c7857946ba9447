"""What every record is: frozen, and JSON-ready; and intervals."""

import dataclasses
import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from typing import Any, ClassVar, Self

from boundcheck.records.rebuild import rebuilt


def jsonable(value: Any) -> Any:
    """`value` as JSON types: records become objects, arrays lists, integers stay exact.

    Non-finite floats are left as they are; the output sink turns them into null and warns.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    if hasattr(value, "tolist"):  # numpy and JAX arrays and scalars
        return jsonable(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(v) for v in value]
    return value


def finite_or_none(value: Any) -> tuple[Any, int]:
    """JSON types with every non-finite float replaced by None, and how many there were."""
    if isinstance(value, dict):
        done = {k: finite_or_none(v) for k, v in value.items()}
        return {k: v for k, (v, _) in done.items()}, sum(c for _, c in done.values())
    if isinstance(value, list):
        items = [finite_or_none(v) for v in value]
        return [v for v, _ in items], sum(c for _, c in items)
    if isinstance(value, float) and not math.isfinite(value):
        return None, 1
    return value, 0


def confidence_text(level: float) -> str:
    """`95 %`, `99.9 %`: a confidence as people read it, rounded down, so that only what is certain is 100 %."""
    risk = Context(prec=2, rounding=ROUND_CEILING).create_decimal(repr(round(1 - level, 15)))
    return f"{(100 - 100 * risk).normalize():f} %"


_SHOWN = 6


def _short(value: Any) -> str:
    """A field as a short repr shows it: long collections by their number of items."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple | list | Mapping) and len(value) > 3:
        return f"<{len(value)} items>"
    return f"<array {value.shape}>" if hasattr(value, "shape") and value.shape else repr(value)


class Record:
    """Base of every record that a command returns."""

    presented_by: ClassVar[Any] = None
    """Finds what writes records for notebooks; the package's root sets it, records know no presentation."""

    def __init_subclass__(cls) -> None:
        """Keep the short repr: a dataclass makes none where its class has one."""
        super().__init_subclass__()
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Record.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        shown = [f"{f.name}={_short(getattr(self, f.name))}" for f in dataclasses.fields(self) if f.repr]  # type: ignore[arg-type]
        text = ", ".join(shown[:_SHOWN]) + (", ..." if len(shown) > _SHOWN else "")
        return f"{type(self).__name__}({text})"

    def _repr_html_(self) -> str | None:
        """The record as a notebook shows it: its document, where it can be written."""
        shown: str | None = None if self.presented_by is None else self._presenter().html(self)
        return shown

    def to_frame(self) -> Any:
        """The record's first table as a pandas data frame, with every digit. Raises InputError without one."""
        return self._presenter().frame(self)

    def plot(self) -> Any:
        """The record's figure, of Matplotlib. Raises InputError where there is none."""
        return self._presenter().figure(self)

    def _presenter(self) -> Any:
        assert self.presented_by is not None, "import boundcheck"
        return self.presented_by()

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The record whose `to_json` is `body`. Raises KeyError or ValueError for anything else."""
        made: Self = rebuilt(cls, body)
        return made

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON-ready dict."""
        result: dict[str, Any] = jsonable(self)
        return result


@dataclass(frozen=True)
class Interval(Record):
    """[lower, upper] containing the true value with probability at least `confidence`.

    `exact` says that no sampling is involved: the ends differ by rounding or a proved duality gap only,
    and `confidence` is then 1.  Raises ValueError unless lower <= upper.
    """

    lower: float
    upper: float
    confidence: float = 1.0
    exact: bool = True

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ValueError(f"no interval reaches from {self.lower!r} to {self.upper!r}")

    @property
    def relative_width(self) -> float:
        """(upper - lower) / upper, 0 for the interval [0, 0]."""
        return (self.upper - self.lower) / self.upper if self.upper > 0 else 0.0


@dataclass(frozen=True)
class Estimate(Record):
    """`value` measured on the sample; [lower, upper] contains the truth with the confidence stated beside it."""

    value: float
    lower: float
    upper: float
