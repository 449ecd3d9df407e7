"""How a run ends: the answer is chosen, judged if nobody has, and given unless it is too uncertain."""

from __future__ import annotations

from branchwise.graphs.search.answering import Answer, answer, confidence
from branchwise.graphs.search.calls import about
from branchwise.graphs.search.state import Desk, RunState
from branchwise.graphs.search.verdicts import with_outcome
from branchwise.store.as_fields import flat
from branchwise.store.records import Json, Node, Verdict, Vouch


async def conclude(state: RunState, desk: Desk) -> RunState:
    """End the run for the reason `state["stop"]`, which an acceptance or an abstention may change."""
    auto = desk.options.strategy == "auto"
    tree = desk.notebook.before(state["round"] + 1)
    given = answer(
        tree, "best_of_n" if auto or not state["strategy"] else about(state["strategy"]).aggregation
    )
    if given is None:
        return {"stop": state["stop"]}
    given = Answer(node=await _judged(given.node, tree.text(given.node.id), state, desk), share=given.share)
    sure = confidence(given, desk.policy.audit)
    stop = "accepted" if given.node.accepted else state["stop"]
    if sure.calibrated and sure.value is not None and sure.value < desk.options.abstain_below:
        stop = "abstained"

    async def noted() -> Json:
        return {"node": given.node.id, "stop": stop, "share": given.share, **flat(sure)}

    await desk.notebook.once("answer", "answer", noted)
    return {"stop": stop, "answer": given.node.id, "confidence": sure.value, "calibrated": sure.calibrated}


async def _judged(node: Node, text: str, state: RunState, desk: Desk) -> Node:
    """The answer with a verdict, where the strategy needed none to choose it."""
    if node.vouch is not Vouch.NOTHING or node.feedback:
        return node
    outcome = await desk.docket.open(
        {
            "problem": state["problem"],
            "path": f"t{state['trial']}/answer",
            "constraints": state["constraints"],
            "plan": text,
            "complete": True,
        }
    )
    judged = with_outcome(node, outcome)
    await desk.notebook.judge([judged], [(node.id, outcome)] if isinstance(outcome, Verdict) else [])
    await desk.docket.clear()
    return judged
