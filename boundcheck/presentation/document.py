"""What a result is made of: an answer, facts, tables, figures, formulas. A document knows no medium and no record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from boundcheck.presentation import numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Mood = Literal["good", "bad", "open"]
MOODS: Mapping[str, Mood] = {
    **dict.fromkeys(("holds", "checked", "proved", "consistent", "certified", "succeeds", "yes"), "good"),
    **dict.fromkeys(("FAILS", "fails", "refuted", "assumption fails", "no"), "bad"),
    **dict.fromkeys(("undecided", "not certified", "argued", "assumed", "supported", "cannot be told"), "open"),
}
"""Words that a writer may colour wherever one of them stands alone; the word says what the colour repeats."""


@dataclass(frozen=True)
class Block:
    """A part of a document. detail: on the terminal with -v only, folded on the page, always in LaTeX."""

    detail: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Answer(Block):
    """What was asked for, in one or two plain sentences."""

    text: str


@dataclass(frozen=True)
class Note(Block):
    """One sentence, or a few, that a reader of the numbers must know."""

    text: str


@dataclass(frozen=True)
class Facts(Block):
    """Names with values; a value is text, or a number or an interval that `numbers.text` writes."""

    pairs: Sequence[tuple[str, Any]]
    title: str = ""


@dataclass(frozen=True)
class Formula(Block):
    """A formula, also as the value of a cell.  text: as typed.  mathml: makes MathML, if known."""

    text: str
    latex: str
    title: str = ""
    mathml: Callable[[], str] | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Column:
    """One column of a table.

    key: its name in CSV, and the attribute that a row's value is, unless `value` finds it.  head: its heading.
    format: value -> text.  group: neighbours with the same value show it once.  prose: text that may be broken into
    lines; anything else stays whole.
    """

    key: str
    head: str
    value: Callable[[Any], Any] | None = None
    format: Callable[[Any], str] = numbers.text
    group: bool = False
    prose: bool = False

    def of(self, row: Any) -> Any:
        """The value in `row`, with every digit."""
        return getattr(row, self.key) if self.value is None else self.value(row)


@dataclass(frozen=True)
class Table(Block):
    """Rows (anything that the columns understand) under a title.

    minor: a title, and the rows that a page folds under it.
    """

    columns: Sequence[Column]
    rows: Sequence[Any]
    title: str = ""
    minor: tuple[str, Callable[[Any], bool]] | None = None

    def parts(self) -> list["Table"]:
        """The table, or its major and its minor rows."""
        if self.minor is None:
            return [self]
        title, is_minor = self.minor
        major = replace(self, minor=None, rows=[row for row in self.rows if not is_minor(row)])
        return [major, replace(major, title=title, detail=True, rows=[row for row in self.rows if is_minor(row)])]

    def values(self) -> list[list[Any]]:
        """Every value with every digit, row by row."""
        return [[column.of(row) for column in self.columns] for row in self.rows]

    def cells(self) -> list[list[str]]:
        """Every value as text, row by row; grouped values in each of their rows."""
        return [[c.format(v) for c, v in zip(self.columns, row, strict=True)] for row in self.values()]

    def grouped(self) -> Iterator[tuple[bool, list[str]]]:
        """(whether a group begins here, the row's cells with the repeated ones empty)."""
        above: list[str] | None = None
        for row in self.cells():
            shown, repeats = [], above is not None
            for i, (column, cell) in enumerate(zip(self.columns, row, strict=True)):
                repeats = repeats and column.group and above is not None and above[i] == cell
                shown.append("" if repeats else cell)
            leading = [i for i, column in enumerate(self.columns) if column.group]
            yield above is not None and bool(leading) and shown[leading[0]] != "", shown
            above = row

    def right(self) -> list[bool]:
        """Which columns hold numbers, and are set to the right."""
        columns = list(zip(*self.values(), strict=True)) if self.rows else [()] * len(self.columns)
        return [any(map(_is_number, values)) and not any(isinstance(v, Formula) for v in values) for values in columns]


def _is_number(value: Any) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or numbers.is_interval(value)


@dataclass(frozen=True)
class Item:
    """One entry of a list.  mark: its verdict.  formula: what it says in symbols."""

    text: str
    mark: str = ""
    formula: Formula | None = None


@dataclass(frozen=True)
class Items(Block):
    """A list of sentences, each perhaps with a verdict and a formula."""

    items: Sequence[Item]
    title: str = ""
    numbered: bool = False


@dataclass(frozen=True)
class Figure(Block):
    """One panel.  draw: fills Matplotlib axes; all panels of a document make one file for --plot."""

    draw: Callable[["Axes"], None]
    caption: str


@dataclass(frozen=True)
class Verdict(Block):
    """A word of MOODS, and the sentence that justifies it."""

    word: str
    text: str


@dataclass(frozen=True)
class Next(Block):
    """Commands to type next; the word DATA stands for the data that was given, with what is done to its rows."""

    commands: Sequence[str]


@dataclass(frozen=True)
class Passage(Block):
    """Blocks that belong together: a theorem, or its proof; LaTeX sets them in the environment `name`."""

    name: Literal["theorem", "proof"]
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A whole result, the answer first."""

    title: str
    blocks: Sequence[Block]

    def answer(self) -> str:
        """The first sentence of the result."""
        return next((block.text for block in self.blocks if isinstance(block, Answer | Verdict)), self.title)

    def typed(self, given: Mapping[str, str]) -> "Document":
        """With words such as DATA in the commands to type next as they were typed; left out where nothing was."""

        def filled(command: str) -> str:
            return " ".join(word for part in command.split() if (word := given.get(part, part)))

        blocks = [Next([filled(c) for c in b.commands]) if isinstance(b, Next) else b for b in self.blocks]
        return Document(self.title, blocks)

    def noting(self, text: str, *, detail: bool) -> "Document":
        """With a note before the commands to type next."""
        blocks = list(self.blocks)
        place = next((k for k, block in enumerate(blocks) if isinstance(block, Next)), len(blocks))
        return Document(self.title, [*blocks[:place], Note(text, detail=detail), *blocks[place:]])

    def tables(self, *, details: bool) -> list[Table]:
        """The tables; without details only those of the first level, or all of them where there is none there."""
        every = [block for block in self._flat() if isinstance(block, Table)]
        return [table for table in every if details or not table.detail] or every

    def figures(self) -> list[Figure]:
        """The panels, in order."""
        return [block for block in self._flat() if isinstance(block, Figure)]

    def _flat(self) -> Iterator[Block]:
        for block in self.blocks:
            yield from block.blocks if isinstance(block, Passage) else (block,)
