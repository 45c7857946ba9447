"""`boundcheck crowd`: soft labels from the answers of a crowd."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session
from boundcheck.errors import InputError

AnswersFile = Annotated[
    Path,
    typer.Argument(
        metavar="ANSWERS",
        help="FILE.csv (- is stdin) or .npz with columns task,worker,label, or .npz with X (workers, tasks) of -1,0,1",
    ),
]
Positive = Annotated[
    str | None,
    typer.Option(
        "--positive", help="Labels that mean +1, comma-separated; the rest mean -1. Default: the larger of two."
    ),
]
Truth = Annotated[
    Path | None,
    typer.Option(
        "--truth",
        metavar="FILE",
        help="True labels, only to assess: .csv or .npz with columns task,label, or .npz with y.",
    ),
]
MethodName = Literal["auto", "mv", "te", "wls", "ds1", "ds2", "types"]
Method = Annotated[
    MethodName,
    typer.Option(
        "--method",
        help="mv: majority; te: triangular; wls: rank-one; ds1, ds2: Dawid-Skene with one or two coins; types: EM.",
    ),
]
Types = Annotated[
    str | None,
    typer.Option(
        "--types",
        metavar="K|auto",
        help="Task types; te, wls, ds1 and ds2 then run on each group. Default: found by auto and types, else one.",
    ),
]
Kind = Annotated[
    Literal["plain", "corr"],
    typer.Option("--kind", help="corr: for tasks with very unequal numbers of answers."),
]
Bootstrap = Annotated[
    int, typer.Option("--bootstrap", min=0, metavar="DRAWS", help="Test whether there is one type only (99 is usual).")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write p, logits, ... (.npz).")]


@command
def crowd(
    this: Session,
    answers: AnswersFile,
    truth: Truth = None,
    positive: Positive = None,
    missing: options.Missing = None,
    columns: options.Columns = None,
    method: Method = "auto",
    types: Types = None,
    kind: Kind = "plain",
    bootstrap: Bootstrap = 0,
    plot: options.Plot = None,
    output: Output = None,
    confidence: options.Confidence = 0.95,
) -> None:
    """Turn the answers of a crowd into soft labels: task types, worker reliabilities, posteriors.

    By default the simplest model that predicts held-out answers as well as any is taken, majority vote where none does
    better, and its p is cooled until it predicts them too. The seed is that of --bootstrap. With --truth the labels are
    measured: error, calibration, best temperature. The file written with -o goes into labels check and verify --labels.

    Example: boundcheck crowd answers.csv --truth truth.csv -o crowd.npz
    """
    from boundcheck.pipeline.crowd import crowd

    options.check_outputs(plot, output)
    report = crowd(
        answers,
        truth=truth,
        positive=options.classes(positive),
        missing=options.tokens(missing),
        columns=options.classes(columns),
        method=method,
        types=_types(types),
        kind=kind,
        bootstrap=bootstrap,
        output=output,
        plot=plot is not None,
        confidence=confidence,
        seed=this.seed,
        progress=this.progress,
    )
    if plot is not None:
        report = dataclasses.replace(report, figure=str(plot))
    this.finish(report, data_sha256=report.digest, files=(answers, truth), plot=plot)


def _types(text: str | None) -> int | str | None:
    """A number of types, auto, or None where nothing was said."""
    if text is None or text == "auto":
        return text
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--types {text!r}: give a number of types or auto")
    return int(text)
