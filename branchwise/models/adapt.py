"""Adapt requests to the parameters that a server refuses, learnt from its error messages."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from branchwise.models.failures import Refused

_LOG: Final = logging.getLogger("branchwise.models")
_RENAMED: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_OPTIONAL: Final = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "seed": ("seed",),
    "stop": ("stop",),
    "logprobs": ("logprobs", "top_logprobs"),
    "top_logprobs": ("top_logprobs",),
    "response_format": ("response_format",),
    "structured_outputs": ("structured_outputs",),
    "reasoning_effort": ("reasoning_effort",),
}
"""Optional parameters, each with its dependents. Stop texts and output formats are also enforced by the client."""
_WORD: Final = re.compile(r"[A-Za-z_]{1,64}")
_REFUSING: Final = (
    "support", "unrecogni", "unknown", "not permitted", "not allowed", "unexpected", "extra", "invalid", "unavailable",
    "not available", "incompatible", "deprecated", "only", "cannot", "forbidden", "not implemented", "must",
)  # fmt: skip
_TOO_MUCH: Final = (
    "too large",
    "too long",
    "context length",
    "context window",
    "at most",
    "exceed",
    "greater than",
    "maximum",
)
"""Words of an error about the value of a token limit, not about its name."""
_REFUSALS: Final = frozenset({400, 404, 422, 500, 501})


class Adaptation:
    """The parameters that one server has refused so far.

    From then on a refused parameter is sent under its other name or left out; this is logged once.
    """

    def __init__(self, where: str) -> None:
        """Begin with the common format.

        Args:
            where: The server, for the log.
        """
        self._where = where
        self._dropped: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._plain = False
        """Whether system messages are merged into the first user message."""

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body in the form this server accepts."""
        sent = dict(body)
        for name, other in self._renamed.items():
            if name in sent:
                sent[other] = sent.pop(name)
        for name in self._dropped:
            for one in _OPTIONAL.get(name, (name,)):
                sent.pop(one, None)
        if self._plain:
            sent["messages"] = _merged(sent["messages"])
        return sent

    def learn(self, refusal: Refused, sent: Mapping[str, Any]) -> bool:
        """Learn from a refusal of the body that was sent.

        Returns:
            Whether a retry may succeed; False if the refusal names nothing that can be left out.
        """
        if refusal.status not in _REFUSALS:
            return False
        name = _complaint(refusal, sent)
        if name is None:
            return False
        if name == "system":
            self._plain = True
            self._say("the role `system`", "such messages are put into the user's")
        elif name in _RENAMED:
            first = next((old for old, new in self._renamed.items() if new == name), None)
            if first is None:
                self._renamed[name] = _RENAMED[name]
                self._say(f"`{name}`", f"`{_RENAMED[name]}` is sent instead")
            else:  # both names are refused
                self._dropped |= {name}
                self._say(f"`{name}`", "it is left out")
        else:
            self._dropped.add(name)
            self._say(f"`{name}`", "it is left out")
        return True

    def _say(self, what: str, instead: str) -> None:
        _LOG.warning("The server at %s refuses %s: %s from now on.", self._where, what, instead)


def _complaint(refusal: Refused, sent: Mapping[str, Any]) -> str | None:
    """The refused parameter, if it was sent and can be left out or renamed."""
    words = refusal.reason.lower()
    named = list(refusal.parameters)
    if any(sign in words for sign in _REFUSING):
        named += [name for name in _WORD.findall(refusal.reason) if _speaks(name, refusal.reason)]
    for name in named:
        if name in _RENAMED and name in sent and not any(sign in words for sign in _TOO_MUCH):
            return name
        if name in _OPTIONAL and name in sent:
            return name
    if "system" in words and ("role" in words or "instruction" in words) and _has_system(sent):
        return "system"
    return None


def _speaks(name: str, reason: str) -> bool:
    """Whether the text uses the word as a parameter's name, not as an English word."""
    if "_" in name or name in {"temperature", "logprobs"}:
        return True
    return any(f"{mark}{name}{mark}" in reason for mark in "'\"`") or f"parameter: {name}" in reason.lower()


def _has_system(sent: Mapping[str, Any]) -> bool:
    return any(message.get("role") == "system" for message in sent.get("messages", ()))


def _merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Prepend the text of system messages to the first user message."""
    systems = "\n\n".join(str(m["content"]) for m in messages if m["role"] == "system")
    rest = [dict(m) for m in messages if m["role"] != "system"]
    first = next((m for m in rest if m["role"] == "user"), None)
    if not systems:
        return messages
    if first is None:
        return [{"role": "user", "content": systems}, *rest]
    if isinstance(first["content"], list):
        first["content"] = [{"type": "text", "text": systems}, *first["content"]]
    else:
        first["content"] = f"{systems}\n\n{first['content']}"
    return rest
