"""Messages and tools in OpenAI's format, which servers, files and other frameworks also use."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from branchwise.models.protocol import Message, Role, SampleRequest, Tool, ToolCall
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.records import Json

_KINDS: Final = {b"\x89PNG": "png", b"GIF8": "gif", b"RIFF": "webp"}
"""Magic bytes of picture formats other than JPEG."""
_PICTURE_BYTES: Final = 32 * 1024 * 1024


def write_messages(messages: Sequence[Message]) -> list[dict[str, Json]]:
    """Convert a conversation to chat messages.

    Raises:
        ModelError: A picture's file cannot be read.
    """
    return [_written(message) for message in messages]


def write_tools(request: SampleRequest) -> dict[str, Json]:
    """The fields of a request's body for its tools; empty without tools."""
    if not request.tools:
        return {}
    tools: list[Json] = [{"type": "function", "function": _function(tool)} for tool in request.tools]
    named = request.tool_choice not in {"auto", "none", "required"}
    choice: Json = (
        {"type": "function", "function": {"name": request.tool_choice}} if named else request.tool_choice
    )
    return {"tools": tools, "tool_choice": choice}


def read_message(data: Mapping[str, Any]) -> Message:
    """Parse a chat message.

    Raises:
    BadInput: It is invalid; says what is wrong.
    """
    role: Any = data.get("role")
    if role == "developer":  # OpenAI's newer name
        role = "system"
    if role not in get_args(Role):
        raise BadInput(f"A message's role is one of {', '.join(get_args(Role))}, not `{str(role)[:40]}`.")
    calls = data.get("tool_calls") or []
    if not isinstance(calls, list) or (calls and role != "assistant"):
        raise BadInput("`tool_calls` is a list in a message of the assistant.")
    answers = data.get("tool_call_id")
    if (role == "tool") != isinstance(answers, str):
        raise BadInput("A message of a tool, and no other, names by `tool_call_id` the call that it answers.")
    text, pictures = _content(data.get("content"), bool(calls))
    return Message(
        role=role, content=text, pictures=pictures, tool_calls=tuple(map(_call, calls)), tool_call_id=answers
    )


def read_tool(data: Mapping[str, Any]) -> Tool:
    """Parse the description of a tool, with or without the `{"type": "function", "function": ...}` around it.

    Raises:
    BadInput: It is invalid; says what is wrong.
    """
    function = data.get("function", data)
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str) or not name:
        raise BadInput("A tool is a function with a `name`.")
    parameters = function.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise BadInput(f"The `parameters` of the tool `{name}` are a JSON schema.")
    return Tool(name=name, description=str(function.get("description") or ""), parameters=parameters)


def _written(message: Message) -> dict[str, Json]:
    written: dict[str, Json] = {"role": message.role, "content": _parts(message)}
    if message.tool_calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
        if not message.content:
            written["content"] = None
    if message.tool_call_id is not None:
        written["tool_call_id"] = message.tool_call_id
    return written


def _parts(message: Message) -> Json:
    """The text, or parts if there are pictures; pictures come before the text."""
    if not message.pictures:
        return message.content
    pictures: list[Json] = [
        {"type": "image_url", "image_url": {"url": _picture(place)}} for place in message.pictures
    ]
    return [*pictures, {"type": "text", "text": message.content}]


def _picture(place: str) -> str:
    if place.startswith(("https://", "http://", "data:image/")):
        return place
    file = Path(place)
    try:
        if file.stat().st_size > _PICTURE_BYTES:
            raise ModelError(f"The picture `{place}` is larger than {_PICTURE_BYTES >> 20} MiB.")
        data = file.read_bytes()
    except OSError as error:
        raise ModelError(f"The picture `{place}` cannot be read: {error.strerror}.") from error
    return f"data:image/{_KINDS.get(data[:4], 'jpeg')};base64,{b64encode(data).decode()}"


def _function(tool: Tool) -> dict[str, Json]:
    parameters: Any = tool.parameters or {"type": "object", "properties": {}}
    described: dict[str, Json] = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "parameters": parameters}


def _content(content: Any, calls: bool) -> tuple[str, tuple[str, ...]]:
    if content is None and calls:
        return "", ()
    if isinstance(content, str):
        return content, ()
    texts, pictures = [], []
    for one in content if isinstance(content, list) else [None]:
        part: Mapping[str, Any] = one if isinstance(one, Mapping) else {}
        kind, url = part.get("type"), part.get("image_url")
        place = url.get("url") if isinstance(url, Mapping) else url
        if kind in ("text", "input_text") and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind in ("image_url", "input_image") and isinstance(place, str):
            if not place.startswith(("https://", "http://", "data:image/")):
                raise BadInput("A picture within a message is an http or https URL or a `data:image/` URL.")
            pictures.append(place)
        else:
            raise BadInput(
                "A message's content is a text, or a list of parts of type `text` and `image_url`."
            )
    return "\n".join(texts), tuple(pictures)


def _call(data: Any) -> ToolCall:
    function = data.get("function") if isinstance(data, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(data.get("id"), str):
        raise BadInput("A tool call has an `id` and a `function` with a `name` and `arguments`.")
    name, arguments = function.get("name"), function.get("arguments", "{}")
    if not isinstance(name, str) or not name:
        raise BadInput("A tool call has an `id` and a `function` with a `name` and `arguments`.")
    return ToolCall(
        id=data["id"], name=name, arguments=arguments if isinstance(arguments, str) else json.dumps(arguments)
    )
