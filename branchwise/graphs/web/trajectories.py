"""Trajectories: sampled action by action to the end without backtracking, then judged as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace

from langgraph.runtime import Runtime

from branchwise.environments.protocol import Session
from branchwise.graphs.web.context import WebContext
from branchwise.graphs.web.nodes import judged, passed, proposed
from branchwise.graphs.web.offers import Reach, UnreachableError, asked, candidates, reached
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.visit import Visit
from branchwise.graphs.web.visits import act, judge, open_start, record
from branchwise.store.errors import BudgetSpent, ModelError
from branchwise.store.records import Node, NodeId, child_id


async def roll(state: WebState, runtime: Runtime[WebContext]) -> WebState:
    """Roll out the allocated trajectories, `concurrency` at the same time, until one is accepted.

    The baseline of arXiv 2407.01476, table 4: whole trajectories compared by the value of their last page.
    """
    context = runtime.context
    starts = [
        (name, child)
        for name, count in state["allocation"].items()
        for child in context.journal.next_ids(name, count, state["round"])
    ]
    try:
        await open_start(context)
        for at in range(0, len(starts), context.options.concurrency):
            batch = starts[at : at + context.options.concurrency]
            await _together(_trajectory(context, name, child, state) for name, child in batch)
            if any(node.accepted for node in context.journal.tree):
                break
    except BudgetSpent:
        return {"stop": "budget"}
    return {}


async def _together(trajectories: Iterable[Awaitable[None]]) -> None:
    ended = await asyncio.gather(*trajectories, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one


async def _trajectory(context: WebContext, parent: NodeId, child: NodeId, state: WebState) -> None:
    deepest, session = state.get("base", 0) + context.options.depth, None
    page = parent

    async def reach() -> Session:
        nonlocal session
        session = session or await reached(context, page)
        return session

    try:
        while True:
            if child not in context.journal.tree:
                await context.journal.write([await _next(context, page, child, reach, state["round"])])
            node = context.journal.tree[child]
            if node.failed is None and not context.has_arrived(child):
                session = await go(context, node, reach, session)
            if not context.has_arrived(child):
                await _end(context, page)
                return
            arrived = context.arrived(child)
            if arrived.ended or arrived.reached or arrived.failed is not None or node.depth >= deepest:
                await _end(context, child)
                return
            await context.journal.write([passed(node, arrived)])
            page, child = child, child_id(child, 0)
    finally:
        if session is not None:
            await session.aclose()


async def go(context: WebContext, node: Node, reach: Reach, session: Session | None) -> Session | None:
    """Do the trajectory's next action; gives the session after it, if one is open there."""
    if (seen_before := context.inherited_visit(node.id)) is not None:
        await record(context, node.id, seen_before)
        if session is not None:
            await session.aclose()
        return None
    try:
        arrival, after = await act(context, node, await reach())
    except UnreachableError as error:
        arrival, after = Visit(failed=f"its parent could not be reached again: {error}"), None
    await record(context, node.id, arrival)
    return after


async def _next(context: WebContext, page: NodeId, child: NodeId, reach: Reach, round_: int) -> Node:
    node = context.journal.tree[page]
    blank = Node(id=child, parent=page, depth=node.depth + 1, round=round_, strategy=context.options.strategy)
    ask = {**asked(context, f"w/{child}", page), "n": 1, "samples": 1}
    try:
        found = await candidates(context, child, page, ask, reach)
    except UnreachableError as error:
        return replace(blank, failed=f"the page before could not be reached again: {error}")
    except ModelError as error:
        return replace(blank, failed=f"no action could be proposed: {error}")
    if not found:
        return replace(blank, failed="no action was proposed that is possible here")
    return proposed(node, [child], found, blank)[0]


async def _end(context: WebContext, name: NodeId) -> None:
    node = context.journal.tree[name]
    if node.parent is not None and not node.complete:
        said = await judge(context, name, twins=False)
        await context.journal.write([judged(node, context.arrived(name), said, deepest=node.depth)])
