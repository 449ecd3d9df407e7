"""Length limits of replies, derived from the request, so that a hostile reply is cut off early."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from branchwise.models.estimate import at_most
from branchwise.models.protocol import Reply, Sample, SampleRequest

_CHARACTERS: Final = 1_000_000
"""Maximum characters of any sample."""
_TOKEN: Final = 64
"""Maximum average characters per token; a long run of blanks is one token."""
_SLACK: Final = 4_096
_MEBIBYTE: Final = 1_048_576
_BYTES: Final = 64 * _MEBIBYTE
_LOGPROB: Final = 256
"""Average bytes of a token's log-probability entry."""
_LIKELY: Final = 20 * 128
"""Average bytes of a token's list of alternatives."""


def most_characters(request: SampleRequest) -> int:
    """Maximum characters of one sample: text, reasoning and tool calls together."""
    return min(_CHARACTERS, _SLACK + _TOKEN * request.output_format.max_tokens)


def most_bytes(request: SampleRequest) -> int:
    """Maximum bytes of the reply's body."""
    token = _TOKEN
    if request.logprobs:
        token += _LOGPROB + (_LIKELY if request.output_format.choices or request.token_logprobs else 0)
    read = at_most(request) * _LOGPROB if request.scored else 0
    return min(_BYTES, _MEBIBYTE + read + request.n * request.output_format.max_tokens * token)


def bounded(reply: Reply) -> Reply:
    """Turn impossibly long samples into failed ones before anything reads them."""
    if all(written(sample) <= _CHARACTERS for sample in reply.samples):
        return reply
    return replace(reply, samples=tuple(_bounded(sample) for sample in reply.samples))


def written(sample: Sample) -> int:
    """Number of characters of a sample: text, reasoning and tool calls."""
    called = sum(len(call.name) + len(call.arguments) for call in sample.tool_calls)
    return len(sample.text) + len(sample.reasoning) + called


def too_long(longest: int) -> str:
    """The error of a sample that is too long."""
    return f"it is longer than {longest:,} characters, more than its tokens can be"


def _bounded(sample: Sample) -> Sample:
    if written(sample) <= _CHARACTERS:
        return sample
    return Sample(text="", tokens=sample.tokens, finish="error", error=too_long(_CHARACTERS))
