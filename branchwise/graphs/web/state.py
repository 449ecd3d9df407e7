"""State of the web search graph: counters and ids."""

from __future__ import annotations

from typing import TypedDict

from branchwise.store.records import NodeId


class WebState(TypedDict, total=False):
    """State of the web search graph; the tree is in the store."""

    next: str
    """The next node of the graph; empty at the end."""
    round: int
    allocation: dict[NodeId, int]
    since: int
    """Number of pages visited before the last committed write."""
    base: int
    """Depth of the node of that write; 0 without one."""
    start: NodeId
    """The node of that write, if it succeeded: where a walk begins; the root without one."""
    asked: int
    """Number of approvals requested."""
    stop: str
    """Why the search ended: "accepted", "budget" or "exhausted"."""
