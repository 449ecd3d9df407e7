"""End of a run: choose the answer, verify it if it is unjudged, and abstain if it is too uncertain."""

from __future__ import annotations

from typing import Any

from branchwise.graphs.search.answering import Answer, answer, confidence
from branchwise.graphs.search.calls import shortfall
from branchwise.graphs.search.refusals import short_of
from branchwise.graphs.search.state import RunState, SearchContext
from branchwise.graphs.search.verdicts import with_outcome
from branchwise.graphs.search.voting import aggregation
from branchwise.store.as_fields import as_fields
from branchwise.store.records import Node, Verdict, VerifiedBy


async def conclude(state: RunState, context: SearchContext) -> RunState:
    """End the run for the reason `state["stop"]`, which an acceptance or an abstention may change."""
    tree = context.journal.tree_before(state["round"] + 1)
    chosen_by = aggregation(context.options)
    given = answer(tree, chosen_by)
    short = state["short"] or _short(state, context)
    if given is None:
        return {"stop": state["stop"], "short": short}
    # A solution accepted before ended the search, whatever aggregation would have chosen; one that is judged only now
    # was chosen by the aggregation, accepted or not.
    by = "best_of_n" if given.node.accepted else chosen_by
    given = Answer(
        node=await _judged(given.node, tree.text(given.node.id), state, context), share=given.share
    )
    rivals = sum(one.score is not None and one.failed is None for one in tree.complete)
    sure = confidence(given, context.policy.audit, of=rivals, by=by)
    stop = "accepted" if given.node.accepted else state["stop"]
    if sure.calibrated and sure.value is not None and sure.value < context.options.abstain_below:
        stop = "abstained"
    await context.journal.decide(
        "answer", "answer", {"node": given.node.id, "stop": stop, "share": given.share, **as_fields(sure)}
    )
    return {
        "stop": stop,
        "short": short,
        "answer": given.node.id,
        "share": given.share,
        "confidence": sure.value,
        "calibrated": sure.calibrated,
    }


def _short(state: RunState, context: SearchContext) -> dict[str, Any]:
    refusal = shortfall(state, context) if state["stop"] == "budget" else None
    return {} if refusal is None else short_of(refusal)


async def _judged(node: Node, text: str, state: RunState, context: SearchContext) -> Node:
    """The answer with a verdict, requested now if the strategy chose it without one."""
    if node.verified_by is not VerifiedBy.NONE or node.feedback:
        return node
    outcome = await context.pending.open(
        {
            "problem": state["problem"],
            "path": f"t{state['trial']}/answer",
            "constraints": state["constraints"],
            "plan": text,
            "complete": True,
            "node": node.id,
        }
    )
    judged = with_outcome(node, outcome)
    await context.journal.judge([judged], [(node.id, outcome)] if isinstance(outcome, Verdict) else [])
    await context.pending.clear()
    return judged
