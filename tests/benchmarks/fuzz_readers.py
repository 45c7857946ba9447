"""Coverage-guided fuzzing of every reader: `python tests/benchmarks/fuzz_readers.py KIND [-max_total_time=300 ...]`.

KIND: npz, keras, npy, idx, csv, mixed, feather, preparation, labels, answers, truth or toml; then libFuzzer's options.
Needs `pip install atheris`. A reader may return, or raise InputError on one line; anything else, and any input that
takes more than 10 s or 2 GB, is a crash.
Fuzzing runs from a corpus of sound files; the digests in an archive are mended, so that damage reaches the parsers.
"""

import contextlib
import io
import struct
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
    from boundcheck.datasets import from_arrays, load_dataset
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


def feather() -> bytes:
    """A small Feather file."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1.0, None, 3.0, 4.0], "c": ["u", "v", "u", None], "y": [0, 1, 1, 0]})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def labels_beside(path: Path) -> Path:
    """A sound file of labels."""
    labels = path.with_name("labels.npy")
    if not labels.exists():
        labels.write_bytes(npy(Y))
    return labels


IDX = b"\0\0\x08\3" + struct.pack(">3I", 4, 1, 2) + bytes(range(8))
PREPARED = from_arrays(X, Y, prepare="impute,standardize,pca=1,bias").preparation.text()
MARK = b"\xfe\xed\xfa\xce"
KINDS: dict[str, tuple[str, Reader, tuple[str, ...], tuple[bytes, ...]]] = {
    "npz": (".npz", lambda path: load_dataset(str(path)), ("X", "y", "p"), (MARK.join(map(npy, (X, Y, P))),)),
    "csv": (
        ".csv",
        lambda path: load_dataset(str(path), target="label"),
        (),
        (b"a,label,b\n1,u,2\n3,v,4\n-1,v,0.5\n", b'a,label\n"1",0\n2e3,1\n'),
    ),
    "keras": (
        ".npz",
        lambda path: load_dataset(str(path), prepare="standardize", split="train"),
        ("x_train", "y_train", "x_test", "y_test"),
        (MARK.join(map(npy, (X, Y, X[:2], Y[:2]))), MARK.join(map(npy, (X.reshape(4, 1, 2), np.eye(2)[Y], X, Y)))),
    ),
    "npy": (".npy", lambda path: load_dataset(str(path), target=str(labels_beside(path))), (), (npy(X),)),
    "idx": (
        ".idx",
        lambda path: load_dataset(str(path), target=str(labels_beside(path))),
        (),
        (IDX, b"\0\0\x0e\2" + struct.pack(">2I", 4, 2) + X.astype(">f8").tobytes()),
    ),
    "mixed": (
        ".csv",
        lambda path: load_dataset(str(path), target="label", prepare="impute,onehot,standardize"),
        (),
        (b"\xef\xbb\xbfa;label;c\n1,5;u;r\n?;v;s\n-1;v;\n4;u;r\n", b'Unnamed: 0\ta\tlabel\n0\t"1"\t0\n1\t2e3\t1\n'),
    ),
    "feather": (
        ".feather",
        lambda path: load_dataset(str(path), target="y", prepare="impute,onehot"),
        (),
        (feather(),),
    ),
    "preparation": (
        ".npz",
        lambda path: load_dataset(str(path)),
        ("X", "y", "preparation"),
        (MARK.join(map(npy, (X, Y, np.array(PREPARED)))),),
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
