"""Options that several commands share, each declared once."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from boundcheck.errors import InputError
from boundcheck.records import SearchSettings

if TYPE_CHECKING:
    from boundcheck.datasets import Dataset

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
FormatName = Literal["table", "json", "csv", "markdown"]
Format = Annotated[
    FormatName, typer.Option("--format", help="csv: the tables with every digit; markdown: all that is printed.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random number drawn.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no warnings on stderr.")]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="More detail; -vv shows tracebacks of errors.")
]

DATA_HELP = (
    "FILE.npz, .npy or IDX, FILE.csv or .parquet (with --target), sklearn:NAME, synthetic:FAMILY[:key=value,...] "
    "or openml:NAME."
)
Data = Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP)]
OptionalData = Annotated[str | None, typer.Argument(metavar="[DATA]", help=DATA_HELP)]
Subsample = Annotated[int | None, typer.Option("--subsample", min=1, help="Keep this many rows, drawn with --seed.")]
Eps = Annotated[float, typer.Option("--eps", help="Target average error, in (0, 1).")]
Delta = Annotated[float, typer.Option("--delta", help="The paper's delta, in (0, 1/3): total failure is 3 delta.")]
Confidence = Annotated[float, typer.Option("--confidence", help="Confidence of estimated intervals, in (0, 1).")]
StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="Run store; default: $BOUNDCHECK_STORE, else boundcheck/runs.sqlite in the user's data folder.",
    ),
]
MarginDraws = Annotated[
    int | None,
    typer.Option("--margin-draws", help="Random draws for the margin; by default the size of the data fixes them."),
]
Dask = Annotated[str | None, typer.Option("--dask", metavar="ADDRESS|local:N", help="Train on a Dask cluster.")]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Write a figure (png, svg or pdf).")]


def classes(text: str | None) -> tuple[str, ...]:
    """Split a comma-separated list of class names; empty for None."""
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


def tokens(text: str | None) -> tuple[str, ...]:
    """Split a comma-separated list that may name the empty text; empty for None."""
    return () if text is None else tuple(part.strip() for part in text.split(","))


Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="TASK,WORKER,LABEL", help="What the columns of the answers are called."),
]
Missing = Annotated[
    str | None,
    typer.Option("--missing", metavar="TOKENS", help="Labels that mean none, comma-separated ('' is an empty cell)."),
]
_ROWS = "Rows of DATA"


@dataclass(frozen=True)
class DataOptions:
    """What is done to DATA before anything else: each field is an option and an argument of `load_dataset`.

    A field marked with `classes` is a comma-separated list.
    """

    target: Annotated[
        str | None,
        typer.Option(
            "--target", help="Label column of a table; file of labels beside a .npy or IDX.", rich_help_panel=_ROWS
        ),
    ] = None
    ignore: Annotated[
        str | None,
        typer.Option("--ignore", help="Columns of a table to leave out, comma-separated.", rich_help_panel=_ROWS),
        classes,
    ] = None
    keys: Annotated[
        str | None,
        typer.Option("--keys", metavar="X,Y", help="Arrays of a .npz with rows and labels.", rich_help_panel=_ROWS),
        classes,
    ] = None
    split: Annotated[
        str,
        typer.Option(
            "--split", help="Of a source with held-out rows: train, test or all of them.", rich_help_panel=_ROWS
        ),
    ] = "train"
    positive: Annotated[
        str | None,
        typer.Option(
            "--positive", help="Classes mapped to +1, comma-separated; the rest become -1.", rich_help_panel=_ROWS
        ),
        classes,
    ] = None
    drop: Annotated[
        str | None,
        typer.Option("--drop", help="Classes to remove, comma-separated.", rich_help_panel=_ROWS),
        classes,
    ] = None
    subsample: Annotated[
        int | None,
        typer.Option("--subsample", min=1, help="Keep this many rows, drawn with --seed.", rich_help_panel=_ROWS),
    ] = None
    prepare: Annotated[
        str | None,
        typer.Option(
            "--prepare",
            metavar="STEP,...",
            help="In order: impute[=drop], onehot, center, standardize, whiten, pca=K, bias[=B].",
            rich_help_panel=_ROWS,
        ),
        classes,
    ] = None
    normalize: Annotated[
        str,
        typer.Option(
            "--normalize",
            help="max: divide by the largest norm; unit: every row on the sphere; none: refuse norms above 1.",
            rich_help_panel=_ROWS,
        ),
    ] = "max"

    @classmethod
    def typed(cls, inputs: Mapping[str, Any]) -> dict[str, str]:
        """DATA with these options as it was typed, empty where no data was given; and FILE."""
        file = {"FILE": shlex.quote(str(inputs["file"]))} if "file" in inputs else {}
        if not inputs.get("data"):
            return file | {"DATA": ""}
        given = [
            (f.name.replace("_", "-"), inputs[f.name])
            for f in fields(cls)
            if inputs.get(f.name, f.default) != f.default
        ]
        words = [inputs["data"], *(word for name, value in given for word in (f"--{name}", value))]
        return file | {"DATA": shlex.join(map(str, words))}

    def load(self, source: str, seed: int) -> "Dataset":
        """The data set that `source` names, with what the options say done to it."""
        from boundcheck.datasets import load_dataset

        return load_dataset(source, **self.arguments(), seed=seed)

    def arguments(self) -> dict[str, Any]:
        """The options as arguments of `load_dataset`."""
        hints = get_type_hints(type(self), include_extras=True)
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return given | {name: classes(given[name]) for name in given if classes in hints[name].__metadata__}


_SEARCH = "Search"


@dataclass(frozen=True)
class SearchOptions:
    """How a width search trains and when it stops; the fields of `records.SearchSettings`."""

    radius: Annotated[
        float | None,
        typer.Option(
            "--radius", help="Radius B of every network; default: what the labels need.", rich_help_panel=_SEARCH
        ),
    ] = None
    steps: Annotated[
        int | None,
        typer.Option("--steps", min=1, help="Steps T of gradient descent.", rich_help_panel=_SEARCH),
    ] = None
    step_size: Annotated[
        float | None,
        typer.Option("--step-size", help="Step size eta; default: by a rule that is printed.", rich_help_panel=_SEARCH),
    ] = None
    success_target: Annotated[
        float, typer.Option("--success-target", help="Share of runs that must reach eps.", rich_help_panel=_SEARCH)
    ] = 0.9
    confidence: Annotated[
        float,
        typer.Option("--confidence", help="Confidence of estimated intervals, in (0, 1).", rich_help_panel=_SEARCH),
    ] = 0.95
    max_width: Annotated[
        int, typer.Option("--max-width", min=2, help="Widest network tried, even.", rich_help_panel=_SEARCH)
    ] = 4096
    max_seeds: Annotated[
        int, typer.Option("--max-seeds", min=1, help="Seeds at one width at most.", rich_help_panel=_SEARCH)
    ] = 120
    budget: Annotated[
        int, typer.Option("--budget", min=1, help="Training runs in all, per search.", rich_help_panel=_SEARCH)
    ] = 20_000
    time_limit: Annotated[
        float,
        typer.Option("--time-limit", help="Seconds per search, or inf; resumable.", rich_help_panel=_SEARCH),
    ] = 160.0

    @classmethod
    def of(cls, settings: SearchSettings) -> "SearchOptions":
        """These settings as what is in force where the command line says nothing."""
        return cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})

    def settings(self, **more: Any) -> SearchSettings:
        """The settings asked for."""
        for name in ("radius", "step_size"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise InputError(f"--{name.replace('_', '-')} {value:g}: must be positive")
        return SearchSettings(**vars(self), **more)


ROWS, SEARCH = DataOptions(), SearchOptions()
"""What is in force where the command line says nothing."""


def check_outputs(plot: Path | None, *files: Path | None) -> None:
    """Raise where a figure or another file cannot be written: worth asking before a long computation.

    Raises InputError for bad places and endings, MissingExtraError for a figure without matplotlib.
    """
    from boundcheck.presentation import figures

    if plot is not None:
        figures.check(plot)
    for path in (plot, *files):
        if path is not None:
            _check_writable(path)


def _check_writable(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        why = "is a directory" if path.is_dir() else "cannot be written"
        raise InputError(f"{path}: {why}; choose another place")


def numbers(text: str, option: str) -> tuple[float, ...]:
    """Split a comma-separated list of numbers. Raises InputError, naming the option, for anything else."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{option} {text}: give numbers separated by commas, such as 0.1,1,10") from error
