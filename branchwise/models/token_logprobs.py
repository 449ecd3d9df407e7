"""Log-probabilities of single tokens: read from a server's reply, and written in OpenAI's form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from branchwise.models.protocol import SampleRequest, TokenLogprob
from branchwise.store.records import Json, finite

_LOWEST: Final = -9999.0
"""OpenAI's log-probability of a token that is not among the likeliest; JSON has no infinity."""
_UNREADABLE: Final = "\ufffd"
"""Stands in a token's text for bytes that are only a part of a character."""


def read_tokens(
    listed: Sequence[Any] | None, request: SampleRequest, longest: int
) -> tuple[TokenLogprob, ...]:
    """Read the entries of a sample's tokens, as far as the request wants them.

    Args:
        listed: The entries, as in `logprobs.content` of a chat completion; None if the server gave none.
        request: The request.
        longest: Maximum characters of all tokens together.

    Returns:
        All tokens, or none if an entry cannot be read or they are too long.
    """
    if request.token_logprobs is None or not request.logprobs or listed is None:
        return ()
    found: list[TokenLogprob] = []
    for entry in listed:
        pair = _pair(entry)
        longest -= len(pair[0]) if pair else 0
        if pair is None or longest < 0:
            return ()
        top = entry.get("top_logprobs")
        pairs = [_pair(one) for one in (top if isinstance(top, list) else ())[: request.token_logprobs]]
        likeliest = tuple(one for one in pairs if one is not None)
        found.append(TokenLogprob(token=pair[0], logprob=pair[1], top=likeliest))
    return tuple(found)


def _pair(entry: Any) -> tuple[str, float] | None:
    token, value = (entry.get("token"), entry.get("logprob")) if isinstance(entry, dict) else (None, None)
    if not isinstance(token, str) or not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # A lone surrogate is refused by databases and terminals.
    text = (
        token
        if token.isascii()
        else token.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )
    if value == float("-inf"):
        return text, _LOWEST
    return (text, max(float(value), _LOWEST)) if finite(value) else None


def openai_logprobs(tokens: Iterable[TokenLogprob]) -> dict[str, Json]:
    """The object `logprobs` of a chat completion's choice."""
    content: list[Json] = [
        {**_entry(one.token, one.logprob), "top_logprobs": [_entry(*likely) for likely in one.top]}
        for one in tokens
    ]
    return {"content": content, "refusal": None}


def _entry(token: str, logprob: float) -> dict[str, Json]:
    bytes_: list[Json] | None = None if _UNREADABLE in token else list(token.encode())
    return {"token": token, "logprob": logprob, "bytes": bytes_}
