"""LangChain's messages as requests have them, and replies as LangChain's messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCall, invalid_tool_call, tool_call

from branchwise.models.protocol import Message, Sample
from branchwise.store.errors import BadInput
from branchwise.store.records import Usage

_MESSAGE: Any = Message


def to_messages(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """Write messages in the form of requests.

    Raises:
        BadInput: A message holds something other than text.
    """
    return tuple(_message(one) for one in messages)


def _message(one: BaseMessage) -> Any:
    text = _text(one)
    if isinstance(one, SystemMessage):
        return Message(role="system", content=text)
    if isinstance(one, ToolMessage):
        return _MESSAGE(role="tool", content=text, tool_call_id=one.tool_call_id)
    if isinstance(one, AIMessage):
        calls = tuple(_call_json(call) for call in one.tool_calls)
        return _MESSAGE(role="assistant", content=text, **({"tool_calls": calls} if calls else {}))
    return Message(role="user", content=text)


def _text(one: BaseMessage) -> str:
    if isinstance(one.content, str):
        return one.content
    parts = []
    for part in one.content:
        if isinstance(part, str):
            parts.append(part)
        elif part.get("type") == "text":
            parts.append(str(part["text"]))
        else:
            raise BadInput(
                f"A message of type `{one.type}` holds a `{part.get('type')}` block; only text is taken."
            )
    return "".join(parts)


def _call_json(call: ToolCall) -> dict[str, Any]:
    """A tool call in OpenAI's form."""
    arguments = json.dumps(call["args"], sort_keys=True)
    return {
        "id": call["id"] or "",
        "type": "function",
        "function": {"name": call["name"], "arguments": arguments},
    }


def from_reply(sample: Sample, usage: Usage) -> AIMessage:
    """A sample as a message, with its tool calls."""
    calls, invalid = [], []
    for number, call in enumerate(getattr(sample, "tool_calls", ()) or ()):
        function = call["function"]
        try:
            arguments = json.loads(function["arguments"] or "{}")
            calls.append(
                tool_call(name=function["name"], args=arguments, id=call.get("id") or f"call_{number}")
            )
        except ValueError as error:
            bad = {"name": function["name"], "args": function["arguments"], "id": call.get("id")}
            invalid.append(invalid_tool_call(**bad, error=str(error)))
    return AIMessage(
        content=sample.text,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=UsageMetadata(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            total_tokens=usage.prompt_tokens + usage.completion_tokens,
        ),
        response_metadata={"finish_reason": sample.finish},
    )
