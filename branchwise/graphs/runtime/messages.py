"""Conversion between LangChain's messages and the messages of requests and replies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call

from branchwise.models.protocol import Message, Sample, Tool, ToolCall
from branchwise.store.errors import BadInput
from branchwise.store.records import Usage


def to_messages(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """Convert LangChain messages to request messages.

    Raises:
        BadInput: A message holds something other than text.
    """
    return tuple(_message(one) for one in messages)


def _message(one: BaseMessage) -> Message:
    text = _text(one)
    if isinstance(one, SystemMessage):
        return Message(role="system", content=text)
    if isinstance(one, ToolMessage):
        return Message(role="tool", content=text, tool_call_id=one.tool_call_id)
    if isinstance(one, AIMessage):
        calls = (
            ToolCall(
                id=call["id"] or "", name=call["name"], arguments=json.dumps(call["args"], sort_keys=True)
            )
            for call in one.tool_calls
        )
        return Message(role="assistant", content=text, tool_calls=tuple(calls))
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


def to_tools(offered: Sequence[Mapping[str, Any]]) -> tuple[Tool, ...]:
    """Convert tools in OpenAI's form."""
    functions = (one["function"] for one in offered)
    return tuple(
        Tool(
            name=function["name"],
            description=function.get("description", ""),
            parameters=function.get("parameters", {}),
        )
        for function in functions
    )


def to_choice(given: Any) -> str:
    """Convert LangChain's and OpenAI's `tool_choice`."""
    if isinstance(given, Mapping):
        return str(given["function"]["name"])
    if given in {True, "any", "required"}:
        return "required"
    return str(given) if given else "auto"


def from_reply(sample: Sample, usage: Usage) -> AIMessage:
    """A sample as a message, with its tool calls."""
    calls, invalid = [], []
    for call in sample.tool_calls:
        try:
            arguments = json.loads(call.arguments or "{}")
            if not isinstance(arguments, dict):
                raise TypeError("the arguments are no JSON object")
            calls.append(tool_call(name=call.name, args=arguments, id=call.id))
        except (ValueError, TypeError) as error:
            bad = invalid_tool_call(name=call.name, args=call.arguments, id=call.id, error=str(error))
            invalid.append(bad)
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
