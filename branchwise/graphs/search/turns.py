"""Tools, tool choice and response format of OpenAI's API, as a search's Turn and requirements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from branchwise.models.openai_format import read_tool
from branchwise.models.protocol import Tool
from branchwise.models.turn import Turn
from branchwise.store.errors import BadInput, UnknownName


def turn_of(
    tools: Iterable[Mapping[str, Any]] = (),
    *,
    tool_choice: str | Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
    stop: str | Iterable[str] | None = None,
    top_p: float | None = None,
    logprobs: int | None = None,
) -> Turn:
    """What is asked of the assistant's next message.

    Args:
        tools: The functions that it may call, in OpenAI's form.
        tool_choice: "auto", "none", "required", or OpenAI's object that names a function.
        max_tokens: Its length.
        stop: Texts that end it.
        top_p: As in OpenAI's API.
        logprobs: As in `Turn`.

    Raises:
        BadInput: One of them cannot be used.
    """
    read = tuple(read_tool(tool) for tool in tools)
    return Turn(
        max_tokens=max_tokens,
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        top_p=1.0 if top_p is None else top_p,
        logprobs=logprobs,
        tools=read,
        tool_choice=_tool_choice(tool_choice, read),
    )


def _tool_choice(choice: str | Mapping[str, Any] | None, tools: tuple[Tool, ...]) -> str:
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise BadInput("Two tools have the same name.")
    if choice is None or not tools:
        return "auto"
    if isinstance(choice, str):
        if choice not in {"auto", "none", "required"}:
            raise UnknownName("tool choice", choice, ("auto", "none", "required"))
        return choice
    function = choice.get("function", choice)
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str):
        raise BadInput("`tool_choice` is auto, none, required, or names a function.")
    if name not in names:
        raise UnknownName("tool", name, names)
    return name


def format_required(form: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The requirement that a response format states.

    Raises:
        BadInput: It states none that can be checked.
    """
    kind = None if form is None else form.get("type")
    if form is None or kind == "text":
        return []
    if kind == "json_object":
        return [{"json": True}]
    described = form.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    if kind != "json_schema" or not isinstance(schema, Mapping):
        raise BadInput("`response_format` is of the type text, json_object, or json_schema with a `schema`.")
    return [{"schema": dict(schema)}]
