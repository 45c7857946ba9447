"""Options that several commands share, each declared once."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from typer import Argument, Option

from boundcheck.errors import InputError
from boundcheck.records import SearchSettings


def classes(text: str) -> tuple[str, ...]:
    """Split a comma-separated list of names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def tokens(text: str) -> tuple[str, ...]:
    """Split a comma-separated list that may name the empty text."""
    return tuple(part.strip() for part in text.split(","))


def numbers(text: str) -> tuple[float, ...]:
    """Split a comma-separated list of numbers. Raises ValueError for anything else."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError("give numbers separated by commas, such as 0.1,1,10") from error


FormatName = Literal["table", "json", "csv", "markdown"]


@dataclass(frozen=True)
class Talk:
    """What every command has: the form of its result, how much is said, and the seed."""

    PANEL: ClassVar[str] = "Result and messages"

    json: Annotated[bool, Option(help="Print one JSON object on stdout and nothing else there.")] = False
    format: Annotated[FormatName, Option(help="csv: the tables with every digit; markdown: all that is printed.")] = (
        "table"
    )
    seed: Annotated[int, Option(min=0, help="Seed of every random number drawn.")] = 0
    quiet: Annotated[bool, Option("--quiet", "-q", help="No progress and no warnings on stderr.")] = False
    verbose: Annotated[
        int, Option("--verbose", "-v", count=True, help="More detail; -vv shows tracebacks of errors.")
    ] = 0


DATA_HELP = (
    "FILE.npz, .npy or IDX, FILE.csv or .parquet (with --target), sklearn:NAME, synthetic:FAMILY[:key=value,...] "
    "or openml:NAME."
)
Data = Annotated[str, Argument(metavar="DATA", help=DATA_HELP)]
OptionalData = Annotated[str | None, Argument(metavar="[DATA]", help=DATA_HELP)]
Subsample = Annotated[int | None, Option(min=1, help="Keep this many rows, drawn with --seed.")]
Eps = Annotated[float, Option(help="Target average error, in (0, 1).")]
Delta = Annotated[float, Option(help="The paper's delta, in (0, 1/3): total failure is 3 delta.")]
Confidence = Annotated[float, Option(help="Confidence of estimated intervals, in (0, 1).")]
MarginDraws = Annotated[
    int | None, Option(help="Random draws for the margin; by default the size of the data fixes them.")
]
LogitScale = Annotated[float, Option(help="kappa: soft labels are sigmoid(kappa z), and B = kappa.")]
HardTemperature = Annotated[float | None, Option(help="tau of hard-tempered. Default: gamma.")]
Flips = Annotated[
    Literal["kl", "hoeffding"] | None,
    Option(help="Count activation flips of sharp bounds by kl or hoeffding. Default: each bound's own."),
]
Plot = Annotated[Path | None, Option(metavar="FILE", help="Write a figure (png, svg or pdf).")]
Latex = Annotated[Path | None, Option(metavar="FILE|-", help="Write LaTeX to a file, or - for stdout.")]
StoreFile = Annotated[
    Path | None,
    Option(
        metavar="FILE",
        help="Run store; default: $BOUNDCHECK_STORE, else boundcheck/runs.sqlite in the user's data folder.",
    ),
]
Columns = Annotated[
    tuple[str, ...],
    Option(metavar="TASK,WORKER,LABEL", help="What the columns of the answers are called."),
    classes,
]
Missing = Annotated[
    tuple[str, ...],
    Option(metavar="TOKENS", help="Labels that mean none, comma-separated ('' is an empty cell)."),
    tokens,
]


@dataclass(frozen=True)
class DataOptions:
    """What is done to DATA before anything else: each field is an option and an argument of `load_dataset`."""

    PANEL: ClassVar[str] = "Rows of DATA"

    target: Annotated[str | None, Option(help="Label column of a table; file of labels beside a .npy or IDX.")] = None
    ignore: Annotated[tuple[str, ...], Option(help="Columns of a table to leave out, comma-separated."), classes] = ()
    keys: Annotated[tuple[str, ...], Option(metavar="X,Y", help="Arrays of a .npz with rows and labels."), classes] = ()
    split: Annotated[
        Literal["train", "test", "all"], Option(help="Of a source with held-out rows: train, test or all of them.")
    ] = "train"
    positive: Annotated[
        tuple[str, ...], Option(help="Classes mapped to +1, comma-separated; the rest become -1."), classes
    ] = ()
    drop: Annotated[tuple[str, ...], Option(help="Classes to remove, comma-separated."), classes] = ()
    subsample: Subsample = None
    prepare: Annotated[
        tuple[str, ...],
        Option(
            metavar="STEP,...",
            help="In order: impute[=drop], onehot, center, standardize, whiten, pca=K, bias[=B].",
        ),
        classes,
    ] = ()
    normalize: Annotated[
        Literal["max", "unit", "none"],
        Option(help="max: divide by the largest norm; unit: every row on the sphere; none: refuse norms above 1."),
    ] = "max"

    @property
    def is_prepared(self) -> bool:
        """Whether the user chose a preparation."""
        return bool(self.prepare) or self.normalize != "max"


@dataclass(frozen=True)
class SearchOptions:
    """How a width search trains and when it stops; the fields of `records.SearchSettings`."""

    PANEL: ClassVar[str] = "Training and search"

    radius: Annotated[float | None, Option(help="Radius B of every network; default: what the labels need.")] = None
    steps: Annotated[int | None, Option(min=1, help="Steps T of gradient descent.")] = None
    step_size: Annotated[float | None, Option(help="Step size eta; default: by a rule that is printed.")] = None
    success_target: Annotated[float, Option(help="Share of runs that must reach eps.")] = 0.9
    confidence: Confidence = 0.95
    max_width: Annotated[int, Option(min=2, help="Widest network tried, even.")] = 4096
    max_seeds: Annotated[int, Option(min=1, help="Seeds at one width at most.")] = 120
    budget: Annotated[int, Option(min=1, help="Training runs in all, per search.")] = 20_000
    time_limit: Annotated[float, Option(help="Seconds per search, or inf; resumable.")] = 160.0

    @classmethod
    def of(cls, settings: SearchSettings) -> "SearchOptions":
        """These settings as what is in force where the command line says nothing."""
        return cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})

    def settings(self, **more: Any) -> SearchSettings:
        """The settings asked for. Raises InputError for those out of range."""
        return SearchSettings(**vars(self), **more)


@dataclass(frozen=True)
class Training:
    """Where networks are trained, and where what is finished is kept."""

    PANEL: ClassVar[str] = "Where it runs"

    store: StoreFile = None
    dask: Annotated[str | None, Option(metavar="ADDRESS|local:N", help="Train on a Dask cluster.")] = None

    @contextmanager
    def opened(self) -> Iterator[dict[str, Any]]:
        """The store and the executor, as arguments of what trains."""
        from boundcheck.search import Store, open_executor

        with Store(self.store) as store, open_executor(self.dask) as executor:
            yield {"store": store, "executor": executor}


FILES = ("plot", "latex", "output", "save_teacher")
"""Options that name a file to write."""


def typed_data(inputs: Mapping[str, Any]) -> dict[str, str]:
    """DATA with the options of its rows as they were typed, empty where no data was given; and FILE."""
    file = {"FILE": shlex.quote(str(inputs["file"]))} if "file" in inputs else {}
    if not inputs.get("data"):
        return file | {"DATA": ""}
    words = [str(inputs["data"])]
    for f in fields(DataOptions):
        value = inputs.get(f.name)
        if value is not None and value != f.default:
            words += [f"--{f.name.replace('_', '-')}", str(value)]
    return file | {"DATA": shlex.join(words)}


def check_outputs(inputs: Mapping[str, Any]) -> None:
    """Raise where a figure or another file cannot be written: worth asking before a long computation.

    Raises InputError for bad places and endings, MissingExtraError for a figure without matplotlib.
    """
    from boundcheck.presentation import figures

    if (plot := inputs.get("plot")) is not None:
        figures.check(plot)
    for path in (inputs.get(name) for name in FILES):
        if path is not None and path != STANDARD_OUTPUT:
            _check_writable(path)


def _check_writable(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        why = "is a directory" if path.is_dir() else "cannot be written"
        raise InputError(f"{path}: {why}; choose another place")


STANDARD_OUTPUT = Path("-")
