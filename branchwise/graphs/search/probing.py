"""The planner's probes: a few whole solutions from which the difficulty of an instance is estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from branchwise.agents.planning.prior import prior
from branchwise.graphs import strategies
from branchwise.graphs.search.calls import PROBE
from branchwise.graphs.search.decisions import PROBES, Probes
from branchwise.graphs.search.loop import grow, judge_round
from branchwise.graphs.search.sizing import probes
from branchwise.graphs.search.state import RunState, SearchContext
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import ROOT, Node


async def probe(state: RunState, context: SearchContext) -> list[Node]:
    """Draw the probes; they stay on the tree and count for strategies and the final choice.

    If the budget pays for fewer or none, the search starts with those drawn.
    """
    count = await _probes(state, context)
    asked: RunState = {**state, "strategy": PROBE, "round": 1, "allocation": {ROOT: count}}
    if not count:
        return []
    await grow(asked, context)
    await judge_round(asked, context)
    return [node for node in context.journal.tree_before(2) if node.strategy == PROBE]


async def _probes(state: RunState, context: SearchContext) -> int:
    """Number of probes; decided once, since the remaining budget differs in a resumed run."""
    if context.journal.decided("plan") and not context.journal.decided("probes"):
        return context.options.probes  # planned by an older version, which always drew them

    async def counted() -> Probes:
        return {"count": probes(state, context)}

    return (await context.journal.decide_as("probes", "probes", PROBES, counted))["count"]


async def opinion(state: RunState, context: SearchContext, arms: Sequence[str]) -> Mapping[str, float]:
    """The model's own rating of the strategies; empty if the budget does not cover the call."""
    about = {name: strategies.info(name).paper for name in arms}
    ask = prior(context.sample, context.task, about, context.prompts)
    try:
        return (await ask({"problem": state["problem"], "path": "t0", "previous": "", "feedback": ""}))[
            "prior"
        ]
    except BudgetSpent:
        return {}
