"""Every notebook runs from top to bottom and shows what is stored in it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from notebook_outputs import BOOKS, FOLDER, differences, executed, same, shown

nbformat = pytest.importorskip("nbformat")


@pytest.mark.slow
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
# the kernel's sockets and the event loop's transports are closed by the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_notebook_shows_what_is_stored_in_it(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("nbclient")
    assert differences(nbformat.read(path, as_version=4), executed(path, tmp_path)) == []


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_one_question_and_shows_a_figure(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert book.cells[0].source.splitlines()[0].endswith("?")
    assert any(kind == "image/png" or "<svg" in text for _, kind, text in shown(book))
    assert not any(kind == "stderr" for _, kind, _ in shown(book)), "no warnings in what readers see"


def test_there_are_at_most_ten_notebooks() -> None:
    assert 6 <= len(list(FOLDER.glob("*.ipynb"))) <= 10


def test_other_words_other_numbers_and_missing_outputs_are_noticed() -> None:
    assert same("width 1,024 at 0.12345", "width 1,024 at 0.12346")
    assert not same("width 1,024", "width 1,030")
    assert not same("width 8", "radius 8")

    def book(*texts: str) -> SimpleNamespace:
        outputs = [SimpleNamespace(output_type="stream", name="stdout", text=t, get=lambda *_: {}) for t in texts]
        return SimpleNamespace(cells=[{"outputs": outputs}])

    assert differences(book("m = 8"), book("m = 8")) == []
    assert differences(book("m = 8"), book("m = 9")) != []
    assert differences(book("m = 8"), book()) != []
