"""Coverage-guided fuzzing of every reader: `python tests/benchmarks/fuzz_readers.py KIND [-max_total_time=300 ...]`.

KIND: npz, csv, labels, answers, truth or toml; the rest goes to libFuzzer. Needs `pip install atheris`. A reader may
return, or raise InputError on one line; anything else, and any input that takes more than 10 s or 2 GB, is a crash.
Fuzzing runs from a corpus of sound files; the digests in an archive are mended, so that damage reaches the parsers.
"""

import contextlib
import io
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris
import numpy as np

with atheris.instrument_imports(include=["boundcheck"]):
    from typer.main import get_command

    from boundcheck.cli import app, config
    from boundcheck.crowds import read_crowd
    from boundcheck.crowds.reading import read_truth
    from boundcheck.datasets import load_dataset
    from boundcheck.errors import InputError
    from boundcheck.labels.files import load_labels

KNOWN = dict(config.commands(get_command(app)))
Reader = Callable[[Path], object]
X = np.array([[1.0, 0.5], [0.2, -1.0], [-1.0, 0.3], [0.4, 0.9]])
Y = np.array([1, 0, 1, 0])
P = np.array([0.9, 0.2, 0.7, 0.4])


def npy(array: np.ndarray) -> bytes:
    """The bytes of one member of an archive."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def archive(content: bytes, names: tuple[str, ...]) -> bytes:
    """`content`, cut at a rare mark, as the members of a sound archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, part in zip(names, content.split(MARK), strict=False):
            opened.writestr(f"{name}.npy", part)
    return buffer.getvalue()


MARK = b"\xfe\xed\xfa\xce"
KINDS: dict[str, tuple[str, Reader, tuple[str, ...], tuple[bytes, ...]]] = {
    "npz": (".npz", lambda path: load_dataset(str(path)), ("X", "y", "p"), (MARK.join(map(npy, (X, Y, P))),)),
    "csv": (
        ".csv",
        lambda path: load_dataset(str(path), target="label"),
        (),
        (b"a,label,b\n1,u,2\n3,v,4\n-1,v,0.5\n", b'a,label\n"1",0\n2e3,1\n'),
    ),
    "labels": (".npz", load_labels, ("p", "logits", "y", "kappa"), (MARK.join(map(npy, (P, P, Y, P[:1]))),)),
    "answers": (".csv", read_crowd, (), (b"task,worker,label\na,1,1\na,2,0\nb,1,0\nb,2,-1\n",)),
    "truth": (".csv", read_truth, (), (b"task,label\na,1\nb,0\n",)),
    "toml": (".toml", lambda path: config.load(path, KNOWN), (), (b'[margin]\ndata = "x"\nconfidence = 0.9\n',)),
}


def main() -> None:
    """Fuzz one reader until libFuzzer stops."""
    suffix, read, names, seeds = KINDS[sys.argv.pop(1)]
    folder = Path(tempfile.mkdtemp())
    path, corpus = folder / f"input{suffix}", folder / "corpus"
    corpus.mkdir()
    for i, seed in enumerate(seeds):
        (corpus / str(i)).write_bytes(seed)

    def one(content: bytes) -> None:
        path.write_bytes(archive(content, names) if names else content)
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                read(path)
        except InputError as error:
            if "\n" in str(error):
                raise AssertionError(f"more than one line: {error}") from error

    atheris.Setup([*sys.argv, "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
