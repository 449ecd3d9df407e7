"""Refused calls: a refusal by the budget is a result, one by the model is an error."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from branchwise.graphs.search.calls import REFUSED
from branchwise.graphs.search.state import SearchContext
from branchwise.graphs.search.verification import VerdictOutcome
from branchwise.store.errors import BudgetSpent, ModelError
from branchwise.store.records import Node, VerifiedBy
from branchwise.store.tree import Tree


def short_of(refusal: BudgetSpent) -> dict[str, Any]:
    """The limit that is reached, its value, what the smallest call needs of it and what is left."""
    return {"what": refusal.what, "limit": refusal.limit, "need": refusal.need, "left": refusal.left}


async def repeats(error: ModelError, context: SearchContext) -> bool:
    """Whether the calls of a round that nothing was answered in are made again now.

    They are if an earlier claim recorded some of the failures.

    Raises:
        ModelError: They failed in this claim; the next one repeats them.
    """
    await context.journal.unanswered()
    await context.pending.clear()
    if context.forget_failures():
        return True
    raise error


def unanswered(
    drawn: Sequence[Node], errors: Sequence[ModelError | None], before: Tree, round_: int
) -> ModelError | None:
    """The error of a round if the model answered none of its calls, nor of the round before, or of all rounds before.

    A single request that a server refuses for its content is one dead branch. A server that refuses
    everything does not end the run: it is left unfinished and can be resumed once the server works again.
    """
    refused = [error for error in errors if error is not None]
    if not refused or not all(_refused(node) for node in drawn):
        return None
    others = [node for node in before if node.parent is not None]
    last = [node for node in others if node.round == round_ - 1]
    if all(_refused(node) for node in others) or (last and all(_refused(node) for node in last)):
        return ModelError(f"The model answered none of the calls of round {round_}: {refused[0]}")
    return None


def unjudged(outcomes: Collection[VerdictOutcome], before: Tree) -> ModelError | None:
    """The error of a round if no judgement was answered, in it or before."""
    failed = [outcome for outcome in outcomes if isinstance(outcome, ModelError)]
    judged = any(node.verified_by is not VerifiedBy.NONE for node in before)
    if failed and len(failed) == len(outcomes) and not judged:
        return ModelError(f"The verifier answered none of the round's {len(failed)} judgements: {failed[0]}")
    return None


def _refused(node: Node) -> bool:
    return node.failed is not None and node.failed.startswith(REFUSED)
