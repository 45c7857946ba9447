"""What every command is made of: its own options, blocks of options it shares, and the five that all have."""

import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import Parameter, signature
from typing import Any, get_type_hints

import typer

from boundcheck.cli import options
from boundcheck.cli.modes import refuse_ignored
from boundcheck.cli.output import session

_TALK = (
    Parameter("json", Parameter.KEYWORD_ONLY, default=False, annotation=options.Json),
    Parameter("format", Parameter.KEYWORD_ONLY, default="table", annotation=options.Format),
    Parameter("seed", Parameter.KEYWORD_ONLY, default=0, annotation=options.Seed),
    Parameter("quiet", Parameter.KEYWORD_ONLY, default=False, annotation=options.Quiet),
    Parameter("verbose", Parameter.KEYWORD_ONLY, default=0, annotation=options.Verbose),
)


def command(body: Callable[..., None]) -> Callable[..., None]:
    """Make a Typer command of `body(this, ...)`, which is run in a `Session`.

    A parameter of `body` whose type is a dataclass (such as `options.DataOptions`) stands for all of its fields, each
    an option; `this.seed` and `this.verbose` hold what the five options that every command has were given.
    """
    _, *own = signature(body, eval_str=True).parameters.values()
    blocks: dict[str, Any] = {param.name: param.annotation for param in own if is_dataclass(param.annotation)}
    spread: list[Parameter] = []
    for param in own:
        spread += _options_of(param) if param.name in blocks else [param]
    spread = [param.replace(kind=Parameter.KEYWORD_ONLY) for param in spread]

    @functools.wraps(body)
    def run(context: typer.Context, **given: Any) -> None:
        with session(context, given) as this:
            refuse_ignored(this.command, context, given)
            own = {name: value for name, value in given.items() if name not in {param.name for param in _TALK}}
            made = {name: block(**{f.name: own.pop(f.name) for f in fields(block)}) for name, block in blocks.items()}
            body(this, **own, **made)

    asked = [Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context), *spread, *_TALK]
    run.__signature__ = signature(body).replace(parameters=asked)  # type: ignore[attr-defined]
    run.__annotations__ = {param.name: param.annotation for param in asked}
    del run.__wrapped__
    return run


def _options_of(block: Parameter) -> list[Parameter]:
    """The fields of a block's type; where the block has a default, its values are those of the fields."""
    hints = get_type_hints(block.annotation, include_extras=True)
    default = block.annotation() if block.default is Parameter.empty else block.default
    return [
        Parameter(f.name, Parameter.KEYWORD_ONLY, default=getattr(default, f.name), annotation=hints[f.name])
        for f in fields(block.annotation)
    ]
