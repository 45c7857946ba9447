"""Cells of an experiment: the unit that is computed once, kept, and found again when the command is repeated."""

import json
from hashlib import sha256
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Cells(Protocol):
    """Where finished cells are kept: the run store, or nowhere."""

    def load_cell(self, key: str) -> str | None:
        """Return what was kept under `key`, None if nothing was."""

    def keep_cell(self, key: str, kind: str, value: str) -> None:
        """Keep `value` under `key`."""


class KeptCells:
    """Values of an experiment under what determines them (any JSON-ready identity), and how many were found again.

    cells: where values outlive this process, None for nowhere.  kind: of the cells.  version: of the program that
    computes them; another version never finds them.  reused: cells found that this process did not keep.
    """

    def __init__(self, cells: Cells | None, kind: str, version: int) -> None:
        self._cells = cells
        self._kind = kind
        self._version = version
        self._here: dict[str, Any] = {}
        self.reused = 0

    def load(self, identity: Any) -> Any:
        """Return the value kept for this identity, None if there is none."""
        key = self._key(identity)
        if key not in self._here:
            if self._cells is None or (kept := self._cells.load_cell(key)) is None:
                return None
            self.reused += 1
            self._here[key] = json.loads(kept)
        return self._here[key]

    def keep(self, identity: Any, value: Any) -> None:
        """Keep a JSON-ready value other than None."""
        key = self._key(identity)
        self._here[key] = value
        if self._cells is not None:
            self._cells.keep_cell(key, self._kind, json.dumps(value))

    def _key(self, identity: Any) -> str:
        text = json.dumps([self._kind, self._version, identity], sort_keys=True)
        return sha256(text.encode()).hexdigest()
