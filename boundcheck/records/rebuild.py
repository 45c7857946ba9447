"""Records from JSON: the inverse of `to_json`, strict about types; integers of any size stay exact."""

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union

_ENDS = {"lower": -math.inf, "upper": math.inf}


def rebuilt(kind: Any, value: Any, name: str = "result") -> Any:
    """`value` (JSON types) as `kind`: a record, a tuple or mapping of them, a number, text, an enum or a Literal.

    name: what an error calls the value.  A null float is undefined, and as an end of an interval infinite.
    Raises KeyError for a missing field, ValueError for any other value than `kind` has.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, name)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, name)
    if origin is Literal:
        if not any(value == one and type(value) is type(one) for one in arguments):
            raise _wrong(name, value)
        return value
    if origin is tuple:
        return _tuple(arguments, value, name)
    if origin in (dict, Mapping):
        if not isinstance(value, dict):
            raise _wrong(name, value)
        key = arguments[0] if arguments[0] in (int, float) else str  # keys of JSON objects are text
        return {key(k): rebuilt(arguments[1], v, f"{name}.{k}") for k, v in value.items()}
    return _plain(kind, value, name)


def _record(kind: Any, value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(name, value)
    hints = typing.get_type_hints(kind)
    given = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = rebuilt(hints[field.name], value[field.name], f"{name}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise KeyError(field.name)
    return kind(**given)


def _one_of(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    trouble: Exception = _wrong(name, value)
    for kind in kinds:
        if kind is not type(None):
            try:
                return rebuilt(kind, value, name)
            except (KeyError, ValueError) as error:
                trouble = error
    raise trouble


def _tuple(arguments: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(name, value)
    kinds = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
    if len(kinds) != len(value):
        raise _wrong(name, value)
    return tuple(rebuilt(kind, one, f"{name}[{i}]") for i, (kind, one) in enumerate(zip(kinds, value, strict=True)))


def _plain(kind: Any, value: Any, name: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float and value is None:
        return _ENDS.get(name.rpartition(".")[2], math.nan)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is kind:
        return value
    raise _wrong(name, value)


def _wrong(name: str, value: Any) -> ValueError:
    return ValueError(f"{name} is {str(value)[:40]!r}")
