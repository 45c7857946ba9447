"""`boundcheck explain`: one theorem taken apart."""

from typing import Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.compare import Flips, Latex, LogitScale, Norm, Temperature
from boundcheck.cli.output import HOLDS, VIOLATED, Session
from boundcheck.errors import InputError

BoundId = Annotated[str, typer.Argument(metavar="BOUND", help="Bound id, for example soft-sharp; see compare.")]
Gamma = Annotated[float, typer.Option("--gamma", help="Margin in (0, 1/2].")]
Samples = Annotated[int, typer.Option("--n", min=1, help="Samples n.")]


@command
def explain(
    this: Session,
    bound: BoundId,
    gamma: Gamma = 0.05,
    eps: options.Eps = 0.01,
    n: Samples = 1000,
    delta: options.Delta = 0.05,
    c: Norm = None,
    logit_scale: LogitScale = 1.0,
    temperature: Temperature = None,
    flips: Flips = None,
    latex: Latex = None,
) -> None:
    """Take one theorem apart: statement, hypotheses, checked derivation, numbers, and what each factor costs.

    Every step of the derivation that a machine can check is checked when you ask; -v shows the formulas. Exit code 1
    says that a step failed.

    Example: boundcheck explain soft-sharp --gamma 0.05 --eps 0.01
    """
    from boundcheck.pipeline.explain import explain

    if this.json and latex == "-":
        raise InputError("--latex -: stdout already carries --json; give --latex a file")
    report = explain(
        bound,
        gamma=gamma,
        eps=eps,
        n=n,
        delta=delta,
        c=c,
        logit_scale=logit_scale,
        temperature=temperature,
        flips=flips,
    )
    failed = any(step.holds is False for step in report.steps)
    this.finish(report, exit_code=VIOLATED if failed else HOLDS, latex=latex)
