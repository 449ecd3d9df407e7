"""Branching factor of a tree of about N whole solutions."""

from __future__ import annotations


def branching(n: int) -> int:
    """Children of each node for the work of about `n` whole solutions: 2 to 4."""
    return min(4, max(2, n // 4))
