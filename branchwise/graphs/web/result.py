"""Result of a web search, or the question that it waits for."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.graphs.runtime.result import as_html
from branchwise.store.records import NodeId, Usage, VerifiedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequest:
    """An irreversible action that awaits approval, with the context for the decision."""

    node: NodeId
    action: str
    reason: str
    """Why it counts as irreversible."""
    url: str
    """The page it would be done on."""
    path: tuple[str, ...]
    """The actions that lead there."""
    value: float | None
    """The page's value in [0, 1]."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebResult:
    """Result of a web search."""

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
    """Writes committed to the site, which persist."""
    usage: Usage
    question: ApprovalRequest | None = None

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        word = f"{'reached' if self.solved else 'not reached'} ({self.reason})"
        shown = {"answer": self.answer, "url": self.url, "actions": self.actions, "written": self.written}
        return as_html(self.run_id, word, self.usage, shown)
