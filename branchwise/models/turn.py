"""The form of a conversation's next message: its length, its ends, and the tools that it may call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from branchwise.models.protocol import OutputFormat, Sample, Tool, ToolCall


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What a caller asks of the assistant's next message; stored with the run."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Its maximum length; a message that is cut off there is whole. None for the task's own limit."""
    stop: tuple[str, ...] = ()
    """Texts that end it."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    """Whether the log-probabilities of its tokens are recorded where the engine gives them, and with how many of
    the likeliest at each place; None for none."""
    tools: tuple[Tool, ...] = ()
    """The functions that it may call."""
    tool_choice: str = "auto"
    """As in `SampleRequest`."""

    def form(self, form: OutputFormat) -> OutputFormat:
        """The task's output format with the caller's limits."""
        most = self.max_tokens or form.max_tokens
        return OutputFormat(
            max_tokens=most,
            stop=(*form.stop, *self.stop),
            choices=form.choices,
            regex=form.regex,
            schema=form.schema,
            excluded=form.excluded,
        )

    def calls(self, text: str) -> tuple[str, tuple[ToolCall, ...]] | None:
        """The content and the tool calls of a message that `written` wrote; None if it calls none of the tools."""
        if not self.tools or not text.startswith('{"content":'):
            return None
        try:
            read = json.loads(text)
            calls = tuple(ToolCall(**call) for call in read["tool_calls"])
            content = read["content"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        offered = {tool.name for tool in self.tools}
        texts = (content, *(part for one in calls for part in (one.id, one.name, one.arguments)))
        known = calls and all(isinstance(part, str) for part in texts)
        return (content, calls) if known and {call.name for call in calls} <= offered else None

    def answer(self, own: Callable[[str], str | None]) -> Callable[[str], str | None]:
        """A task's `answer` that also reads messages with tool calls.

        Calls are equal if they name the same functions with the same arguments in the same order, whatever their
        ids, the order of the arguments' names and the text beside them.
        """

        def answer(text: str) -> str | None:
            found = self.calls(text)
            if found is None:
                return own(text)
            return json.dumps([[call.name, _arguments(call)] for call in found[1]], sort_keys=True)

        return answer


def written(sample: Sample) -> str:
    """A sample as the text of a node: its own text, or with tool calls a JSON object of both."""
    if not sample.tool_calls:
        return sample.text
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in sample.tool_calls]
    return json.dumps({"content": sample.text, "tool_calls": calls}, ensure_ascii=False)


def _arguments(call: ToolCall) -> Any:
    try:
        return json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return call.arguments
