"""Parse one choice of a chat completion into a sample: text, reasoning, tool calls, finish reason."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from branchwise.models.limits import most_characters, too_long
from branchwise.models.obeys import ignored
from branchwise.models.protocol import Sample, SampleRequest, ToolCall
from branchwise.models.reasoning import split
from branchwise.models.scrub import scrub
from branchwise.models.token_logprobs import read_tokens
from branchwise.store.records import finite

_IMPOSSIBLE: Final = -1000.0
"""Log-probability that servers report for a token excluded by constrained decoding."""
_CALLS: Final = 128
"""Maximum number of tool calls of one reply."""
_ENDED: Final = frozenset(
    {"", "stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete", "completed", "finished"}
)
_CALLED: Final = frozenset({"tool_calls", "tool_call", "tool_use", "function_call"})
_CUT: Final = frozenset(
    {"length", "max_tokens", "model_length", "max_length", "max_output_tokens", "token_limit", "incomplete"}
)
"""Known finish reasons, in lower case; any other word means that the sample failed."""
_THOUGHTS: Final = ("reasoning_content", "reasoning", "thinking")


def among(choices: Sequence[str], likely: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The log-probabilities of those choices that are among the likeliest tokens."""
    return {token: logprob for token, logprob in likely if token in choices and logprob > _IMPOSSIBLE}


@dataclass(slots=True)
class ServerChoice:
    """A choice as the server reports it, before its tokens are counted."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    cut: bool = False
    """Whether the token limit ended it."""
    error: str | None = None
    damaged: bool = False
    """Whether it is unreadable."""
    tokens: Sequence[Any] | None = None
    """The entry of each token, if log-probabilities are present."""

    @property
    def length(self) -> int:
        """Number of characters written."""
        called = sum(len(call.name) + len(call.arguments) for call in self.calls)
        return len(self.text) + len(self.reasoning) + called


def read_choice(choice: Any) -> ServerChoice:
    """Read one entry of `choices`."""
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        if not isinstance(choice, dict) or not isinstance(choice.get("text"), str):
            return ServerChoice(error="a choice holds no message", damaged=True)
        message = {"content": choice["text"]}
    text, reasoning, refusal = _content(message)
    found = ServerChoice(text=text, reasoning=reasoning, calls=_calls(message))
    found.cut, found.error = _ending(choice.get("finish_reason"))
    fault = choice.get("error")
    if fault:
        found.error = scrub(str(fault.get("message", fault) if isinstance(fault, dict) else fault))
    elif refusal:
        found.error = f"the model refused: {scrub(refusal)}"
    elif (
        found.error is None
        and not isinstance(message.get("content"), str | list)
        and not (text or found.calls)
    ):
        found.error = None if found.cut or reasoning else "it holds no text"
    logprobs = choice.get("logprobs")
    if isinstance(logprobs, dict) and isinstance(logprobs.get("content"), list):
        found.tokens = logprobs["content"]
    return found


def sample(choice: ServerChoice, tokens: int, request: SampleRequest) -> Sample:
    """Convert a choice to a sample.

    Args:
        choice: The choice.
        tokens: Its number of tokens.
        request: The request.
    """
    longest = most_characters(request)
    if choice.length > longest:
        return Sample(text="", tokens=tokens, finish="error", error=too_long(longest))
    text = _ended(choice.text, request.output_format.stop)
    calls = choice.calls if request.tools else ()
    error = choice.error
    if error is None and not choice.cut and not calls:
        error = _missing(choice, request) or ignored(text, request.output_format)
    if error is not None:
        return Sample(text=text, tokens=tokens, finish="error", error=error, reasoning=choice.reasoning)
    logprob, likely = _logprobs(choice, request)
    whole_text = not calls and not choice.reasoning and text == choice.text
    whole: Literal["tool_calls", "stop"] = "tool_calls" if calls else "stop"
    return Sample(
        text=text,
        tokens=tokens,
        finish="length" if choice.cut else whole,
        logprob=logprob,
        choices=likely,
        token_logprobs=read_tokens(choice.tokens, request, longest) if whole_text else (),
        tool_calls=calls,
        reasoning=choice.reasoning,
    )


def _missing(choice: ServerChoice, request: SampleRequest) -> str | None:
    """Why a sample without text is not an answer; None if it is one."""
    if choice.text:
        return None
    if choice.calls:
        return "the model called a tool, and none was offered"
    if choice.reasoning:
        return "it holds reasoning and no answer"
    # A continuation, or a sample that ends at a stop text, may be empty.
    return None if request.prefix or request.output_format.stop else "it is empty"


def _ended(text: str, stops: Sequence[str]) -> str:
    """The text up to the first stop text; some servers keep stop texts or were not sent them."""
    ends = [at for stop in stops if stop and (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def _logprobs(choice: ServerChoice, request: SampleRequest) -> tuple[float | None, dict[str, float] | None]:
    if not request.logprobs or choice.tokens is None:
        return None, None
    values: list[Any] = [one.get("logprob") if isinstance(one, dict) else None for one in choice.tokens]
    whole = all(isinstance(value, int | float) and finite(value) for value in values)
    total = sum(map(float, values)) if whole else math.nan
    logprob = total if finite(total) else None
    if not request.output_format.choices or not choice.tokens or not isinstance(choice.tokens[0], dict):
        return logprob, None
    top = choice.tokens[0].get("top_logprobs")
    likely = [
        (one["token"], float(one["logprob"]))
        for one in (top if isinstance(top, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("token"), str)
        and isinstance(one.get("logprob"), int | float)
        and finite(one["logprob"])
    ]
    return logprob, among(request.output_format.choices, likely)


def _content(message: Mapping[str, Any]) -> tuple[str, str, str]:
    """The text, the reasoning and the refusal of a message."""
    content = message.get("content")
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else None
        into = {"thinking": thoughts, "reasoning": thoughts, "refusal": refusals}.get(str(kind), texts)
        into.append(_part(part))
    thoughts += [value for name in _THOUGHTS if isinstance(value := message.get(name), str) and value][:1]
    refusals.append(_part(message.get("refusal")))
    text, reasoning = "".join(texts), "".join(thoughts)
    if reasoning:
        # litellm and some servers cut the marks out and leave the white space beside them.
        reasoning, text = reasoning.strip(), text.lstrip()
    else:
        reasoning, text = split(text)
    return whole(text), whole(reasoning), whole("".join(refusals))


def _part(part: Any) -> str:
    """The text of a part of a message; parts may be nested."""
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(_part(one) for one in part)
    if not isinstance(part, dict):
        return ""
    fields = ("text", "thinking", "reasoning", "refusal", "content")
    return next((_part(part[name]) for name in fields if isinstance(part.get(name), str | list)), "")


def whole(text: str) -> str:
    """Replace lone surrogates, which databases and terminals refuse."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    listed = message.get("tool_calls")
    made = list(listed[:_CALLS]) if isinstance(listed, list) else []
    if not made and isinstance(message.get("function_call"), dict):  # the format before `tool_calls`
        made = [{"function": message["function_call"]}]
    calls = []
    for number, call in enumerate(made):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            given, own = function.get("arguments"), call.get("id")
            arguments = given if isinstance(given, str) else json.dumps(given or {})
            name = own if isinstance(own, str) and own else f"call_{number}"
            calls.append(ToolCall(id=whole(name), name=whole(function["name"]), arguments=whole(arguments)))
    return tuple(calls)


def _ending(reason: Any) -> tuple[bool, str | None]:
    """Whether the token limit ended it, and the error if it failed."""
    word = reason.lower().removeprefix("finishreason.") if isinstance(reason, str) else ""
    if word in _CUT:
        return True, None
    return False, None if word in _ENDED or word in _CALLED else f"it ended with `{scrub(word)}`"
