"""`boundcheck explain`: one theorem taken apart, or a term in plain words."""

from dataclasses import dataclass
from typing import Annotated

from typer import Argument, Option

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, VIOLATED, Session

Name = Annotated[
    str | None,
    Argument(metavar="[BOUND|TERM]", help="A bound such as soft-sharp, or a term such as margin; default: a list."),
]


@dataclass(frozen=True)
class Numbers:
    """At which numbers a bound is evaluated: arguments of `pipeline.explain.explain_bound`."""

    gamma: Annotated[float, Option(help="Margin in (0, 1/2].")] = 0.05
    eps: options.Eps = 0.05
    n: Annotated[int, Option(min=1, help="Samples n.")] = 1000
    delta: options.Delta = 0.05
    c: Annotated[float | None, Option(help="Lower bound of ||x_i||. Default: 2 gamma (always valid).")] = None
    logit_scale: options.LogitScale = 1.0
    temperature: options.HardTemperature = None
    flips: options.Flips = None


@command
def explain(this: Session, numbers: Numbers, name: Name = None, latex: options.Latex = None) -> None:
    """Explain a bound (numbers, what each factor costs, checked derivation) or a term (in plain words).

    Every step of a derivation that a machine can check is checked when you ask; -v shows all of them. Exit code 1 says
    that a step failed. Without a name: lists the bounds and the terms.

    Example: boundcheck explain soft-sharp --gamma 0.05 --eps 0.01
    """
    from boundcheck.pipeline.explain import explain

    report = explain(name, **vars(numbers))
    failed = any(step.holds is False for step in getattr(report, "steps", ()))
    this.finish(report, exit_code=VIOLATED if failed else HOLDS)
