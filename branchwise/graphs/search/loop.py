"""The search loop of every strategy, as nodes of a graph: propose -> verify -> propose."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal, TypeAlias

from langgraph.runtime import Runtime
from langgraph.types import Command

from branchwise.graphs import strategies
from branchwise.graphs.search import contracts
from branchwise.graphs.search.calls import Call, affordable_samples, calls, info, sampled
from branchwise.graphs.search.decisions import JUDGED
from branchwise.graphs.search.equal_answers import share_answers
from branchwise.graphs.search.refusals import repeats, short_of, unanswered, unjudged
from branchwise.graphs.search.refuted import refuted
from branchwise.graphs.search.sizing import tightest
from branchwise.graphs.search.state import SearchContext, SearchState
from branchwise.graphs.search.verdicts import DuplicateIndex
from branchwise.graphs.search.verification import VerdictOutcome, call_off, ended
from branchwise.graphs.search.voting import is_decided, stopping, until_decided
from branchwise.graphs.search.waves import in_waves, tight, was_tight
from branchwise.graphs.strategies._workflow import WORKFLOW
from branchwise.graphs.strategies.protocol import ALLOCATION, NO_LIMIT
from branchwise.store.errors import BudgetSpent, CutShort, ModelError
from branchwise.store.records import Node, NodeId, Verdict

Cases: TypeAlias = dict[NodeId, asyncio.Task[VerdictOutcome]]
"""Judgements by the node that they are about."""
_MOST_ROUNDS = 1000
"""Most rounds of one strategy; one that still allocates after them is taken to loop."""


async def propose(state: SearchState, runtime: Runtime[SearchContext]) -> Command[Literal["verify", "judge"]]:
    """Get the strategy's allocation and draw its samples; an empty allocation ends the trial.

    A branch whose call fails becomes a failed node; its siblings continue. Verification of a candidate starts
    as soon as its own call is answered.
    """
    update = await _allocated(state, runtime.context)
    if not update["allocation"]:
        return Command(update=update, goto="judge")
    drawn = await grow({**state, **update}, runtime.context)
    return Command(update={**update, **drawn}, goto="verify")


async def verify(state: SearchState, runtime: Runtime[SearchContext]) -> SearchState:
    """Collect the round's verdicts; a duplicate of an earlier node gets that node's verdict."""
    return await judge_round(state, runtime.context)


async def _allocated(state: SearchState, context: SearchContext) -> SearchState:
    round_ = state["round"] + 1
    tree = context.journal.tree_before(round_, since=state["since"])
    won = not context.options.exhaustive and any(node.accepted and node.complete for node in tree)
    if state["stop"] or won or round_ > _MOST_ROUNDS:
        return {"allocation": {}}
    strategy = strategies.load(state["strategy"], **stopping(state, context))

    async def allocate() -> dict[NodeId, int]:
        limits = (state["samples"], affordable_samples(state, context), _worth_drawing(state, context))
        least = tightest(*limits)
        most = NO_LIMIT if least is None else least
        known = refuted(context, state["constraints"], round_)
        if known is not None and known.everything:
            return {}
        seen = tree if known is None else known.pruned(tree)
        asked = (
            contracts.called(
                f"The strategy `{state['strategy']}`", lambda: strategy(seen, most, seed=context.seed)
            )
            if most > 0
            else {}
        )
        lawful = contracts.allocation(asked, tree, most, state["strategy"])
        return dict(until_decided(lawful, tree, state, context))

    allocation = await context.journal.decide_as(f"r{round_}/allocate", "allocate", ALLOCATION, allocate)
    spent = sum(allocation.values())
    if not allocation and is_decided(tree, state, context):
        return {"allocation": {}, "round": round_, "stop": "decided"}
    if not allocation and context.options.strategy != "auto" and contracts.too_deep(tree):
        return {"allocation": {}, "round": round_, "stop": "too deep"}
    left = None if state["samples"] is None else state["samples"] - spent
    return {"allocation": allocation, "round": round_, "samples": left}


def _worth_drawing(state: SearchState, context: SearchContext) -> int | None:
    """Number of samples after which, by the verifier's audit, more solutions do more harm than good."""
    if state["most"] is None:
        return None
    left = max(0, state["most"] - len(context.journal.tree_before(state["round"] + 1).complete))
    return left if not left or info(state["strategy"]).grain == "solution" else state["most"]


async def grow(state: SearchState, context: SearchContext) -> SearchState:
    """Turn an allocation into new nodes; their verification has started, unless the budget may not cover all of it.

    Raises:
        ModelError: The model answered no call, in this round or before.
    """
    journal, round_ = context.journal, state["round"]
    if journal.decision(_race(round_)) is not None:
        return {}
    planned = calls(state, context)
    branches = [_Branch(call, state, context) for call in planned]
    won = False
    cases: Cases = {}
    # A workflow makes calls of its own: it has a part of the budget, and no size that a wave could change.
    if not state["strategy"].startswith(WORKFLOW) and await tight(state, planned, context):
        refused = await in_waves(f"r{round_}/budget", [branch.part for branch in branches], context)
    else:
        refused, won, cases = await _at_once(branches, state, context)
    # In the allocation's order, not in that of arrival: "oldest first" must mean the same in every run.
    nodes = [node for branch in branches for node in branch.drawn()]
    error = unanswered(nodes, [branch.error for branch in branches], journal.tree_before(round_), round_)
    if error is not None and await repeats(error, context):
        return await grow(state, context)
    nodes = await share_answers(nodes, journal.tree_before(round_), context.task.same)
    await journal.write(nodes)
    if won:
        await _end_race(cases, round_, context)
    context.tell("sampled", f"{len(nodes)} samples by {state['strategy']}", round_=round_, nodes=nodes)
    return {"stop": "budget", "short": short_of(refused[0])} if refused and not nodes else {}


class _Branch:
    """The children of one call: drawn at once, or in parts where the budget pays for a part."""

    def __init__(self, call: Call, state: SearchState, context: SearchContext) -> None:
        self._call = call
        self._state = state
        self._context = context
        self._left: Call | None = call
        self._nodes: list[Node] = []
        self._cut: dict[NodeId, Node] = {}
        self.error: ModelError | None = None
        self.before = (
            "" if context.journal.tree[call.parent].complete else context.journal.tree.text(call.parent)
        )

    async def part(self) -> BudgetSpent | bool:
        """Draw the remaining children: True if all are drawn, False if only a part is, a refusal for none."""
        if self._left is None:
            return True
        try:
            drawn = await sampled(self._left, self._state, self._context)
        except BudgetSpent as refusal:
            return refusal
        before = self._context.journal.tree_before(self._state["round"])
        self._nodes += await share_answers(drawn.nodes, before, self._context.task.same)
        self._cut |= {node.id: node for node in drawn.cut}
        self.error, self._left = drawn.error, drawn.rest
        return self._left is None

    async def whole(self) -> BudgetSpent | None:
        """Draw until all children are there or a part is refused."""
        while (outcome := await self.part()) is not True:
            if isinstance(outcome, BudgetSpent):
                return outcome
        return None

    def drawn(self) -> list[Node]:
        """The children in their order, including those that were cut off and could not be requested again."""
        have = {**self._cut, **{node.id: node for node in self._nodes}}
        return [have[name] for name in self._call.ids if name in have]


async def _at_once(
    branches: Sequence[_Branch], state: SearchState, context: SearchContext
) -> tuple[list[BudgetSpent], bool, Cases]:
    """Draw all branches concurrently and verify each when it arrives; a race ends with the first accepted solution."""
    duplicates, race = DuplicateIndex.before(state, context), context.options.race
    cases: Cases = {}

    async def branch(one: _Branch) -> BudgetSpent | None:
        refused = await one.whole()
        if context.compares:
            return refused
        nodes = one.drawn()
        opened = duplicates.open(nodes, {node.id: one.before + node.text for node in nodes})
        cases.update(opened)
        if race and opened:
            await asyncio.wait(opened.values())
        return refused

    tasks = [asyncio.create_task(branch(one)) for one in branches]
    won = await ended(tasks, unless=context.pending.accepted if race else None)
    refusals = [task.result() for task in tasks if not task.cancelled()]
    return [refusal for refusal in refusals if refusal is not None], won, cases


async def judge_round(state: SearchState, context: SearchContext) -> SearchState:
    """Judge the nodes of `state["round"]`; a judgement that the budget does not cover leaves its node unjudged.

    Raises:
        ModelError: No judgement was answered, in this round or before.
    """
    journal, round_ = context.journal, state["round"]
    duplicates, tree = DuplicateIndex.before(state, context), journal.tree_before(round_ + 1)
    raced = journal.decision(_race(round_))
    arrived = [
        [tree[name] for name in call.ids if name in tree and (not isinstance(raced, list) or name in raced)]
        for call in calls(state, context)
    ]
    batches = [list(chain.from_iterable(arrived))] if context.compares else arrived
    judgings = [_Judging(batch, tree.texts, duplicates) for batch in batches]
    if was_tight(state, context) and not context.checked:
        await in_waves(f"r{round_}/judging", [judging.part for judging in judgings], context)
    cases: Cases = {}
    for judging in judgings:
        cases |= judging.open()
    await ended(cases.values(), unless=None)
    found = {name: task.result() for name, task in cases.items()}
    new = [node for node in tree if node.round == round_ and node.failed is None]
    error = unjudged(found.values(), journal.tree_before(round_))
    if error is not None and await repeats(error, context):
        return await judge_round(state, context)
    # Nodes of one text share a judgement, which is the oldest one's.
    own = {task: name for name, task in reversed(cases.items())}
    verdicts = {name: found[name] for name in reversed(own.values())}
    said = [(name, verdict) for name, verdict in verdicts.items() if isinstance(verdict, Verdict)]
    await journal.judge(duplicates.judged(new, tree, found), said)
    await context.pending.clear()
    grown = journal.tree_before(round_ + 1)
    context.tell("judged", f"{len(said)} judged", round_=round_, nodes=[grown[node.id] for node in new])
    return {}


class _Judging:
    """The judgements of one batch of candidates; those that the budget refused are retried in the next wave."""

    def __init__(self, batch: list[Node], texts: Mapping[NodeId, str], duplicates: DuplicateIndex) -> None:
        self._batch = batch
        self._texts = texts
        self._duplicates = duplicates
        self._refused: int | None = None
        self._cases: Cases = {}

    def open(self) -> Cases:
        """The judgements in their present state; start those that were not requested yet."""
        self._cases = self._cases or self._duplicates.open(self._batch, self._texts)
        return self._cases

    async def part(self) -> BudgetSpent | bool:
        """Request the missing ones; see `Job`."""
        self._cases = self._duplicates.open(self._batch, self._texts)
        await ended(self._cases.values(), unless=None)
        outcomes = [task.result() for task in dict.fromkeys(self._cases.values())]
        refused = [outcome for outcome in outcomes if isinstance(outcome, BudgetSpent)]
        before, self._refused = self._refused, len(refused)
        if not refused:
            return True
        cut = any(isinstance(refusal, CutShort) for refusal in refused)
        moved = cut or len(refused) < (len(outcomes) if before is None else before)
        return False if moved else refused[0]


async def _end_race(cases: Cases, round_: int, context: SearchContext) -> None:
    """Cancel pending judgements and record the finished ones, so that a resumed run continues from the same state."""
    judged = [name for name, task in cases.items() if task.done() and isinstance(task.result(), Verdict)]
    await call_off(cases.values())
    await context.journal.decide_as(_race(round_), "race", JUDGED, sorted(judged))


def _race(round_: int) -> str:
    return f"r{round_}/race"
