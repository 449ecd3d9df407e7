"""Serialise plain values for the pipe between a program and its examiner. Standard library only.

A value is written as JSON, with a tag if JSON lacks its type. A value of another type is written as the name of
its type and read as an `Opaque`, which equals nothing. The reader builds only values of these types, so that no
code of the writer crosses the pipe.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

_DEPTH = 200
_PLAIN_INTEGER = 2**53


class Opaque:
    """A value of an unsupported type; it equals nothing."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self._name = name

    def __eq__(self, other: object) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._name}>"


def dumps(value: object) -> str:
    """Write a value in one line."""
    return json.dumps(_written(value, 0))


def loads(text: str | bytes) -> Any:
    """Read a value.

    Raises:
        ValueError: The text was not written by `dumps`.
    """
    try:
        return _read(json.loads(text))
    except (ArithmeticError, AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("No value.") from error


def _written(value: Any, depth: int) -> Any:  # noqa: C901, PLR0911, PLR0912 - one case a type
    if depth > _DEPTH:
        return ["opaque", "something too deep"]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        whole = int.__index__(value)
        return whole if abs(whole) < _PLAIN_INTEGER else ["int", hex(whole)]
    if isinstance(value, float):
        real = float.__float__(value)
        return real if math.isfinite(real) else ["float", str(real)]
    if isinstance(value, complex):
        return ["complex", *(_written(part, depth) for part in (value.real, value.imag))]
    if isinstance(value, bytes | bytearray):
        return ["bytes" if isinstance(value, bytes) else "bytearray", bytes(value).hex()]
    for kind, name in ((list, "list"), (tuple, "tuple"), (set, "set"), (frozenset, "frozenset")):
        if isinstance(value, kind):
            return [name, *(_written(one, depth + 1) for one in iter(value))]
    if isinstance(value, dict):
        return ["dict", *([_written(k, depth + 1), _written(v, depth + 1)] for k, v in dict.items(value))]
    if type(value) is range:
        return ["range", *(_written(part, depth) for part in (value.start, value.stop, value.step))]
    if type(value) in {Fraction, Decimal}:
        return [type(value).__name__, str(value)]
    if type(value) in {date, datetime, time}:
        return [type(value).__name__, value.isoformat()]
    if type(value) is timedelta:
        return ["timedelta", value.days, value.seconds, value.microseconds]
    return ["opaque", str(type(value).__name__)[:60]]


_BUILT: Mapping[str, Callable[..., Any]] = {
    "int": lambda said: int(said, 16),
    "float": float,
    "complex": lambda real, imag: complex(_read(real), _read(imag)),
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "list": lambda *items: [_read(item) for item in items],
    "tuple": lambda *items: tuple(_read(item) for item in items),
    "set": lambda *items: {_read(item) for item in items},
    "frozenset": lambda *items: frozenset(_read(item) for item in items),
    "dict": lambda *pairs: {_read(k): _read(v) for k, v in pairs},
    "range": lambda *ends: range(*(_read(end) for end in ends)),
    "Fraction": Fraction,
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": timedelta,
    "opaque": lambda said: Opaque(str(said)),
}


def _read(item: Any) -> Any:
    if not isinstance(item, list):
        if isinstance(item, dict):
            raise TypeError("No value.")
        return item
    return _BUILT[item[0]](*item[1:])
