"""Lists of independent tool calls: their JSON schema, their strict reading, and the rounds of calls with needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.store.records import Json
from branchwise.tools.protocol import AgentTool

_LONGEST_REPLY = 60_000


def levels(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The rounds of calls that depend on each other: each call as soon as all that it needs are done.

    Args:
        needs: By call the calls that it needs.

    Raises:
        BadInput: Calls need each other.
    """
    graph = nx.DiGraph([(before, call) for call, wanted in needs.items() for before in wanted])
    graph.add_nodes_from(needs)
    try:
        return [sorted(level) for level in nx.topological_generations(graph)]
    except nx.NetworkXUnfeasible as error:
        raise BadInput("Calls that need each other have no order.") from error


def planned(reply: str, names: Sequence[str], most: int) -> list[dict[str, Any]] | str:
    """A reply as calls, `[{"tool": ..., "args": {...}}]`, or as the text of `{"finish": ...}`.

    Raises:
        BadInput: It is neither; the message is for the model.
    """
    try:
        said = json.loads(reply[:_LONGEST_REPLY])
    except (ValueError, RecursionError):
        raise BadInput("The reply was no JSON. Write a list of calls, or finish.") from None
    if isinstance(said, dict) and isinstance(said.get("finish"), str):
        return str(said["finish"])
    if not isinstance(said, list) or not said:
        raise BadInput("The reply was neither a list of calls nor an object with `finish`.")
    for call in said:
        if (
            not isinstance(call, dict)
            or call.get("tool") not in names
            or not isinstance(call.get("args"), dict)
        ):
            raise BadInput(
                f"Each call is an object with `tool`, one of {', '.join(names)}, and `args`, an object."
            )
    return [{"tool": call["tool"], "args": call["args"]} for call in said[:most]]


def form(tools: Sequence[AgentTool], most: int) -> dict[str, Any]:
    """The JSON schema of a reply: a list of at most so many calls, or the answer; with 0 the answer only."""
    finish = _closed({"finish": {"type": "string"}})
    if most < 1:
        return finish
    calls = [_closed({"tool": {"const": tool.spec.name}, "args": _arguments(tool)}) for tool in tools]
    return {"anyOf": [finish, {"type": "array", "items": {"anyOf": calls}, "minItems": 1, "maxItems": most}]}


def described(tools: Sequence[AgentTool]) -> str:
    """Tools for a prompt, as JSON."""
    return to_json([_shown(tool) for tool in tools], sort=False)


def _shown(tool: AgentTool) -> Json:
    return {"tool": tool.spec.name, "description": tool.spec.description, "args": _arguments(tool)}


def _arguments(tool: AgentTool) -> Any:
    """The schema of a tool's arguments; any object where it refers to parts of itself."""
    schema = dict(tool.spec.parameters)
    return schema if schema and "$defs" not in schema else {"type": "object"}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
