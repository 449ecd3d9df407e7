"""Final answer selection: the answer, its calibrated confidence, and abstention below a threshold."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.agents.planning.audit import Audit
from branchwise.graphs import aggregations
from branchwise.graphs.search import contracts
from branchwise.store.records import Node, VerifiedBy
from branchwise.store.tree import Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer and its solution."""

    node: Node
    share: float | None
    """The aggregation's value for it, in [0, 1]: a share of votes, or the score. Not calibrated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confidence:
    """P(correct) of an answer, where known."""

    value: float | None
    """In [0, 1]; None without a proof or labels."""
    calibrated: bool
    """Whether a value is known."""


def answer(tree: Tree, aggregation: str) -> Answer | None:
    """Choose among a run's whole solutions; None when there are none.

    An accepted solution is the answer, since it ended the search. Otherwise the strategy's aggregation chooses.
    """
    best = tree.best
    if best is not None and best.accepted:
        return Answer(node=best, share=best.score)
    aggregate = aggregations.load(aggregation)
    given = contracts.called(f"The aggregation `{aggregation}`", lambda: aggregate(tree.complete))
    choice = contracts.choice(given, tree, aggregation)
    return None if choice is None else Answer(node=choice.node, share=choice.confidence)


def confidence(given: Answer, audit: Audit | None, *, of: int = 1, by: str = "best_of_n") -> Confidence:
    """Calibrated confidence: a program's proof, else the audit's map of scores; a raw score is not a confidence.

    Args:
        given: The answer.
        audit: The verifier's error rates on labels; None if it was never audited.
        of: Solutions that it was chosen from.
        by: The aggregation that chose it.
    """
    node = given.node
    if node.verified_by is VerifiedBy.PROGRAM:
        return Confidence(value=float(node.accepted), calibrated=True)
    known = (
        audit.confidence(node.score, of=of, by=by)
        if audit is not None and node.verified_by is VerifiedBy.MODEL
        else None
    )
    if known is not None:
        return Confidence(value=known, calibrated=True)
    return Confidence(value=None, calibrated=False)
