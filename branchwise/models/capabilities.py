"""What kinds of engines can do, and what to call each ability."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from branchwise.models.protocol import Capabilities

EVERY_TEXT: Final = Capabilities(
    prefix=True, choices=True, regex=True, schema=True, logprobs=True, seed=True, tools=True, many=True
)
"""What can be done with text alone."""
EVERYTHING: Final = replace(EVERY_TEXT, pictures=True)
COMMON: Final = Capabilities(schema=True, logprobs=True, seed=True, pictures=True, tools=True, many=True)
"""What any OpenAI-compatible server is taken to do until it shows that it does not."""

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
}
"""The abilities that a request may need, in words."""


def who_can(*abilities: str) -> str:
    """Name the engines that have all of these abilities, fields of `Capabilities`."""
    names = [name for name, can in _ENGINES.items() if all(getattr(can, one) for one in abilities)]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
