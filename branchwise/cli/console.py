"""Where commands print their results: as wide as the terminal, but one line a row in a pipe."""

from __future__ import annotations

import os

from rich.console import Console

_UNBOUNDED = 10_000


def out() -> Console:
    """The console of standard output."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNBOUNDED
    return console
