"""The Verifier protocol, with its state and update."""

from __future__ import annotations

from typing import NotRequired, Protocol, TypedDict

from branchwise.agents.protocol import ProblemState
from branchwise.store.records import Constraints, Verdict


class VerifierState(ProblemState):
    """State that a verifier reads."""

    constraints: Constraints
    plan: str
    """The solution, or its beginning."""
    complete: bool
    node: NotRequired[str]
    """The node that is judged, for messages."""
    rivals: NotRequired[tuple[str, ...]]
    """All candidates of the round, `plan` among them, for a verifier that compares."""


class VerifierUpdate(TypedDict):
    """State update of a verifier."""

    verdict: Verdict


class Verifier(Protocol):
    """Judge one plan; a LangGraph node. A verdict always names its basis (`Verdict.verified_by`)."""

    async def __call__(self, state: VerifierState) -> VerifierUpdate:
        """Judge `state["plan"]`; unreadable judgements have the score None."""
        ...
