"""What every command is made of: its own options, blocks of options it shares, and the five that all have.

A command is `body(this, ...)`, whose parameters are options by the rules of Typer. A parameter whose type is a
dataclass, a block, stands for all of its fields; its PANEL is their panel of the help. A function among the notes of
an option makes what the body receives from the text that is typed; its ValueError says what to type.
"""

import functools
from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, signature
from types import FunctionType
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.models import OptionInfo

from boundcheck.cli import options
from boundcheck.cli.modes import refuse_ignored
from boundcheck.cli.output import session
from boundcheck.errors import InputError


def command(body: Callable[..., None]) -> Callable[..., None]:
    """Make a Typer command of `body(this, ...)`, which is run in a `Session`.

    `this.seed` and `this.verbose` hold what the five options that every command has were given.
    """
    _, *own = signature(body, eval_str=True).parameters.values()
    blocks: dict[str, Any] = {param.name: param.annotation for param in own if is_dataclass(param.annotation)}
    spread = [option for param in own for option in (_fields(param) if param.name in blocks else [param])]

    @functools.wraps(body)
    def run(context: typer.Context, **given: Any) -> None:
        with session(context, given) as this:
            refuse_ignored(this.command, context, given)
            options.check_outputs(given)
            read = {param.name: _read(param, given[param.name]) for param in spread}
            made = {name: block(**{f.name: read.pop(f.name) for f in fields(block)}) for name, block in blocks.items()}
            body(this, **read, **made)

    asked = [Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    asked += [_typed(param) for param in (*spread, *_fields(_TALK))]
    run.__signature__ = signature(body).replace(parameters=asked)  # type: ignore[attr-defined]
    run.__annotations__ = {param.name: param.annotation for param in asked}
    del run.__wrapped__
    return run


_TALK = Parameter("talk", Parameter.KEYWORD_ONLY, annotation=options.Talk)


def _fields(block: Parameter) -> list[Parameter]:
    """The options of a block; where the block has a default, its values are those of the fields."""
    hints = get_type_hints(block.annotation, include_extras=True)
    made = []
    for f in fields(block.annotation):
        kind, *notes = map(copy, get_args(hints[f.name]))
        for note in notes:
            if isinstance(note, OptionInfo):
                note.rich_help_panel = getattr(block.annotation, "PANEL", None)
        default = f.default if block.default is Parameter.empty else getattr(block.default, f.name)
        default = Parameter.empty if default is MISSING else default
        made.append(Parameter(f.name, Parameter.KEYWORD_ONLY, default=default, annotation=_annotated(kind, notes)))
    return made


def _annotated(kind: Any, notes: list[Any]) -> Any:
    return Annotated.__class_getitem__((kind, *notes))  # type: ignore[attr-defined]


def _parser(param: Parameter) -> FunctionType | None:
    return next((note for note in get_args(param.annotation) if isinstance(note, FunctionType)), None)


def _typed(param: Parameter) -> Parameter:
    """The option as Typer is to see it: flags are on or not said, and what is made from text is text."""
    kind, *notes = get_args(param.annotation)
    default = param.default
    if kind is bool:
        for note in notes:
            note.param_decls = note.param_decls or (f"--{param.name.replace('_', '-')}",)
    if _parser(param) is not None:
        kind, default = str | None, _text(default)
    notes = [note for note in notes if not isinstance(note, FunctionType)]
    return param.replace(kind=Parameter.KEYWORD_ONLY, default=default, annotation=_annotated(kind, notes))


def _text(value: Any) -> str | None:
    """A default as it would be typed."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) if value else None
    return None if value is None else f"{value:g}"


def _read(param: Parameter, value: Any) -> Any:
    """What the body receives for a value that was typed."""
    parse = _parser(param)
    if parse is None:
        return value
    if value is None:
        return param.default
    try:
        return parse(value)
    except ValueError as error:
        raise InputError(f"--{param.name.replace('_', '-')} {value!r}: {error}") from error
