"""`boundcheck crowd`: soft labels from the answers of a crowd."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session

AnswersFile = Annotated[
    Path,
    Argument(
        metavar="ANSWERS",
        help="FILE.csv (- is stdin) or .npz with columns task,worker,label, or .npz with X (workers, tasks) of -1,0,1",
    ),
]
MethodName = Literal["auto", "mv", "te", "wls", "ds1", "ds2", "types"]


def task_types(text: str) -> int | str:
    """A number of types, or auto. Raises ValueError for anything else."""
    if text == "auto":
        return text
    if not (text.isascii() and text.isdigit()):
        raise ValueError("give a number of types or auto")
    return int(text)


@dataclass(frozen=True)
class CrowdOptions:
    """What is made of the answers: arguments of `pipeline.crowd.crowd`."""

    truth: Annotated[
        Path | None,
        Option(
            metavar="FILE", help="True labels, only to assess: .csv or .npz with columns task,label, or .npz with y."
        ),
    ] = None
    positive: Annotated[
        tuple[str, ...],
        Option(help="Labels that mean +1, comma-separated; the rest mean -1. Default: the larger of two."),
        options.classes,
    ] = ()
    missing: options.Missing = ()
    columns: options.Columns = ()
    method: Annotated[
        MethodName,
        Option(
            help="mv: majority; te: triangular; wls: rank-one; ds1, ds2: Dawid-Skene with one or two coins; types: EM."
        ),
    ] = "auto"
    types: Annotated[
        int | str | None,
        Option(
            metavar="K|auto",
            help="Task types; te, wls, ds1 and ds2 then run on each group. Default: found by auto and types, else one.",
        ),
        task_types,
    ] = None
    kind: Annotated[Literal["plain", "corr"], Option(help="corr: for tasks with very unequal numbers of answers.")] = (
        "plain"
    )
    bootstrap: Annotated[
        int, Option(min=0, metavar="DRAWS", help="Test whether there is one type only (99 is usual).")
    ] = 0
    confidence: options.Confidence = 0.95
    output: Annotated[Path | None, Option("--output", "-o", metavar="FILE", help="Write p, logits, ... (.npz).")] = None


@command
def crowd(this: Session, answers: AnswersFile, wanted: CrowdOptions, plot: options.Plot = None) -> None:
    """Turn the answers of a crowd into soft labels: task types, worker reliabilities, posteriors.

    By default the simplest model that predicts held-out answers as well as any is taken, majority vote where none does
    better, and its p is cooled until it predicts them too. The seed is that of --bootstrap. With --truth the labels are
    measured: error, calibration, best temperature. The file written with -o goes into labels check and verify --labels.

    Example: boundcheck crowd answers.csv --truth truth.csv -o crowd.npz
    """
    from boundcheck.pipeline.crowd import crowd

    report = crowd(answers, **vars(wanted), plot=plot is not None, seed=this.seed, progress=this.progress)
    report = replace(report, figure=None if plot is None else str(plot))
    this.finish(report, data_sha256=report.digest, files=(answers, wanted.truth))
