"""Capabilities of each kind of engine, and their names in messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from branchwise.models.protocol import Capabilities

EVERY_TEXT: Final = Capabilities(
    prefix=True,
    choices=True,
    regex=True,
    schema=True,
    logprobs=True,
    seed=True,
    tools=True,
    scores=True,
    many=True,
)
"""Capabilities that need only text."""
EVERYTHING: Final = replace(EVERY_TEXT, pictures=True)
COMMON: Final = Capabilities(schema=True, logprobs=True, seed=True, pictures=True, tools=True, many=True)
"""Assumed capabilities of an OpenAI-compatible server, until it shows otherwise."""

_ENGINES: Final = {
    "the embedded engine": EVERY_TEXT,
    "vLLM": EVERYTHING,
    "most OpenAI-compatible servers": COMMON,
}
WORDS: Final = {
    "prefix": "continuing a partial reply",
    "choices": "choices",
    "regex": "regular expressions",
    "schema": "JSON schemas",
    "logprobs": "log-probabilities",
    "pictures": "pictures",
    "tools": "tools",
    "scores": "log-probabilities of given texts",
}
"""The capabilities a request may need, in words."""


def who_can(*abilities: str) -> str:
    """The engines that have all of these capabilities (fields of `Capabilities`)."""
    names = [name for name, can in _ENGINES.items() if all(getattr(can, one) for one in abilities)]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
