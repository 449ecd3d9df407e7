"""Redact and shorten servers' messages for display."""

from __future__ import annotations

from branchwise.store.redaction import Redaction

_LONGEST = 300


def scrub(text: str) -> str:
    """Shorten a server's message to one line, without secrets it may have echoed."""
    line = Redaction().message(" ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
