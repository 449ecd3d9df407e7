"""What a server said, fit to be shown."""

from __future__ import annotations

from branchwise.store.redaction import Redaction

_LONGEST = 300


def scrub(text: str) -> str:
    """Shorten what a server said to one line, without the secrets that it may have echoed."""
    line = Redaction().message(" ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
