"""Tools as text for text-only engines, in the format of Hermes 2 Pro and Qwen 2.5.

Tools are listed in the system message, a call is a JSON object between `<tool_call>` tags, a result is between
`<tool_response>` tags. If a call is required, decoding is constrained to a call of one of the tools.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from pydantic_core import from_json

from branchwise.models.protocol import Message, OutputFormat, Reply, Sample, SampleRequest, Tool, ToolCall

_OPEN: Final = "<tool_call>"
_CLOSE: Final = "</tool_call>"
_MOST: Final = 128
"""Maximum calls of one sample."""
_TOOLS: Final = """\
You may call one or more functions to assist with the user query.
You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>
For each function call, return a JSON object with the function's name and arguments within <tool_call></tool_call> \
XML tags:
<tool_call>
{{"name": "<function-name>", "arguments": {{"<argument>": "<value>"}}}}
</tool_call>"""


def plain(request: SampleRequest) -> SampleRequest:
    """The request without `tools`: they are described in its messages and its output format."""
    messages = [_message(message) for message in request.messages]
    if not request.tools or request.tool_choice == "none":
        return replace(request, messages=tuple(messages), tools=(), tool_choice="auto")
    told = _TOOLS.format(tools="\n".join(json.dumps(_signature(tool)) for tool in request.tools))
    if messages and messages[0].role == "system":
        messages[0] = replace(messages[0], content=f"{messages[0].content}\n\n{told}")
    else:
        messages.insert(0, Message(role="system", content=told))
    form, prefix = request.output_format, request.prefix
    if request.tool_choice != "auto":
        form = OutputFormat(max_tokens=form.max_tokens, schema=_calls_schema(request))
        prefix += f"{_OPEN}\n"
    return replace(
        request, messages=tuple(messages), tools=(), tool_choice="auto", output_format=form, prefix=prefix
    )


def read(reply: Reply, request: SampleRequest) -> Reply:
    """Parse the calls in the samples of a reply to `plain(request)`."""
    if not request.tools or request.tool_choice == "none":
        return reply
    before = sum(len(message.tool_calls) for message in request.messages)
    return replace(reply, samples=tuple(_sample(sample, request, before) for sample in reply.samples))


def _message(message: Message) -> Message:
    if message.role == "tool":
        return Message(role="user", content=f"<tool_response>\n{message.content}\n</tool_response>")
    if not message.tool_calls:
        return message
    calls = [
        f'{_OPEN}\n{{"name": {json.dumps(call.name)}, "arguments": {call.arguments}}}\n{_CLOSE}'
        for call in message.tool_calls
    ]
    return replace(message, content="\n".join(filter(None, [message.content, *calls])), tool_calls=())


def _signature(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": _parameters(tool)},
    }


def _parameters(tool: Tool) -> dict[str, Any]:
    return dict(tool.parameters) or {"type": "object", "properties": {}}


def _calls_schema(request: SampleRequest) -> dict[str, Any]:
    named = [tool for tool in request.tools if request.tool_choice in {"required", tool.name}]
    forms = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": _parameters(tool)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in named
    ]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _sample(sample: Sample, request: SampleRequest, before: int) -> Sample:
    if sample.finish != "stop":
        return sample
    text = sample.text if request.tool_choice == "auto" else f"{_OPEN}{sample.text}{_CLOSE}"
    said, calls = _found(text, {tool.name for tool in request.tools}, before)
    if not calls:
        return sample
    return replace(sample, text=said, tool_calls=tuple(calls), finish="tool_calls", token_logprobs=())


def _found(text: str, known: set[str], before: int) -> tuple[str, list[ToolCall]]:
    """The text around the calls, and the calls of known tools."""
    calls: list[ToolCall] = []
    said, *rest = text.split(_OPEN, _MOST)
    for piece in rest:
        inside, _, after = piece.partition(_CLOSE)
        try:
            call = from_json(inside.strip())
        except ValueError:
            return text, []
        if not isinstance(call, dict) or not isinstance(call.get("name"), str) or call["name"] not in known:
            return text, []
        arguments = json.dumps(call.get("arguments") or {}, ensure_ascii=False)
        calls.append(ToolCall(id=f"call_{before + len(calls)}", name=call["name"], arguments=arguments))
        said += after
    return said.strip() if calls else text, calls
