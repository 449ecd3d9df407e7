"""Storage form of requests: identified by a digest; long texts, which prompts share, are stored once per run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from branchwise.store.json_text import slowly, to_json
from branchwise.store.records import Json

_LONG = 200
"""Minimum length of a text that is replaced, in characters; a reference takes about 45."""
_MARK = "$text"
_PLAIN = frozenset({bool, int, float, type(None)})
"""Types of most values of a request; skipped without a function call."""


@dataclass(frozen=True, slots=True)
class RedactedRequest:
    """A request, redacted."""

    value: Json
    body: str
    """The same, written."""
    hash: str

    def was(self, recorded: str) -> bool:
        """Whether this request matches the recorded hash; earlier versions wrote some fractions differently."""
        return recorded == self.hash or recorded == digest(slowly(self.value))


def digest(body: str) -> str:
    """The digest of a serialised request."""
    return hashlib.sha256(body.encode()).hexdigest()


def take_out(value: Json, body: str) -> tuple[str, dict[str, str]]:
    """Replace the long texts in a JSON document by references `{"$text": hash}`.

    Args:
        value: The document.
        body: The document as serialised JSON.

    Returns:
        The document, and the texts by hash.
    """
    if len(body) < _LONG:
        return body, {}
    found: dict[str, str] = {}

    def shorten(value: Any) -> Any:
        if isinstance(value, str):
            if len(value) < _LONG:
                return value
            name = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            found[name] = value
            return {_MARK: name}
        if isinstance(value, dict):
            return {key: item if type(item) in _PLAIN else shorten(item) for key, item in value.items()}
        if isinstance(value, list | tuple):  # tuples are written as lists
            return [shorten(item) for item in value]
        return value

    short = shorten(value)
    return (to_json(short), found) if found else (body, found)


def put_back(request: str, texts: Mapping[str, str]) -> Json:
    """Undo `take_out`; a reference to a missing text is left unchanged."""

    def lengthen(value: dict[str, Json]) -> Json:
        name = value.get(_MARK) if len(value) == 1 else None
        return texts.get(name, value) if isinstance(name, str) else value

    return json.loads(request, object_hook=lengthen)  # type: ignore[no-any-return]
