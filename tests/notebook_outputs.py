"""What notebooks show: executed, compared with what is stored in them, and stored anew.

`python tests/notebook_outputs.py [NAME ...]` executes notebooks (by default all but theory.ipynb) and stores what they
show.
"""

import math
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "notebooks"
BOOKS = sorted(path for path in FOLDER.glob("*.ipynb") if path.stem != "theory")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*\.?\d*(?:[eE][+-]?\d+)?")
RELATIVE = 2e-3
"""By how much numbers may differ: other processors round training and sampling differently in the last digits."""


def executed(path: Path, folder: Path) -> Any:
    """The notebook with the outputs of a run in `notebooks/`; its run store and runtime files are in `folder`."""
    import nbformat
    from nbclient import NotebookClient

    os.environ.pop("MPLBACKEND", None)  # the kernel chooses its inline backend
    os.environ |= {"BOUNDCHECK_STORE": str(folder / "runs.sqlite"), "JUPYTER_RUNTIME_DIR": str(folder)}
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    return book


def shown(book: Any) -> Iterator[tuple[int, str, str]]:
    """(cell, kind, text) of every output: text is "" for pictures, of which only the presence is compared."""
    for i, cell in enumerate(book.cells):
        outputs = cell.get("outputs", [])
        for name in ("stdout", "stderr"):  # a stream arrives in pieces, cut anywhere
            if text := "".join("".join(o.text) for o in outputs if o.output_type == "stream" and o.name == name):
                yield i, name, text
        for output in outputs:
            data = output.get("data", {})
            if output.output_type == "stream":
                continue
            if "image/png" in data:
                yield i, "image/png", ""
            elif "text/html" in data:
                yield i, "text/html", re.sub(r"<svg.*?</svg>", "<svg>", "".join(data["text/html"]), flags=re.S)
            else:
                yield i, "text/plain", "".join(data.get("text/plain", ""))


def differences(stored: Any, now: Any) -> list[str]:
    """What two runs of one notebook show differently: other words, or numbers further apart than RELATIVE."""
    one, two = list(shown(stored)), list(shown(now))
    if [found[:2] for found in one] != [found[:2] for found in two]:
        return [f"outputs were {[found[:2] for found in one]} and are {[found[:2] for found in two]}"]
    return [
        f"cell {cell}: {text[:4000]!r} has become {other[:4000]!r}"
        for (cell, _, text), (_, _, other) in zip(one, two, strict=True)
        if not same(text, other)
    ]


def same(text: str, other: str) -> bool:
    """Whether two texts agree but for the last digits of their numbers."""
    if NUMBER.sub("#", text) != NUMBER.sub("#", other):
        return False
    numbers = ([float(n.replace(",", "")) for n in NUMBER.findall(t)] for t in (text, other))
    return all(math.isclose(a, b, rel_tol=RELATIVE) for a, b in zip(*numbers, strict=True))


def main(names: list[str]) -> None:
    """Execute the notebooks named and store their outputs."""
    import nbformat

    for path in [FOLDER / f"{name}.ipynb" for name in names] or BOOKS:
        with tempfile.TemporaryDirectory() as folder:
            book = executed(path, Path(folder))
        for cell in book.cells:
            cell.metadata.pop("execution", None)  # the times of day
        nbformat.write(book, path)
        print(path.stem, f"{path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
