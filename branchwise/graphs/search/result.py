"""Results of a search, and reading them from the store."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from branchwise.graphs.runtime.result import as_html
from branchwise.graphs.search.state import Reason
from branchwise.renamed import refuse
from branchwise.store.earlier import in_new_words
from branchwise.store.records import Json, Usage, VerifiedBy
from branchwise.store.stored import read_stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Shortfall:
    """Why a budget does not pay for one more sample."""

    what: str
    """"tokens", "completion_tokens", "calls", "seconds" or "cost"."""
    limit: float | None = None
    need: float | None = None
    """What the smallest sample that is worth asking for needs of it; None for seconds."""
    left: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Result of a search."""

    run_id: str
    solved: bool
    """Whether an answer was accepted; `verified_by` says on whose word."""
    reason: Reason
    answer: str | None
    """The normalised answer, or None when the run abstains: there is no whole solution, or none that is sure enough."""
    text: str
    score: float | None
    """Unit reward in [0, 1]."""
    share: float | None = None
    """The answer's share of the votes in [0, 1], or its score; it ranks answers and says nothing about the truth."""
    confidence: float | None = None
    """How likely the answer is right, in [0, 1], by a proof or by labelled runs; None where there are none."""
    calibrated: bool = False
    """Whether a confidence is known; a model's opinion alone is a score and no confidence."""
    next_sample: float | None = None
    """What one more sample is worth to a run without an accepted answer; None if nothing tells."""
    next_basis: str = ""
    """What `next_sample` is. "verified": probability that the next whole solution is accepted, by those that the
    program refuted, taken as independent draws. "audit": expected gain of one more draw, a right answer being worth 1
    and a wrong one -1. "vote": probability that the runner-up is the likelier answer. Empty if nothing tells."""
    verified_by: VerifiedBy = VerifiedBy.NONE
    node: str | None
    """The solution that the run ended with, also where it was not given."""
    nodes: int
    rounds: int
    usage: Usage
    seconds: float
    shortfall: Shortfall | None = None
    """With the reason "budget": which limit is reached, and by how much one more sample does not fit."""
    notes: tuple[str, ...] = ()
    """What the server did otherwise than it was asked, one sentence each."""

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        word = f"{'solved' if self.solved else 'not solved'} ({self.reason}), {self.seconds:.1f} s"
        shown = {
            "answer": self.answer,
            "score": self.score,
            "verified_by": self.verified_by,
            "text": self.text,
        }
        return as_html(self.run_id, word, self.usage, shown)

    def __getattr__(self, name: str) -> object:
        # Called for what is not a field: a name of version 0.1 is told its new one.
        raise refuse("Result", name)


def result_of(data: Json) -> Result:
    """Read a stored result."""
    return read_stored(_RESULT, in_new_words(data), "result")


_RESULT = TypeAdapter(Result)  # made once: it takes as long as a dozen model calls
