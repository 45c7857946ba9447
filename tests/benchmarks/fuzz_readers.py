"""Fuzzing of every reader: `python tests/benchmarks/fuzz_readers.py COUNT [KIND,...]`; or guided by coverage, with the
options of libFuzzer and `pip install atheris`: `python tests/benchmarks/fuzz_readers.py KIND [-max_total_time=300]`.

KIND: a key of KINDS. A reader may return, or raise InputError on one line; anything else, and any input that takes
more than 10 s or 2 GB, is a crash. Inputs are mutations of sound files; the digests in an archive are mended, so that
damage reaches the parsers.
"""

import contextlib
import io
import random
import resource
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

GUIDED = len(sys.argv) > 1 and not sys.argv[1].isdecimal()
guide: Any = None
if GUIDED:
    import atheris as guide

with guide.instrument_imports(include=["boundcheck"]) if guide else contextlib.nullcontext():
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


def arrow(kind: str) -> bytes:
    """A small parquet or Feather file."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1.0, None, 3.0, 4.0], "c": ["u", "v", "u", None], "y": [0, 1, 1, 0]})
    if kind == "parquet":
        parquet.write_table(table, sink)
    else:
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
        (arrow("feather"),),
    ),
    "parquet": (
        ".parquet",
        lambda path: load_dataset(str(path), target="y", prepare="impute,onehot"),
        (),
        (arrow("parquet"),),
    ),
    "preparation": (
        ".npz",
        lambda path: load_dataset(str(path)),
        ("X", "y", "preparation"),
        (MARK.join(map(npy, (X, Y, np.array(PREPARED)))),),
    ),
    "labels": (
        ".npz",
        load_labels,
        ("p", "logits", "y", "kappa"),
        (MARK.join(map(npy, (P, np.log(P / (1 - P)), Y, P[:1]))),),
    ),
    "labelcsv": (".csv", load_labels, (), (b"task,p0,p1,label\na,0.5,0.5,1\nb,0.25,0.75,0\n", b"p;y\n0.5;1\n0.1;0\n")),
    "answersnpz": (
        ".npz",
        read_crowd,
        ("task", "worker", "label"),
        (MARK.join(map(npy, (np.array(["a", "a", "b"]), np.array([1, 2, 1]), np.array([1, 0, 1])))),),
    ),
    "answers": (".csv", read_crowd, (), (b"task,worker,label\na,1,1\na,2,0\nb,1,0\nb,2,1\n",)),
    "truth": (".csv", read_truth, (), (b"task,label\na,1\nb,0\n",)),
    "toml": (".toml", lambda path: config.load(path, KNOWN), (), (b'[margin]\ndata = "x"\nconfidence = 0.9\n',)),
}


def attempt(kind: str, path: Path, content: bytes) -> bool:
    """Read `content` as a file of this kind; whether it was refused."""
    _, read, names, _ = KINDS[kind]
    path.write_bytes(archive(content, names) if names else content)
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
    except InputError as error:
        if "\n" in str(error):
            raise AssertionError(f"more than one line: {error}") from error
        return True
    return False


def guided(kind: str, folder: Path) -> None:
    """Fuzz one reader until libFuzzer stops."""
    path, corpus = folder / f"input{KINDS[kind][0]}", folder / "corpus"
    corpus.mkdir()
    for i, seed in enumerate(KINDS[kind][3]):
        (corpus / str(i)).write_bytes(seed)
    options = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", str(corpus)]
    guide.Setup([sys.argv[0], *sys.argv[2:], *options], lambda content: attempt(kind, path, content))
    guide.Fuzz()


TOKENS = (
    b"\xff",
    b"\0",
    b"nan",
    b"inf",
    b"1e999",
    b";",
    b",",
    b"\t",
    b'"',
    b"\n",
    b"?",
    b"-",
    b"\x7f\xff\xff\xff",
    b"<f8",
)
TOKENS += (b"|O", b"0", b"9" * 12, b"label", b"{", b"]", b'"before":', b"PAR1", b"\xed\xa0\x80")


def mutated(rng: random.Random, content: bytes) -> bytes:
    """`content` after up to eight edits."""
    for _ in range(rng.choice((0, 1, 1, 2, 3, 8))):
        at, edit = rng.randrange(len(content) + 1), rng.randrange(5)
        if edit == 0:
            content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
        elif edit == 1:
            content = content[:at] + rng.choice(TOKENS) + content[at:]
        elif edit == 2:
            content = content[:at] + content[at + rng.choice((1, 2, 9, 40)) :]
        elif edit == 3:
            other = rng.randrange(len(content) + 1)
            content = content[:at] + content[other : other + rng.randrange(30)] + content[at:]
        elif rng.random() < 0.3:
            content = content[:at]
    return content


def blind(count: int, kinds: list[str], folder: Path) -> None:
    """Fuzz each reader with its share of `count` inputs, and print how many it refused."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    rng, refused = random.Random(0), Counter[str]()
    for kind in kinds:
        path = folder / f"input{KINDS[kind][0]}"
        for _ in range(-(-count // len(kinds))):
            content = mutated(rng, rng.choice(KINDS[kind][3]))
            began = time.process_time()
            try:
                refused[kind] += attempt(kind, path, content)
            except BaseException:
                print("crash", kind, content, flush=True)
                raise
            if time.process_time() - began > 10:
                raise AssertionError(f"{kind}: slow on {content!r}")
        print(f"{kind}: {-(-count // len(kinds))} inputs, {refused[kind]} refused", flush=True)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        if GUIDED:
            guided(sys.argv[1], Path(folder))
        else:
            kinds = sys.argv[2].split(",") if len(sys.argv) > 2 else list(KINDS)
            blind(int(sys.argv[1]), kinds, Path(folder))
