"""Observed lengths of prompts and samples by kind of call; they predict what a call needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from branchwise.models.protocol import Reply
from branchwise.models.sizing import FLOOR, Need
from branchwise.store.records import Json

_SPARE = 16
_ROOM = 2
"""A call that does not fit in full gets this many times the longest sample so far, and a few tokens."""
_MARGIN = 1.1


class Lengths:
    """Longest and shortest samples by kind of call, and the largest ratio of a prompt to its estimate.

    All are extremes or stay true once they are, so they do not depend on the order of the replies.
    """

    def __init__(self) -> None:
        self._longest: dict[str, int] = {}
        self._shortest: dict[str, int] = {}
        self._share: float | None = None
        self.apart = False
        """Whether a server has answered n > 1 only one by one."""

    def corrected(self, need: Need) -> Need:
        """The need with its prompt's estimate corrected by the observed ratio, and one request a sample if observed."""
        if self.apart and need.n > 1:
            need = replace(need, apart=True)
        if self._share is None:
            return need
        return replace(need, prompt=math.ceil(_MARGIN * self._share * need.prompt))

    def usual(self, need: Need) -> int | None:
        """Completion tokens for twice the longest sample of its kind; None before the first one."""
        longest = self._longest.get(need.kind)
        return None if longest is None else _ROOM * longest + _SPARE

    def floor(self, need: Need) -> int:
        """Minimum completion tokens of a request: the shortest sample of its kind so far, or `FLOOR`."""
        return self._shortest.get(need.kind, FLOOR)

    def learn(self, need: Need, reply: Reply) -> None:
        """Record the lengths of a reply."""
        kind = need.kind
        self.apart = self.apart or (len(reply.samples) > 1 and reply.usage.calls > 1)
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
        """The observations as JSON."""
        return {
            "longest": dict(self._longest),
            "shortest": dict(self._shortest),
            "share": self._share,
            "apart": self.apart,
        }

    def recall(self, kept: Mapping[str, Json]) -> None:
        """Restore observations from `kept`."""
        for name, mine, better in (("longest", self._longest, max), ("shortest", self._shortest, min)):
            found = kept.get(name)
            for kind, tokens in (found if isinstance(found, Mapping) else {}).items():
                if isinstance(tokens, int):
                    mine[kind] = better(mine.get(kind, tokens), tokens)
        self.apart = self.apart or kept.get("apart") is True
        share = kept.get("share")
        if isinstance(share, int | float):
            self._share = max(self._share or 0.0, share)
