"""Types of a graph's state: each must round-trip through a checkpoint, or is refused by name."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from langchain_core.load.serializable import Serializable
from langgraph.pregel import Pregel
from pydantic import BaseModel

from branchwise.store.errors import BadInput

_PLAIN: tuple[type, ...] = (
    bool, int, float, complex, str, bytes, bytearray, type(None), list, dict, tuple, set, frozenset,
    collections.deque, collections.Counter, collections.defaultdict, collections.OrderedDict,
    dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone, dt.tzinfo,
    zoneinfo.ZoneInfo, decimal.Decimal, uuid.UUID, re.Pattern, object,
    ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network,
    pathlib.Path, pathlib.PurePath,
)  # fmt: skip


def state_types(graph: Pregel[Any, Any, Any, Any], name: str) -> tuple[type, ...]:
    """The user-defined types in the annotations of a graph's state.

    Raises:
        BadInput: One of them cannot be restored from a checkpoint.
    """
    found: dict[type, None] = {}
    for channel, annotation in _annotations(graph):
        try:
            for one in _classes(annotation, set()):
                found[one] = None
        except BadInput as error:
            raise BadInput(
                f"The workflow `{name}` cannot be kept: its state's `{channel}` holds {error} "
                "Use plain data, dataclasses, pydantic models, enums or dates, or keep it outside the state."
            ) from None
    return tuple(found)


def _annotations(graph: Pregel[Any, Any, Any, Any]) -> Iterator[tuple[str, Any]]:
    builder = getattr(graph, "builder", None)
    for schema in getattr(builder, "schemas", ()):
        for name, annotation in hints(schema).items():
            if name in graph.channels:
                yield name, annotation
    for node in graph.nodes.values():
        for inner in node.subgraphs:
            if isinstance(inner, Pregel):
                yield from _annotations(inner)


def hints(schema: Any) -> dict[str, Any]:
    """The annotations of a TypedDict, dataclass or model; none where they cannot be resolved."""
    try:
        return get_type_hints(schema, include_extras=True)
    except Exception:  # names that exist only for type checkers
        return {}


def _classes(annotation: Any, seen: set[Any]) -> Iterator[type]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is collections.abc.Callable or annotation in {Callable, types.FunctionType}:
        raise BadInput("a function, which no checkpoint can give back.")
    if origin is not None:
        annotated = getattr(annotation, "__metadata__", None) is not None
        for one in arguments[:1] if annotated else arguments:
            yield from _classes(one, seen)
        annotation = origin
    if isinstance(annotation, type) and annotation not in seen and not _is_plain(annotation):
        seen.add(annotation)
        yield from _own(annotation, seen)


def _is_plain(kind: type) -> bool:
    return kind in _PLAIN or kind.__module__.partition(".")[0] in {"typing", "collections", "types", "numpy"}


def _own(kind: type, seen: set[Any]) -> Iterator[type]:
    """A user-defined class, and the classes of its fields."""
    parts = dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel)
    if not is_typeddict(kind):
        if not (
            parts or issubclass(kind, enum.Enum) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
        ):
            name = f"{kind.__module__}.{kind.__qualname__}"
            raise BadInput(f"a `{name}`, which no checkpoint can give back.")
        yield kind
    if (parts and not issubclass(kind, Serializable)) or is_typeddict(kind):
        for inner in hints(kind).values():
            yield from _classes(inner, seen)
