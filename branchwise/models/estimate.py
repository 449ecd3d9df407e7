"""Estimate token counts where the server gives none: four bytes per token, as in English."""

from __future__ import annotations

from typing import Final

from branchwise.models.protocol import Message, SampleRequest

PICTURE: Final = 1000
"""Approximate tokens of one picture; a page of 1280 by 1024 is 765 of OpenAI's (85 and four tiles of 170)."""
_BYTES: Final = 4
_FEWEST: Final = 3
"""Minimum bytes of text per token in most languages."""
_A_MESSAGE: Final = 8
"""Approximate tokens that a chat template adds to a message."""


def text_tokens(text: str) -> int:
    """Estimated tokens of a text, at least one unless it is empty."""
    length = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-length // _BYTES)


def prompt_tokens(request: SampleRequest) -> int:
    """Estimated prompt tokens of a request: messages, pictures, tools and the beginning of the reply."""
    said = sum(_message(message) for message in request.messages)
    tools = sum(text_tokens(f"{tool.name}{tool.description}{tool.parameters}") for tool in request.tools)
    return said + tools + text_tokens(request.prefix) + text_tokens(request.scored)


def texts_at_most(*texts: str) -> int:
    """Upper estimate of the tokens of texts."""
    return sum(map(text_tokens, texts)) * _BYTES // _FEWEST


def at_most(request: SampleRequest) -> int:
    """Upper estimate of a request's prompt tokens: what a budget reserves before the server counts them."""
    return prompt_tokens(request) * _BYTES // _FEWEST + _A_MESSAGE * (len(request.messages) + 1)


def _message(message: Message) -> int:
    calls = sum(text_tokens(call.name + call.arguments) for call in message.tool_calls)
    return text_tokens(message.content) + calls + PICTURE * len(message.pictures)
