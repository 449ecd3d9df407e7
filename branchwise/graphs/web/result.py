"""How a web search ended, or what it waits for."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.store.records import NodeId, Usage, VerifiedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An action that would leave something behind, and what a person needs to know to allow it."""

    node: NodeId
    action: str
    reason: str
    """Why it counts as irreversible."""
    url: str
    """The page it would be done on."""
    path: tuple[str, ...]
    """The actions that lead there."""
    value: float | None
    """How promising that page was found, in [0, 1]."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebResult:
    """How a web search ended."""

    run_id: str
    solved: bool
    reason: str
    """"accepted", "budget", "exhausted", or "waiting" for the answer to `question`."""
    answer: str | None
    url: str
    actions: tuple[str, ...]
    """From the start to the best page."""
    value: float | None
    verified_by: VerifiedBy
    node: NodeId | None
    visited: int
    """Actions that were tried."""
    replayed: int
    """Actions done again on the way back to a page."""
    written: tuple[str, ...]
    """Writes that were committed to the site and stay."""
    usage: Usage
    question: Question | None = None
