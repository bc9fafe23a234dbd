"""Dataclasses to plain data and back, strictly: what comes from outside is checked against the annotated types.

Plain data is what msgpack and JSON hold: None, bool, int, float, str, bytes, lists and string-keyed dicts. Unknown fields are
ignored (a newer peer may send them), missing fields take their default, anything else that does not fit is a `PlainError`.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from functools import cache
from typing import Any, Literal, TypeVar, Union

T = TypeVar("T")


class PlainError(ValueError):
    """Data that does not fit its type; the message names the field."""


def to_plain(value: Any) -> Any:
    """Dataclasses become dicts, tuples become lists; scalars stay."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: to_plain(v) for k, v in value.items()}
    return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def from_plain(cls: type[T], data: Any, where: str = "") -> T:
    """Build `cls` (a dataclass) from plain data.

    Raises:
        PlainError: a field is missing or of the wrong type.
        UsageError: a dataclass refused its fields itself, as `frames.FrameRange` does.
    """
    if not isinstance(data, dict):
        raise PlainError(f"{where or cls.__name__} must be a mapping, got {type(data).__name__}")
    hints = _hints(cls)  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for f in dataclasses.fields(cls):  # type: ignore[arg-type]
        path = f"{where}.{f.name}" if where else f.name
        if f.name in data:
            values[f.name] = _check(hints[f.name], data[f.name], path)
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise PlainError(f"{path} is missing")
    return cls(**values)


def _check(hint: Any, value: Any, path: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        for option in typing.get_args(hint):
            try:
                return _check(option, value, path)
            except PlainError:
                continue
        raise PlainError(f"{path} has the wrong type ({type(value).__name__})")
    if hint is None or hint is type(None):
        if value is None:
            return None
    elif origin is Literal:
        if value in typing.get_args(hint):
            return value
        raise PlainError(f"{path} must be one of {', '.join(map(str, typing.get_args(hint)))}")
    elif origin in (tuple, list):
        return _check_sequence(origin, typing.get_args(hint), value, path)
    elif origin is dict:
        key, item = typing.get_args(hint)
        if isinstance(value, dict):
            return {_check(key, k, path): _check(item, v, f"{path}.{k}") for k, v in value.items()}
    elif dataclasses.is_dataclass(hint):
        return from_plain(typing.cast(type, hint), value, path)
    elif hint is float:
        if isinstance(value, float):
            return value
        # float() of a larger whole number overflows
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
            return float(value)
    elif hint is int:
        # bool is an int in Python, not in a protocol
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(hint, type) and isinstance(value, hint):
        return value
    raise PlainError(f"{path} has the wrong type ({type(value).__name__})")


def _check_sequence(origin: Any, args: tuple[Any, ...], value: Any, path: str) -> Any:
    if not isinstance(value, (list, tuple)):
        raise PlainError(f"{path} must be a list")
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        if len(value) != len(args):
            raise PlainError(f"{path} must have {len(args)} items")
        return tuple(_check(a, v, f"{path}[{i}]") for i, (a, v) in enumerate(zip(args, value, strict=True)))
    return origin(_check(args[0], v, f"{path}[{i}]") for i, v in enumerate(value))
