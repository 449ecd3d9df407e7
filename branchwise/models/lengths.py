"""How long prompts and samples have been so far, by what was asked: what a call is likely to need."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from branchwise.models.protocol import Reply
from branchwise.models.sizing import FLOOR, Need
from branchwise.store.records import Json

_SPARE = 16
_ROOM = 2
"""A call that does not fit in full leaves this many times the longest sample so far, and a few tokens."""
_MARGIN = 1.1


class Lengths:
    """Longest and shortest samples by kind of call, and what share of its estimate a prompt took at most.

    All are extremes, so that they do not depend on the order of the replies.
    """

    def __init__(self) -> None:
        self._longest: dict[str, int] = {}
        self._shortest: dict[str, int] = {}
        self._share: float | None = None

    def corrected(self, need: Need) -> Need:
        """The need with a prompt as long as its estimate, by what prompts have turned out to be, makes it likely."""
        if self._share is None:
            return need
        return replace(need, prompt=math.ceil(_MARGIN * self._share * need.prompt))

    def usual(self, need: Need) -> int | None:
        """Completion tokens that leave room for twice the longest sample of its kind; None before there was one."""
        longest = self._longest.get(need.kind)
        return None if longest is None else _ROOM * longest + _SPARE

    def floor(self, need: Need) -> int:
        """Completion tokens below which no sample is asked for: no sample of its kind was shorter, or `FLOOR`."""
        return self._shortest.get(need.kind, FLOOR)

    def learn(self, need: Need, reply: Reply) -> None:
        """Take note of a reply."""
        kind = need.kind
        for sample in reply.samples:
            if sample.finish == "error":
                continue
            self._longest[kind] = max(self._longest.get(kind, 0), sample.tokens)
            if sample.finish == "stop":
                self._shortest[kind] = min(self._shortest.get(kind, FLOOR), max(1, sample.tokens))
        if not reply.usage.estimated and need.prompt:
            share = reply.usage.prompt_tokens / max(1, reply.usage.calls) / need.prompt
            self._share = max(self._share or 0.0, share)

    def kept(self) -> Json:
        """All of it as JSON."""
        return {"longest": dict(self._longest), "shortest": dict(self._shortest), "share": self._share}

    def recall(self, kept: Mapping[str, Json]) -> None:
        """Learn again what `kept` holds."""
        for name, mine, better in (("longest", self._longest, max), ("shortest", self._shortest, min)):
            found = kept.get(name)
            for kind, tokens in (found if isinstance(found, Mapping) else {}).items():
                if isinstance(tokens, int):
                    mine[kind] = better(mine.get(kind, tokens), tokens)
        share = kept.get("share")
        if isinstance(share, int | float):
            self._share = max(self._share or 0.0, share)
