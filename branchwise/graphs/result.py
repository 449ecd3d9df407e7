"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from branchwise.graphs.state import Reason
from branchwise.store.records import Json, Usage, Vouch


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a run ended."""

    run_id: str
    solved: bool
    """Whether an answer was accepted; `vouch` says on whose word."""
    reason: Reason
    answer: str | None
    """The normalised answer, or None when there is no whole solution: the run abstains."""
    text: str
    score: float | None
    """Unit reward in [0, 1]."""
    vouch: Vouch
    node: str | None
    nodes: int
    rounds: int
    usage: Usage
    seconds: float


def result_of(data: Json) -> Result:
    """Read a stored result."""
    return TypeAdapter(Result).validate_python(data)
