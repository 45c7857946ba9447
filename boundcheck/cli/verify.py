"""`boundcheck verify`: theory against trained networks."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import Session
from boundcheck.errors import InputError
from boundcheck.records import Against, Training

WidthSearch = Annotated[bool, typer.Option("--width-search", help="Find the smallest width that trains.")]
Width = Annotated[int | None, typer.Option("--width", min=2, help="Train at this width as a bound prescribes.")]
ScalingAgainst = Annotated[
    Against | None,
    typer.Option("--scaling", metavar="gamma|eps|n", help="Fit how the smallest width grows, without DATA."),
]
LogitScales = Annotated[
    str | None,
    typer.Option("--logit-scales", metavar="K,K,...", help="Does the smallest width fall as labels get softer?"),
]
Mode = Annotated[
    Training | None,
    typer.Option(
        "--training",
        metavar="theorem|practical",
        help="theorem: step size, steps and radius of the bound; without --width also its width. practical: a stated "
        "step size, stopped once decided. Default: practical in a search, theorem at one width.",
    ),
]
Bound = Annotated[str, typer.Option("--bound", help="At one width: the bound to put to the test.")]
SoftLabels = Annotated[
    Path | None, typer.Option("--labels", metavar="FILE", help="Soft labels (.npz with p or logits) to train on.")
]
Radius = Annotated[
    float | None,
    typer.Option(
        "--radius", help="Radius B at which soft and hard labels are compared; default: what the labels need."
    ),
]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="Steps T of gradient descent.")]
StepSize = Annotated[float | None, typer.Option("--step-size", help="Step size eta; default: a stated rule.")]
Seeds = Annotated[int, typer.Option("--seeds", min=1, help="At one width: networks trained.")]
Target = Annotated[
    float | None,
    typer.Option("--success-target", help="Share of runs that must reach eps; default 0.9, with --scaling 0.5."),
]
MaxWidth = Annotated[
    int | None, typer.Option("--max-width", min=2, help="Widest network tried; default 4096, with --scaling 512.")
]
MaxSeeds = Annotated[
    int | None,
    typer.Option("--max-seeds", min=1, help="Seeds at one width at most; default 120, with --scaling 40."),
]
Budget = Annotated[int, typer.Option("--budget", min=1, help="Training runs in all, per search.")]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", help="Seconds per search, or inf; default 160, with --scaling 30. Resumable."),
]
CertificateTime = Annotated[
    float,
    typer.Option("--certificate-time", min=0, help="Seconds for each certified rung of the ladder, at most; 0: none."),
]
MarginTime = Annotated[float, typer.Option("--margin-time", help="Seconds for the margin and its teacher, at most.")]
Dask = Annotated[str | None, typer.Option("--dask", metavar="ADDRESS|local:N", help="Train on a Dask cluster.")]

_SEARCH_ONLY = ("success_target", "max_width", "max_seeds", "budget", "time_limit", "certificate_time")
_DATA_ONLY = ("data", "target", "positive", "drop", "subsample", "normalize", "margin_time", "labels")
IGNORED = {
    "--width-search": ("bound", "seeds"),
    "--width-search --training theorem": ("bound", "seeds", "radius"),
    "--width": ("radius", *_SEARCH_ONLY),
    "--training theorem": ("radius", *_SEARCH_ONLY),
    "--scaling": ("training", "bound", "seeds", "certificate_time", *_DATA_ONLY),
    "--scaling eps": ("eps", "training", "bound", "seeds", "certificate_time", *_DATA_ONLY),
    "--logit-scales": ("training", "bound", "seeds", "certificate_time", "labels", "radius"),
}
"""Mode -> the parameters that it does not read."""


@command
def verify(
    this: Session,
    rows: options.DataOptions,
    data: options.OptionalData = None,
    width_search: WidthSearch = False,
    width: Width = None,
    training: Mode = None,
    scaling: ScalingAgainst = None,
    logit_scales: LogitScales = None,
    eps: options.Eps = 0.05,
    delta: options.Delta = 0.05,
    bound: Bound = "soft-sharp-nfree",
    labels: SoftLabels = None,
    radius: Radius = None,
    steps: Steps = None,
    step_size: StepSize = None,
    seeds: Seeds = 40,
    success_target: Target = None,
    confidence: options.Confidence = 0.95,
    max_width: MaxWidth = None,
    max_seeds: MaxSeeds = None,
    budget: Budget = 20_000,
    time_limit: TimeLimit = None,
    certificate_time: CertificateTime = 90.0,
    margin_time: MarginTime = 180.0,
    store: options.StoreFile = None,
    dask: Dask = None,
    plot: options.Plot = None,
) -> None:
    """Find how many neurons are really needed, and set them beside what the theorems ask for.

    --width-search trains networks of growing width on soft and on hard labels until the smallest width that works is
    known with confidence; --width M, or --training theorem at the bound's own width, trains exactly as --bound
    prescribes and judges the failure rate;
    --scaling fits how the smallest width grows; --logit-scales 0.1,1,10 finds the smallest width for soft labels
    sigmoid(kappa z) at each kappa, with radius B = kappa. Without DATA: eight points on a circle with alternating
    labels.

    Example: boundcheck verify sklearn:digits --positive 5,6,7,8,9 --width-search --eps 0.15
    """
    with ExitStack() as stack:
        from boundcheck.pipeline.logit_scales import logit_scales as search_logit_scales
        from boundcheck.pipeline.scaling import SCALING
        from boundcheck.pipeline.scaling import scaling as fit_scaling
        from boundcheck.pipeline.verify import EMBEDDED, SearchSettings, Store, open_executor, verify
        from boundcheck.presentation.views import verify as verify_tables
        from boundcheck.presentation.views import verify_plots
        from boundcheck.verification import EXIT_CODE, Verdict

        options.check_outputs(plot)
        mode = _mode(width_search, width, training, scaling, logit_scales)
        options.refuse_ignored(this.context, mode, IGNORED[mode])
        for name, value in (("--radius", radius), ("--step-size", step_size)):
            if value is not None and not value > 0:
                raise InputError(f"{name} {value:g}: must be positive")
        given: dict[str, Any] = {
            "radius": radius,
            "steps": steps,
            "step_size": step_size,
            "success_target": success_target,
            "confidence": confidence,
            "max_width": max_width,
            "max_seeds": max_seeds,
            "budget": budget,
            "time_limit": time_limit,
            "certificate_time": certificate_time,
        }
        settings = replace(
            SearchSettings() if scaling is None else SCALING,
            **{name: value for name, value in given.items() if value is not None},
        )
        keep = stack.enter_context(Store(store))
        executor = stack.enter_context(open_executor(dask))
        if scaling is not None:
            fitted = fit_scaling(
                scaling,
                eps=eps,
                delta=delta,
                settings=settings,
                seed=this.seed,
                store=keep,
                executor=executor,
                progress=this.progress,
            )
            if plot is not None:
                verify_plots.scaling(fitted, plot)
            this.finish(
                fitted, lambda console: verify_tables.scaling(fitted, console), exit_code=3 if fitted.cut else 0
            )
        dataset = rows.load(EMBEDDED if data is None else data, this.seed)
        if logit_scales is not None:
            scaled = search_logit_scales(
                dataset,
                options.numbers(logit_scales, "--logit-scales"),
                eps=eps,
                delta=delta,
                settings=settings,
                seed=this.seed,
                margin_time=margin_time,
                store=keep,
                executor=executor,
                progress=this.progress,
            )
            if plot is not None:
                verify_plots.logit_scales(scaled, plot)
            this.finish(
                scaled,
                lambda console: verify_tables.logit_scales(scaled, console),
                exit_code={"no margin": 1, "cut short": 3}.get(scaled.trend, 0),
                data_sha256=dataset.digest,
            )
        report = verify(
            dataset,
            width=0 if mode == "--training theorem" else width,
            mode=training,
            eps=eps,
            delta=delta,
            labels=labels,
            settings=settings,
            bound=bound,
            seeds=seeds,
            seed=this.seed,
            margin_time=margin_time,
            store=keep,
            executor=executor,
            progress=this.progress,
        )
        if plot is not None and report.judgement.verdict is not Verdict.ASSUMPTION_FAILS:
            verify_plots.draw(report, plot)
        this.finish(
            report,
            lambda console: verify_tables.show(report, console),
            exit_code=EXIT_CODE[report.judgement.verdict],
            data_sha256=dataset.digest,
        )


def _mode(
    width_search: bool, width: int | None, training: Training | None, scaling: Against | None, logit_scales: str | None
) -> str:
    """The mode asked for, a key of IGNORED. Raises InputError for none or several."""
    theorem = training == "theorem"
    asked = {
        "--width-search --training theorem" if theorem else "--width-search": width_search,
        "--width": width is not None,
        "--scaling eps" if scaling == "eps" else "--scaling": scaling is not None,
        "--logit-scales": logit_scales is not None,
    }
    modes = [mode for mode, wanted in asked.items() if wanted]
    if theorem and not modes:
        return "--training theorem"
    if len(modes) != 1:
        raise InputError(
            "verify: give one of --width-search, --width M, --training theorem, --scaling gamma|eps|n and "
            "--logit-scales K,K,..."
        )
    return modes[0]
