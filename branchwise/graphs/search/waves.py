"""Rounds that may exceed the budget: calls are admitted in waves, in the order of the allocation.

All open calls start together and reserve, in their order, from the budget left at the start of the wave; what
a call releases of its reservation counts for the next wave. So equal replies give equal trees whatever the
timing. The budget left is recorded as a decision, so that a run killed within a wave resumes with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from branchwise.agents.verifiers.pass_share import POLLS
from branchwise.graphs.search.calls import Call, info, need
from branchwise.graphs.search.state import SearchContext, SearchState
from branchwise.graphs.search.verification import ended
from branchwise.models.recorded import longest
from branchwise.models.sizing import Room, Size
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Grain, Json

Job: TypeAlias = Callable[[], Awaitable[BudgetSpent | bool]]
"""Does the rest of one piece of work: True when done, False when some is left, a refusal when none began."""
_AROUND = 300
"""Approximate tokens of the prompt text around a problem."""
_JUDGED = 300
"""Most completion tokens of one model judgement."""


async def tight(state: SearchState, calls: Sequence[Call], context: SearchContext) -> bool:
    """Whether a round may need more than the remaining budget; decided once a round."""
    if not context.tracker.limited:
        return False

    async def decide() -> Json:
        room, most = context.tracker.room(), _most(state, calls, context)
        return {
            "fits": all(cost <= left for cost, left in zip(most, room, strict=True)),
            "most": most._asdict(),
        }

    decided = await context.journal.decide(f"r{state['round']}/budget", "budget", decide)
    return isinstance(decided, dict) and not decided["fits"]


def was_tight(state: SearchState, context: SearchContext) -> bool:
    """The recorded decision of `tight` for the round."""
    decided = context.journal.decision(f"r{state['round']}/budget")
    return isinstance(decided, dict) and not decided["fits"]


async def in_waves(name: str, jobs: Iterable[Job], context: SearchContext) -> list[BudgetSpent]:
    """Do the jobs in waves until all are done or a wave can start none; return the refusals of the rest."""
    left, wave = list(jobs), 0
    while left:
        wave += 1
        base = await context.journal.decide(f"{name}/{wave}", "budget", _now(context))
        with context.tracker.wave(base):
            tasks = [asyncio.ensure_future(job()) for job in left]
            await ended(tasks, unless=None)
        outcomes = [task.result() for task in tasks]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, BudgetSpent)]
        if len(refusals) == len(outcomes):
            return refusals
        left = [job for job, outcome in zip(left, outcomes, strict=True) if outcome is not True]
    return []


def _now(context: SearchContext) -> Callable[[], Awaitable[Json]]:
    async def now() -> Json:
        return context.tracker.state()

    return now


def _most(state: SearchState, calls: Sequence[Call], context: SearchContext) -> Room:
    """Upper bound on the cost of a round's calls and of the judgements of their samples."""
    total = Room(0, 0, 0, 0)
    tree = context.journal.tree
    for call in calls:
        parent = tree[call.parent]
        grain: Grain = "solution" if parent.complete else call.hint.grain or info(state["strategy"]).grain
        text = "" if parent.complete else tree.text(call.parent)
        form = context.task.output_format(state["constraints"], text + call.hint.prefix, grain)
        most = max(longest(form), call.hint.max_tokens or 0)
        words = (
            text
            + call.hint.instruction
            + call.hint.prefix
            + (tree.text(parent.id) if parent.complete else "")
        )
        one = need(state, context, n=len(call.ids), longest=most, text=words)
        one = context.tracker.lengths.corrected(one)
        total = total.plus(one.costs(Size(one.n, one.longest))).plus(Room(_AROUND, 0, 0, 0))
        if not context.checked:
            total = total.plus(_judging(len(call.ids), one.prompt + most, context))
    return total


def _judging(nodes: int, read: int, context: SearchContext) -> Room:
    verifier = context.options.verifier
    opinions = context.options.judgements * (5 if verifier in {"vote", "pass_share"} else 1)
    polls = nodes * (POLLS if verifier == "pass_share" else 1)
    written = polls * opinions * _JUDGED
    apart = context.tracker.lengths.apart or not context.sample.capabilities.many
    calls = polls * (opinions if apart else 1)
    read = calls * (read + _AROUND)
    price = context.tracker.price
    return Room(read + written, written, calls, price.cost(read, written) if price is not None else 0)
