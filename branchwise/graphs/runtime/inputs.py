"""A graph's input: its JSON schema and its validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from langgraph.channels.last_value import LastValue
from langgraph.pregel import Pregel
from pydantic import TypeAdapter, ValidationError

from branchwise.graphs.runtime.spec import LARGEST, RunSpec
from branchwise.graphs.runtime.state_types import hints
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.json_text import to_json

Graph = Pregel[Any, Any, Any, Any]


def schema_of(graph: Graph) -> Mapping[str, Any]:
    """JSON schema of the graph's input; a field whose type pydantic cannot describe accepts any value."""
    if not _fields(graph):
        try:
            return graph.get_input_jsonschema()
        except Exception:  # whatever pydantic makes of the function's annotations
            return {}
    properties = {name: _described(adapter) for name, adapter in _adapters(graph).items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def checked(graph: Graph, spec: RunSpec) -> Any:
    """Refuse an invalid input; return it as `started` does.

    Raises:
        BadInput: The input is invalid; the message gives the reason.
        UnknownName: A field is none of the graph's.
    """
    if len(to_json(spec.input)) > LARGEST:
        raise BadInput(
            f"The input is longer than {LARGEST:,} characters of JSON; give a file's name instead."
        )
    return started(graph, spec)


def started(graph: Graph, spec: RunSpec) -> Any:
    """The input with its fields converted to the state's types.

    Raises:
        BadInput: A field is of another type.
        UnknownName: A field is none of the graph's.
    """
    given = spec.input
    if not _fields(graph):
        return _read(_functional(graph), given, "The input")
    if not isinstance(given, Mapping):
        raise BadInput(
            f"The input of `{spec.workflow}` is a JSON object: the state that the graph begins with."
        )
    adapters = _adapters(graph)
    for name in given:
        if name not in adapters:
            raise UnknownName(f"input of `{spec.workflow}`", name, adapters)
    return {name: _read(adapters[name], value, f"The input `{name}`") for name, value in given.items()}


def _read(adapter: TypeAdapter[Any] | None, value: Any, what: str) -> Any:
    if adapter is None:
        return value
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{part!r}]" for part in first["loc"])
        raise BadInput(f"{what}{place} cannot be {first['input']!r:.200}: {first['msg']}.") from error


def _described(adapter: TypeAdapter[Any] | None) -> Mapping[str, Any]:
    try:
        return {} if adapter is None else adapter.json_schema()
    except Exception:  # a type without a schema takes anything
        return {}


def _fields(graph: Graph) -> Mapping[str, Any]:
    builder = getattr(graph, "builder", None)
    return {} if builder is None else dict(_named(graph, builder))


def _named(graph: Graph, builder: Any) -> Iterator[tuple[str, Any]]:
    for name, annotation in hints(builder.input_schema).items():
        if name in graph.channels:
            yield name, annotation


@lru_cache(maxsize=64)
def _adapters(graph: Graph) -> Mapping[str, TypeAdapter[Any] | None]:
    # A channel with a reducer takes whatever its reducer takes: messages as pairs, for example.
    return {
        name: _adapter(annotation) if isinstance(graph.channels[name], LastValue) else None
        for name, annotation in _fields(graph).items()
    }


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation)
    except Exception:  # a type that pydantic does not know takes anything
        return None


@lru_cache(maxsize=64)
def _functional(graph: Graph) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(graph.InputType)
    except Exception:  # as above
        return None
