"""`boundcheck verify`: theory against trained networks."""

from pathlib import Path
from typing import Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session
from boundcheck.errors import InputError
from boundcheck.records import Training

_MODE, _ONE, _LIMITS = "What to do", "At one width", "Labels, limits and files"
WidthSearch = Annotated[
    bool, typer.Option("--width-search", help="Find the smallest width that trains.", rich_help_panel=_MODE)
]
Width = Annotated[
    int | None,
    typer.Option("--width", min=2, help="Train at this width as a bound prescribes.", rich_help_panel=_MODE),
]
Mode = Annotated[
    Training | None,
    typer.Option(
        "--training",
        help="theorem: step size, steps and radius of the bound; without --width also its width. practical: step size "
        "by rule; a run ends once its outcome is certain. Default: practical in a search, theorem at one width.",
        rich_help_panel=_MODE,
    ),
]
Bound = Annotated[str, typer.Option("--bound", help="The bound to put to the test.", rich_help_panel=_ONE)]
Seeds = Annotated[int, typer.Option("--seeds", min=1, help="Networks trained.", rich_help_panel=_ONE)]
SoftLabels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="Soft labels (.npz with p or logits) to train on.",
        rich_help_panel=_LIMITS,
    ),
]
CertificateTime = Annotated[
    float,
    typer.Option(
        "--certificate-time",
        min=0,
        help="In a search: seconds for each certified rung of the ladder, at most; 0: none.",
        rich_help_panel=_LIMITS,
    ),
]


@command
def verify(
    this: Session,
    data: options.OptionalData = None,
    width_search: WidthSearch = False,
    width: Width = None,
    training: Mode = None,
    eps: options.Eps = 0.05,
    delta: options.Delta = 0.05,
    bound: Bound = "soft-sharp-nfree",
    seeds: Seeds = 40,
    labels: SoftLabels = None,
    certificate_time: CertificateTime = 90.0,
    margin_draws: options.MarginDraws = None,
    store: options.StoreFile = None,
    dask: options.Dask = None,
    plot: options.Plot = None,
    rows: options.DataOptions = options.ROWS,
    search: options.SearchOptions = options.SEARCH,
) -> None:
    """Find how many neurons are really needed, and set them beside what the theorems ask for.

    --width-search trains networks of growing width on soft and on hard labels until the smallest width that works is
    known with confidence; --width M, or --training theorem at the bound's own width, trains exactly as --bound
    prescribes and judges the failure rate. Without DATA: eight points on a circle with alternating labels.

    Example: boundcheck verify sklearn:digits --positive 5,6,7,8,9 --width-search --eps 0.15
    """
    from boundcheck.pipeline.data import hint
    from boundcheck.pipeline.verify import EMBEDDED, Store, open_executor, verify
    from boundcheck.records.verification import Verdict
    from boundcheck.verification import EXIT_CODE

    at_one_width = width is not None or (training == "theorem" and not width_search)
    if width_search == at_one_width:
        raise InputError("verify: give one of --width-search, --width M and --training theorem")
    options.check_outputs(plot)
    settings = search.settings(certificate_time=certificate_time)
    with Store(store) as keep, open_executor(dask) as executor:
        dataset = rows.load(EMBEDDED if data is None else data, this.seed)
        hint(dataset, typed=rows.prepare is not None or rows.normalize != "max")
        report = verify(
            dataset,
            width=None if width_search else "own" if width is None else width,
            mode=training,
            eps=eps,
            delta=delta,
            labels=labels,
            settings=settings,
            bound=bound,
            seeds=seeds,
            seed=this.seed,
            margin_draws=margin_draws,
            store=keep,
            executor=executor,
            progress=this.progress,
        )
        this.finish(
            report,
            exit_code=EXIT_CODE[report.judgement.verdict],
            data=dataset,
            files=(labels,),
            plot=None if report.judgement.verdict is Verdict.ASSUMPTION_FAILS else plot,
        )
