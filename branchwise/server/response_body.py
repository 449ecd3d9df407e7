"""Bodies of /v1/responses, read as chat requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from branchwise.server.refusals import Refusal
from branchwise.server.wire import LENIENT, ChatBody, Count, Effort, Extension, Name

ASKED = "branchwise_response"
"""The name in a run's metadata of the request that its response shows."""


class Reasoning(BaseModel):
    """The field `reasoning`."""

    model_config = LENIENT

    effort: Effort | None = None


class TextFormat(BaseModel):
    """The field `text`."""

    model_config = LENIENT

    format: dict[str, Any] | None = None


class ResponseBody(BaseModel):
    """The body of POST /v1/responses."""

    model_config = LENIENT

    input: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]
    )
    model: Name = ""
    instructions: str | None = None
    max_output_tokens: Count | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: TextFormat = Field(default_factory=TextFormat)
    reasoning: Reasoning | None = None
    metadata: dict[str, str] | None = None
    background: bool | None = None
    stream: bool | None = None
    store: bool | None = None
    previous_response_id: Annotated[str, Field(max_length=100)] | None = None
    branchwise: Extension = Field(default_factory=Extension)


def kept_fields(body: ResponseBody) -> dict[str, Any]:
    """The fields of a request that its stored response shows or obeys, as metadata of its run."""
    return body.model_dump(mode="json", exclude={"input", "tools", "stream"}, exclude_defaults=True)


def kept_body(kept: Any) -> ResponseBody | None:
    """The request of a stored response, without its input; None if nothing was kept."""
    if not isinstance(kept, Mapping):
        return None
    try:
        return ResponseBody.model_validate({**kept, "input": "-"})
    except ValidationError:
        return None  # of another version


def chat_body(body: ResponseBody, earlier: list[dict[str, Any]]) -> ChatBody:
    """The same request in chat form; one in the background goes on without its client.

    Args:
        body: The request.
        earlier: The messages that it goes on from.

    Raises:
        Refusal: It has an item or a tool of a kind that means nothing here.
    """
    said = [{"role": "system", "content": body.instructions}] if body.instructions else []
    items = [{"role": "user", "content": body.input}] if isinstance(body.input, str) else body.input
    old = [one for one in earlier if not (said and one["role"] == "system")]
    own = body.branchwise.model_copy(update={"detach": body.branchwise.detach or bool(body.background)})
    given = {
        "messages": [*said, *old, *_messages(items)],
        "model": body.model,
        "stream": body.stream,
        "max_completion_tokens": body.max_output_tokens,
        "temperature": body.temperature,
        "top_p": body.top_p,
        "tools": None if body.tools is None else list(map(_tool, body.tools)),
        "tool_choice": body.tool_choice,
        "response_format": _format(body.text.format),
        "reasoning_effort": None if body.reasoning is None else body.reasoning.effort,
        "metadata": body.metadata,
        "branchwise": own,
    }
    try:
        return ChatBody.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:4])
        raise Refusal(message=f"`{where}`: {first['msg']}.", param=where) from None


def _messages(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            found.append({"role": item.get("role"), "content": _content(item.get("content"))})
        elif kind == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments", "{}")}
            call = {"id": item.get("call_id"), "type": "function", "function": function}
            if found and found[-1].get("tool_calls"):
                found[-1]["tool_calls"].append(call)
            else:
                found.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind == "function_call_output":
            said = _content(item.get("output"))
            found.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": said})
        elif kind != "reasoning":
            raise Refusal(
                message=f"An input item of the type `{str(kind)[:60]}` is not known.", param="input"
            )
    return found


def _content(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    parts = []
    for part in content:
        if isinstance(part, Mapping) and part.get("type") == "output_text":
            parts.append({"type": "text", "text": part.get("text")})
        else:
            parts.append(part)
    return parts


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool.get("type") != "function":
        kind = str(tool.get("type"))[:60]
        raise Refusal(message=f"Tools are functions; `{kind}` is none.", param="tools")
    return {"type": "function", "function": {name: one for name, one in tool.items() if name != "type"}}


def _format(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None or given.get("type") != "json_schema":
        return given
    return {"type": "json_schema", "json_schema": {"schema": given.get("schema")}}
