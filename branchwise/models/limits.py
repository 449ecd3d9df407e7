"""How long a reply can be: from what was asked for, so that a hostile one is cut off early."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from branchwise.models.protocol import Reply, Sample, SampleRequest

_CHARACTERS: Final = 1_000_000
"""Characters of any sample at most."""
_TOKEN: Final = 64
"""Characters of a token at most, on average; a long run of blanks is one token."""
_SLACK: Final = 4_096
_MEBIBYTE: Final = 1_048_576
_BYTES: Final = 64 * _MEBIBYTE
_LOGPROB: Final = 256
"""Bytes that say the log-probability of a token, on average."""
_LIKELY: Final = 20 * 128
"""Bytes that say which tokens were likely instead."""


def most_characters(request: SampleRequest) -> int:
    """Characters that one sample may have: its text, reasoning and tool calls together."""
    return min(_CHARACTERS, _SLACK + _TOKEN * request.output_format.max_tokens)


def most_bytes(request: SampleRequest) -> int:
    """Bytes that the reply's body may have."""
    token = _TOKEN
    if request.logprobs:
        token += _LOGPROB + (_LIKELY if request.output_format.choices else 0)
    return min(_BYTES, _MEBIBYTE + request.n * request.output_format.max_tokens * token)


def bounded(reply: Reply) -> Reply:
    """The reply with every sample that no model can have written made a failed one, before anything reads it."""
    if all(written(sample) <= _CHARACTERS for sample in reply.samples):
        return reply
    return replace(reply, samples=tuple(_bounded(sample) for sample in reply.samples))


def written(sample: Sample) -> int:
    """Characters of a sample: its text, its reasoning and its tool calls."""
    called = sum(len(call.name) + len(call.arguments) for call in sample.tool_calls)
    return len(sample.text) + len(sample.reasoning) + called


def too_long(longest: int) -> str:
    """Say why a sample has failed."""
    return f"it is longer than {longest:,} characters, more than its tokens can be"


def _bounded(sample: Sample) -> Sample:
    if written(sample) <= _CHARACTERS:
        return sample
    return Sample(text="", tokens=sample.tokens, finish="error", error=too_long(_CHARACTERS))
