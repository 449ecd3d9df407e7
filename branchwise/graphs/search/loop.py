"""The loop that turns every strategy, as nodes of a graph: propose -> verify -> propose."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal, TypeAlias, cast

from langgraph.runtime import Runtime
from langgraph.types import Command

from branchwise.graphs import strategies
from branchwise.graphs.search.calls import Call, affordable_samples, calls, info, sampled
from branchwise.graphs.search.equal_answers import share_answers
from branchwise.graphs.search.refuted import refuted
from branchwise.graphs.search.state import SearchContext, SearchState
from branchwise.graphs.search.verdicts import DuplicateIndex
from branchwise.graphs.search.verification import Outcome, call_off, ended
from branchwise.store.errors import BadInput, BudgetSpent
from branchwise.store.records import Json, Node, NodeId, Verdict
from branchwise.store.tree import Tree

Cases: TypeAlias = dict[NodeId, asyncio.Task[Outcome]]
"""Judgements by the node that they are about."""
_MOST_ROUNDS = 1000
"""A strategy that still asks after so many rounds is taken to run in circles."""
_LONGEST_ID = 500
"""Below a node whose name is this long no child could be named in the database."""


async def propose(state: SearchState, runtime: Runtime[SearchContext]) -> Command[Literal["verify", "judge"]]:
    """Ask the strategy where the next samples go, and draw them; an empty allocation ends the trial.

    A branch whose call fails becomes a failed node, its siblings go on. A candidate is handed to the verifier when its
    call is answered, not when the round's are.
    """
    update = await _allocated(state, runtime.context)
    if not update["allocation"]:
        return Command(update=update, goto="judge")
    drawn = await grow({**state, **update}, runtime.context)
    return Command(update={**update, **drawn}, goto="verify")


async def verify(state: SearchState, runtime: Runtime[SearchContext]) -> SearchState:
    """Gather the round's verdicts; what says the same as an earlier node gets that node's verdict."""
    return await judge_round(state, runtime.context)


async def _allocated(state: SearchState, context: SearchContext) -> SearchState:
    round_ = state["round"] + 1
    tree = context.journal.before(round_, since=state["since"])
    won = not context.options.exhaustive and any(node.accepted and node.complete for node in tree)
    if state["stop"] or won or round_ > _MOST_ROUNDS:
        return {"allocation": {}}
    strategy = strategies.load(state["strategy"], **state["knobs"])

    async def allocate() -> Json:
        most = min(state["samples"], affordable_samples(state, context), _worth_drawing(state, context))
        known = refuted(context, state["constraints"], round_)
        seen = tree if known is None else known.pruned(tree)
        asked = strategy(seen, most, seed=context.seed) if most > 0 else {}
        return _lawful(asked, tree, most, state["strategy"])

    decided = await context.journal.once(f"r{round_}/allocate", "allocate", allocate)
    allocation = cast("dict[NodeId, int]", decided)
    spent = sum(allocation.values())
    return {"allocation": allocation, "round": round_, "samples": state["samples"] - spent}


def _worth_drawing(state: SearchState, context: SearchContext) -> int:
    """Samples until the verifier's audit says that more solutions do more harm than good."""
    left = max(0, state["most"] - len(context.journal.before(state["round"] + 1).complete))
    return left if not left or info(state["strategy"]).grain == "solution" else state["most"]


def _lawful(asked: Mapping[NodeId, int], tree: Tree, most: int, name: str) -> dict[NodeId, int]:
    """The allocation, if it keeps the contract of `Strategy`: anyone may have written the function."""
    if not all(node in tree and count > 0 for node, count in asked.items()) or sum(asked.values()) > most:
        raise BadInput(
            f"The strategy `{name}` broke its contract: of {most} samples it asked for {dict(asked)}."
        )
    return {node: count for node, count in asked.items() if len(node) <= _LONGEST_ID}


async def grow(state: SearchState, context: SearchContext) -> SearchState:
    """Turn an allocation into new nodes, whose judgements have begun."""
    journal, round_, race = context.journal, state["round"], context.options.race
    if journal.decision(_race(round_)) is not None:
        return {}
    duplicates, tree = DuplicateIndex.before(state, context), journal.tree
    arrived: dict[str, list[Node]] = {}
    cases: Cases = {}

    async def branch(call: Call) -> bool:
        try:
            drawn = await sampled(call, state, context)
            nodes = arrived[call.path] = await share_answers(drawn, journal.before(round_), context.task.same)
        except BudgetSpent:
            return False
        before = "" if tree[call.parent].complete else tree.text(call.parent)
        if context.compares:
            return True
        opened = duplicates.open(nodes, {node.id: before + node.text for node in nodes})
        cases.update(opened)
        if race and opened:
            await asyncio.wait(opened.values())
        return True

    planned = calls(state, context)
    branches = [asyncio.create_task(branch(call)) for call in planned]
    won = await ended(branches, unless=context.pending.accepted if race else None)
    # In the allocation's order, not in that of arrival: "oldest first" must mean the same in every run.
    nodes = [node for call in planned for node in arrived.get(call.path, ())]
    nodes = await share_answers(nodes, journal.before(round_), context.task.same)
    await journal.write(nodes)
    if won:
        await _end_race(cases, round_, context)
    context.tell("sampled", f"{len(nodes)} samples by {state['strategy']}", round_=round_, nodes=len(nodes))
    paid = all(task.cancelled() or task.result() for task in branches)
    return {} if paid else {"stop": "budget"}


async def judge_round(state: SearchState, context: SearchContext) -> SearchState:
    """Judge the nodes of `state["round"]`."""
    journal, round_ = context.journal, state["round"]
    duplicates, tree = DuplicateIndex.before(state, context), journal.before(round_ + 1)
    raced = cast("Sequence[NodeId] | None", journal.decision(_race(round_)))
    cases: Cases = {}
    arrived = [
        [tree[name] for name in call.ids if name in tree and (raced is None or name in raced)]
        for call in calls(state, context)
    ]
    for here in [list(chain.from_iterable(arrived))] if context.compares else arrived:
        cases |= duplicates.open(here, tree.texts)
    await ended(cases.values(), unless=None)
    found = {name: task.result() for name, task in cases.items()}
    new = [node for node in tree if node.round == round_ and node.failed is None]
    # Nodes of one text share a judgement, which is the oldest one's.
    own = {task: name for name, task in reversed(cases.items())}
    verdicts = {name: found[name] for name in reversed(own.values())}
    said = [(name, verdict) for name, verdict in verdicts.items() if isinstance(verdict, Verdict)]
    await journal.judge(duplicates.judged(new, tree, found), said)
    await context.pending.clear()
    context.tell("judged", f"{len(said)} judged", round_=round_, nodes=len(new))
    short = any(isinstance(outcome, BudgetSpent) for outcome in found.values())
    return {"stop": "budget"} if short else {}


async def _end_race(cases: Cases, round_: int, context: SearchContext) -> None:
    """Call off what is still judged, and write down what was: a resumed run must not go on from elsewhere."""
    judged = [name for name, task in cases.items() if task.done() and isinstance(task.result(), Verdict)]
    await call_off(cases.values())

    async def noted() -> Json:
        return cast("Json", sorted(judged))

    await context.journal.once(_race(round_), "race", noted)


def _race(round_: int) -> str:
    return f"r{round_}/race"
