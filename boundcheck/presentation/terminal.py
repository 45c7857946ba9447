"""A document as text for people: names and numbers stay whole, and a table that is too wide becomes a list of facts."""

import io
from collections.abc import Sequence
from functools import singledispatchmethod

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from boundcheck.presentation import document as doc
from boundcheck.presentation import numbers

_STYLES = {"good": "green", "bad": "bold red", "open": "yellow"}
_NARROWEST_PROSE = 16
_GAP = 3


def write(document: doc.Document, console: Console | None = None, *, details: bool = False) -> None:
    """Print a document, by default on stdout; what to type next comes last.  details: also what is marked so."""
    last = [block for block in document.blocks if isinstance(block, doc.Next)]
    others = [block for block in document.blocks if not isinstance(block, doc.Next)]
    Terminal(console or Console(highlight=False), details=details).blocks([*others, *last])


def text(document: doc.Document, *, details: bool = False, width: int = 100) -> str:
    """What `write` prints, without colours."""
    file = io.StringIO()
    write(document, Console(file=file, width=width, highlight=False, color_system=None), details=details)
    return file.getvalue()


class Terminal:
    """Writes blocks to a console; sentences are left to the terminal's own line breaks where nobody watches."""

    def __init__(self, console: Console, *, details: bool) -> None:
        self._console, self._details = console, details
        self._open = False  # whether the last line is not empty

    def blocks(self, blocks: Sequence[doc.Block]) -> None:
        """Write the blocks that are to be shown."""
        for block in blocks:
            if self._details or not block.detail:
                self.write(block)

    @singledispatchmethod
    def write(self, block: doc.Block) -> None:
        """Write one block."""
        raise TypeError(f"no way to write {type(block).__name__} on a terminal")

    @write.register(doc.Answer | doc.Note)
    def _sentence(self, block: doc.Answer | doc.Note) -> None:
        self._line(_clean(block.text))

    @write.register
    def _verdict(self, block: doc.Verdict) -> None:
        self._line(_marked(block.word), _clean(f": {block.text}" if block.text else ""))

    @write.register
    def _next(self, block: doc.Next) -> None:
        if self._open:
            self._gap()
        for i, command in enumerate(block.commands):
            self._line(_clean(f"{'      ' if i else 'Next: '}{command}"))

    @write.register
    def _facts(self, block: doc.Facts) -> None:
        if block.title:
            self._title(block.title)
        longest = max((cell_len(name) for name, _ in block.pairs), default=0)
        if longest + _NARROWEST_PROSE > self._console.width:
            for name, value in block.pairs:
                self._line(_clean(f"  {name}: {numbers.text(value)}"))
            return
        grid = RichTable.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in block.pairs:
            grid.add_row(_clean(name), _marked(numbers.text(value)))
        self._console.print(Padding(grid, (0, 0, 0, 2)))
        self._open = True

    @write.register
    def _items(self, block: doc.Items) -> None:
        if block.title:
            self._title(block.title)
        for i, item in enumerate(block.items, 1):
            begin = f"  {i}. " if block.numbered else "  "
            self._line(_clean(begin), *([_marked(item.mark), Text("  ")] if item.mark else []), _clean(item.text))
            if item.formula is not None and self._details:
                self._line(_clean(f"       {item.formula.text}"))

    @write.register
    def _formula(self, block: doc.Formula) -> None:
        self._line(_clean(f"{block.title}: {block.text}" if block.title else f"  {block.text}"))

    @write.register
    def _figure(self, block: doc.Figure) -> None:
        """Figures are drawn by --plot and on the page."""

    @write.register
    def _passage(self, block: doc.Passage) -> None:
        self._title(block.title)
        self.blocks(block.blocks)

    @write.register
    def _table(self, block: doc.Table) -> None:
        if not block.rows:
            return
        self._title(block.title)
        cells = block.cells()
        widest = [
            max(cell_len(column.head), *(cell_len(row[i]) for row in cells)) for i, column in enumerate(block.columns)
        ]
        least = [
            min(w, _NARROWEST_PROSE) if column.prose else w for w, column in zip(widest, block.columns, strict=True)
        ]
        if sum(least) + _GAP * (len(least) - 1) > self._console.width:
            self._as_facts(block, cells)
            return
        table = RichTable(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for column, right in zip(block.columns, block.right(), strict=True):
            fold = not column.prose
            table.add_column(_clean(column.head), justify="right" if right else "left", no_wrap=fold, overflow="fold")
        for begins, row in block.grouped():
            if begins:
                table.add_section()
            table.add_row(*map(_marked, row))
        self._console.print(table)
        self._gap()

    def _as_facts(self, block: doc.Table, cells: list[list[str]]) -> None:
        named = sum(column.group for column in block.columns) + 1
        for row in cells:
            pairs = [(column.head, cell) for column, cell in zip(block.columns, row, strict=True)]
            self._line(_clean("  " + "  ".join(f"{head} {cell}".strip() for head, cell in pairs[:named])))
            for head, cell in pairs[named:]:
                if cell:
                    self._line(_clean(f"    {head or 'note'}: {cell}"))

    def _gap(self) -> None:
        self._console.print()
        self._open = False

    def _title(self, words: str) -> None:
        if self._open:
            self._gap()
        if words:
            self._line(_clean(words))

    def _line(self, *parts: Text) -> None:
        self._open = True
        self._console.print(Text.assemble(*parts), soft_wrap=not self._console.is_terminal)


def _clean(words: str) -> Text:
    return Text(numbers.printable(words))


def _marked(words: str) -> Text:
    """A word of MOODS in its colour."""
    done = _clean(words)
    if words in doc.MOODS:
        done.stylize(_STYLES[doc.MOODS[words]])
    return done
