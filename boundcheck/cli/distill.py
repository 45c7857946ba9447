"""`boundcheck distill`: a teacher's soft labels against hard ones, on held-out rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session
from boundcheck.cli.reproduce import Seeds, even_widths


@dataclass(frozen=True)
class DistillOptions:
    """Arguments of `pipeline.distill.distill`."""

    labels: Annotated[Path | None, Option(metavar="FILE", help="Soft labels (.npz with p or logits).")] = None
    teacher: Annotated[
        Literal["network", "kernel", "crowd"], Option(help="Who makes the soft labels, without --labels.")
    ] = "network"
    answers: Annotated[
        Path | None, Option(metavar="FILE", help="With crowd: task,worker,label; tasks are rows of DATA.")
    ] = None
    positive_answers: Annotated[
        tuple[str, ...], Option(help="With crowd: labels of the answers that mean +1."), options.classes
    ] = ()
    widths: Annotated[tuple[int, ...], Option(help="Widths of the students, even, comma-separated."), even_widths] = (
        2,
        4,
        8,
        16,
        32,
    )
    runs: Seeds = 20
    steps: Annotated[int, Option(min=1, help="Steps of gradient descent of the students.")] = 1000
    test_fraction: Annotated[
        float | None, Option(help="Share of the rows to test on; default 0.2, or the rows that DATA holds out.")
    ] = None
    split_seed: Annotated[int | None, Option(min=0, help="Of the split; default: --seed.")] = None


@command
def distill(
    this: Session,
    *,
    data: options.Data,
    wanted: DistillOptions,
    plot: options.Plot = None,
    latex: options.Latex = None,
    rows: options.DataOptions,
    where: options.Training,
) -> None:
    """Does a small student gain from a teacher's soft labels on held-out rows?

    Students of few neurons on hard and on soft labels, from the same initialisations, each with its way to train
    (step size, radius, for soft labels temperature) chosen on validation rows among equally many. They are compared at
    the same radius, where the paper's gains are, and with each at its own. What is finished stays in the store; the
    same command resumes.

    Example: boundcheck distill sklearn:digits --positive 5,6,7,8,9 --widths 4,8 --runs 8
    """
    from boundcheck.pipeline.distill import distill

    dataset = this.load(data, rows)
    with where.opened() as place:
        result = distill(dataset, **vars(wanted), seed=this.seed, **place, progress=this.progress)
    this.finish(result, files=(wanted.labels, wanted.answers))
