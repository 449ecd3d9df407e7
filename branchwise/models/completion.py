"""Parse chat completions, tolerating servers' variants of OpenAI's format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from pydantic_core import from_json

from branchwise.models.choice import ServerChoice, read_choice, sample
from branchwise.models.estimate import prompt_tokens, text_tokens
from branchwise.models.failures import within
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scored import scored
from branchwise.models.scrub import scrub
from branchwise.store.errors import ModelError
from branchwise.store.records import Usage

_MOST: Final = 100_000_000
"""Maximum tokens of one call; larger numbers are ignored as counts."""


def read(body: bytes | dict[str, Any], request: SampleRequest, seconds: float) -> Reply:
    """Parse a chat completion; the number of samples may differ from the request's.

    Samples are parsed one by one, so that a fault in one affects only that one. The format counts the tokens of all
    samples together: a sample's own count comes from its log-probabilities if present, and is otherwise its
    share of the sum by length of text. A missing sum is estimated.

    Args:
        body: The reply's body, raw or parsed.
        request: The request.
        seconds: The duration of the call.

    Raises:
        Refused: It holds an error instead of samples.
        ModelError: It is not a chat completion, or none of its samples can be read.
    """
    said = parse(body) if isinstance(body, bytes) else body
    if not isinstance(said, dict):
        raise ModelError("The reply cannot be read: it is not a JSON object.")
    listed = said.get("choices")
    if not listed and (refusal := within(said)) is not None:
        raise refusal
    if not isinstance(listed, list | tuple):
        raise ModelError("The reply cannot be read: it holds no list of `choices`.")
    choices = [read_choice(choice) for choice in _ordered(listed)]
    usage = _usage(said.get("usage"), choices, request, seconds)
    if choices and all(choice.damaged for choice in choices):
        raise ModelError(f"The reply cannot be read: {choices[0].error}.", charged=usage)
    counts = _shares(choices, usage.completion_tokens)
    if request.scored:
        return Reply(samples=(scored(said, request, counts),), usage=usage)
    samples = tuple(sample(one, count, request) for one, count in zip(choices, counts, strict=True))
    return Reply(samples=samples, usage=usage)


def parse(body: bytes) -> Any:
    """Parse JSON from a server.

    Raises:
        ModelError: It is not JSON; says what it looks like.
    """
    try:
        return from_json(body)
    except ValueError as error:
        reason = str(error)
    first = body[:200].lstrip()
    if first.startswith(b"<"):
        raise ModelError("The reply cannot be read: it is a web page, not JSON.")
    if first.startswith((b"data:", b"event:")):
        raise ModelError("The reply cannot be read: it is streamed, which was not asked for.")
    if "hex escape" in reason:  # a lone surrogate, which the standard library accepts
        try:
            return json.loads(body.decode())
        except (ValueError, RecursionError) as error:
            reason = str(error)
    raise ModelError(f"The reply cannot be read: {scrub(reason)}.")


def _ordered(choices: Sequence[Any]) -> Sequence[Any]:
    """Choices sorted by index if the indices count from 0, else in the given order."""
    if len(choices) == 1:
        return choices
    numbers = [choice.get("index") if isinstance(choice, dict) else None for choice in choices]
    if not all(type(number) is int for number in numbers) or set(numbers) != set(range(len(numbers))):
        return choices
    return sorted(choices, key=lambda choice: int(choice["index"]))


def _usage(said: Any, choices: Sequence[ServerChoice], request: SampleRequest, seconds: float) -> Usage:
    """The usage; marked where a part of it is an estimate."""
    told: Mapping[str, Any] = said if isinstance(said, dict) else {}
    read_, written = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    if read_ == 0:
        read_ = None  # litellm's, where the server counts nothing
    if written == 0 and any(choice.length for choice in choices):
        written = None  # a text counted as 0 tokens would let a run write without limit
    estimated = read_ is None or written is None
    if read_ is None:
        read_ = prompt_tokens(request)
    if written is None:
        written = sum(_guessed(choice) for choice in choices)
    details = told.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    if cached is None:
        cached = _count(told.get("prompt_cache_hit_tokens"))  # DeepSeek's name
    return Usage(
        calls=1,
        prompt_tokens=read_,
        cached_tokens=min(cached or 0, read_),
        completion_tokens=written,
        seconds=seconds,
        estimated=int(estimated),
    )


def _count(value: Any) -> int | None:
    """A token count; None if the value is not a valid one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _MOST else None


def _guessed(choice: ServerChoice) -> int:
    if choice.tokens is not None:
        return len(choice.tokens)
    called = "".join(call.name + call.arguments for call in choice.calls)
    return max(1, text_tokens(choice.text) + text_tokens(choice.reasoning) + text_tokens(called))


def _shares(choices: Sequence[ServerChoice], total: int) -> list[int]:
    if all(choice.tokens is not None for choice in choices):
        return [len(choice.tokens or ()) for choice in choices]
    if len(choices) == 1:
        return [total]
    # A sample without text still used its end token.
    weights = [choice.length + 1 for choice in choices]
    ends = [round(total * part / sum(weights)) for part in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
