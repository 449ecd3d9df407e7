"""Convert a dataclass to a dict without the deep copies that `asdict` makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any


def as_fields(record: object) -> dict[str, Any]:
    """Return the fields of a dataclass with at least two fields; values are not copied."""
    names, values = _reading(type(record))  # type: ignore[arg-type]  # mypy sees the hash of the class's instances
    return dict(zip(names, values(record), strict=True))


@cache
def _reading(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)
