"""The log-probability of a given text, from vLLM's `prompt_logprobs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from branchwise.models.protocol import Sample, SampleRequest
from branchwise.store.records import finite


def scored(said: Mapping[str, Any], request: SampleRequest, counts: Sequence[int]) -> Sample:
    """The sample of a request with `scored`: the text and the sum over its tokens, the last ones of the prompt.

    It is a failed sample where the server gives no log-probabilities, or where its tokens are not those of the text,
    for example because its template changes messages.

    Args:
        said: The reply's body.
        request: The request.
        counts: The tokens that the server wrote for each choice.
    """
    tokens = sum(counts)
    listed = said.get("prompt_logprobs")
    total, text = 0.0, ""
    for entry in reversed(listed if isinstance(listed, list) else []):
        if len(text) >= len(request.scored):
            break
        token = _token(entry)
        if token is None:
            break
        total, text = total + token[1], token[0] + text
    if text != request.scored:
        error = "the server gave no log-probabilities of the text"
        return Sample(text="", tokens=tokens, finish="error", error=error)
    return Sample(text=request.scored, tokens=tokens, logprob=total)


def _token(entry: Any) -> tuple[str, float] | None:
    """A token's text and log-probability; None if the entry is not of one token."""
    if not isinstance(entry, dict) or not entry:
        return None
    # The prompt's own token comes first; likelier ones would follow.
    found = next(iter(entry.values()))
    if not isinstance(found, dict):
        return None
    text, logprob = found.get("decoded_token"), found.get("logprob")
    if not isinstance(text, str) or not isinstance(logprob, int | float) or not finite(logprob):
        return None
    return text, float(logprob)
