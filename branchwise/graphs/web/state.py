"""What travels through the graph of a web search: counters and ids."""

from __future__ import annotations

from typing import TypedDict

from branchwise.store.records import NodeId


class WebState(TypedDict, total=False):
    """State of the graph. The tree is rows."""

    next: str
    """The station to go to; empty at the end."""
    round: int
    allocation: dict[NodeId, int]
    since: int
    """Pages that had been visited when a write was last committed."""
    base: int
    """Depth of the node where that was; 0 before."""
    asked: int
    """Questions that a person was asked."""
    stop: str
    """Why the search ended: "accepted", "budget" or "exhausted"."""
