"""What `boundcheck data` finds in a data set, and how each preparation of its rows would do."""

from dataclasses import dataclass

from boundcheck.records.base import Interval, Record


@dataclass(frozen=True)
class ClassCount(Record):
    """A class, how many rows it has, and what it became: +1, -1, or 0 where its rows are left out."""

    name: str
    rows: int
    sign: int


@dataclass(frozen=True)
class ColumnFacts(Record):
    """A column.  kind: numbers or text.  missing: rows without a value.  lowest, highest: of its numbers.

    categories: how many different texts it holds, None for numbers.
    """

    name: str
    kind: str
    missing: int
    lowest: float | None
    highest: float | None
    categories: int | None


@dataclass(frozen=True)
class Recipe(Record):
    """A preparation: the steps, the norm rule, and the RKHS margin of the rows after it, 0 where the margin is zero.

    relative_width: neurons at 1/gamma^2, relative to the best recipe; None where the margin is zero or there is none.
    said: what a step left out, or why the recipe cannot be used on these rows.
    """

    prepare: str
    normalize: str
    gamma_rkhs: Interval | None
    relative_width: float | None
    said: str = ""

    @property
    def options(self) -> str:
        """As it is typed."""
        return (f"--prepare {self.prepare} " if self.prepare else "") + f"--normalize {self.normalize}"


@dataclass(frozen=True)
class Recommended(Record):
    """The recipe with the largest margin."""

    prepare: str
    normalize: str


@dataclass(frozen=True)
class DataReport(Record):
    """A first look at a data set.

    n, d: rows used and columns, before any step.  duplicates: rows that repeat an earlier one; contradictions:
    different rows that occur with both labels; antipodal: pairs x, -x.  missing: cells without a value.
    scale_ratio: the largest entry of the widest column over that of the narrowest, None for images, which have one
    unit.  sampled: rows on which the recipes were compared.  written: the file of the prepared rows.
    """

    data: str
    n: int
    d: int
    classes: tuple[ClassCount, ...]
    columns: tuple[ColumnFacts, ...]
    duplicates: int
    contradictions: int
    antipodal: int
    missing: int
    scale_ratio: float | None
    held_out: int
    left_out: tuple[str, ...]
    sampled: int
    recipes: tuple[Recipe, ...]
    recommended: Recommended | None
    written: str | None = None
