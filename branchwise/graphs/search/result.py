"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from branchwise.graphs.search.state import Reason
from branchwise.renamed import refuse
from branchwise.store.earlier import in_new_words
from branchwise.store.records import Json, Usage, VerifiedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a run ended."""

    run_id: str
    solved: bool
    """Whether an answer was accepted; `verified_by` says on whose word."""
    reason: Reason
    answer: str | None
    """The normalised answer, or None when the run abstains: there is no whole solution, or none that is sure enough."""
    text: str
    score: float | None
    """Unit reward in [0, 1]."""
    confidence: float | None = None
    """How likely the answer is right, in [0, 1]; None where nothing speaks for it or against it."""
    calibrated: bool = False
    """Whether a proof or labelled runs stand behind the confidence; if not, it is a score or a share of votes."""
    verified_by: VerifiedBy = VerifiedBy.NONE
    node: str | None
    """The solution that the run ended with, also where it was not given."""
    nodes: int
    rounds: int
    usage: Usage
    seconds: float

    def __getattr__(self, name: str) -> object:
        # Called for what is not a field: a name of version 0.1 is told its new one.
        raise refuse("Result", name)


def result_of(data: Json) -> Result:
    """Read a stored result."""
    return TypeAdapter(Result).validate_python(in_new_words(data))
