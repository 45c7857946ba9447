"""`boundcheck explain`: one theorem taken apart, or a term in plain words."""

from typing import Annotated

import typer

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.compare import Flips, Latex, LogitScale, Norm, Temperature
from boundcheck.cli.output import HOLDS, VIOLATED, Session
from boundcheck.errors import InputError

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[BOUND|TERM]", help="A bound such as soft-sharp, or a term such as margin; default: a list."
    ),
]
Gamma = Annotated[float, typer.Option("--gamma", help="Margin in (0, 1/2].")]
Samples = Annotated[int, typer.Option("--n", min=1, help="Samples n.")]


@command
def explain(
    this: Session,
    name: Name = None,
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
    """Explain a bound (numbers, what each factor costs, checked derivation) or a term (in plain words).

    Every step of a derivation that a machine can check is checked when you ask; -v shows all of them. Exit code 1 says
    that a step failed. Without a name: lists the bounds and the terms.

    Example: boundcheck explain soft-sharp --gamma 0.05 --eps 0.01
    """
    from boundcheck.pipeline.explain import explain

    if this.json and latex == "-":
        raise InputError("--latex -: stdout already carries --json; give --latex a file")
    report = explain(
        name,
        gamma=gamma,
        eps=eps,
        n=n,
        delta=delta,
        c=c,
        logit_scale=logit_scale,
        temperature=temperature,
        flips=flips,
    )
    failed = any(step.holds is False for step in getattr(report, "steps", ()))
    this.finish(report, exit_code=VIOLATED if failed else HOLDS, latex=latex)
