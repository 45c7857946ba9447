"""`boundcheck verify`: theory against trained networks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from typer import Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session
from boundcheck.errors import InputError
from boundcheck.records import Training

DoSearch = Annotated[bool, Option(help="Find the smallest width that trains.")]
Width = Annotated[int | None, Option(min=2, help="Train at this width as a bound prescribes.")]
Mode = Annotated[
    Training | None,
    Option(
        help="theorem: step size, steps and radius of the bound; without --width also its width. practical: step size "
        "by rule; a run ends once its outcome is certain. Default: practical in a search, theorem at one width.",
    ),
]
SoftLabels = Annotated[Path | None, Option(metavar="FILE", help="Soft labels (.npz with p or logits) to train on.")]


@dataclass(frozen=True)
class WidthSearch(options.SearchOptions):
    """How a width search trains and when it stops, and how long its certificates may take."""

    certificate_time: Annotated[
        float, Option(min=0, help="Seconds for each certified rung of the ladder, at most; 0: none.")
    ] = 90.0


@dataclass(frozen=True)
class OneWidth:
    """What is trained at one width: arguments of `pipeline.verify.verify`."""

    PANEL: ClassVar[str] = "At one width"

    bound: Annotated[str, Option(help="The bound to put to the test.")] = "soft-sharp-nfree"
    seeds: Annotated[int, Option(min=1, help="Networks trained.")] = 40


@command
def verify(
    this: Session,
    *,
    data: options.OptionalData = None,
    width_search: DoSearch = False,
    width: Width = None,
    training: Mode = None,
    eps: options.Eps = 0.05,
    delta: options.Delta = 0.05,
    labels: SoftLabels = None,
    margin_draws: options.MarginDraws = None,
    plot: options.Plot = None,
    rows: options.DataOptions,
    one: OneWidth,
    search: WidthSearch,
    where: options.Training,
) -> None:
    """Find how many neurons are really needed, and set them beside what the theorems ask for.

    --width-search trains networks of growing width on soft and on hard labels until the smallest width that works is
    known with confidence; --width M, or --training theorem at the bound's own width, trains exactly as --bound
    prescribes and judges the failure rate. Without DATA: eight points on a circle with alternating labels.

    Example: boundcheck verify sklearn:digits --positive 5,6,7,8,9 --width-search --eps 0.15
    """
    from boundcheck.pipeline.data import hint
    from boundcheck.pipeline.verify import EMBEDDED, verify
    from boundcheck.verification import EXIT_CODE

    at_one_width = width is not None or (training == "theorem" and not width_search)
    if width_search == at_one_width:
        raise InputError("verify: give one of --width-search, --width M and --training theorem")
    settings = search.settings()
    with where.opened() as place:
        dataset = this.load(EMBEDDED if data is None else data, rows)
        hint(dataset, typed=rows.is_prepared)
        report = verify(
            dataset,
            width=None if width_search else "own" if width is None else width,
            training=training,
            eps=eps,
            delta=delta,
            labels=labels,
            settings=settings,
            **vars(one),
            margin_draws=margin_draws,
            seed=this.seed,
            **place,
            progress=this.progress,
        )
        this.finish(report, exit_code=EXIT_CODE[report.judgement.verdict], files=(labels,))
