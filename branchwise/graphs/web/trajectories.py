"""Trajectories: one action after the other to the end, then judged as a whole; no going back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace

from langgraph.runtime import Runtime

from branchwise.agents.actor import ActorState
from branchwise.environments.protocol import Session
from branchwise.graphs.web.context import Place
from branchwise.graphs.web.nodes import judged, passed, proposed
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.visits import act, judge, open_start, record
from branchwise.store.errors import BudgetSpent, ModelError
from branchwise.store.records import Node, NodeId, child_id


async def roll(state: WebState, runtime: Runtime[Place]) -> WebState:
    """Roll the trajectories that were asked for, `at_once` of them at a time, until one is accepted.

    The baseline of arXiv 2407.01476, table 4: whole trajectories compared by the value of where they end.
    """
    place = runtime.context
    starts = [
        (name, child)
        for name, count in state["allocation"].items()
        for child in place.notebook.next_ids(name, count, state["round"])
    ]
    try:
        await open_start(place)
        for at in range(0, len(starts), place.options.at_once):
            batch = starts[at : at + place.options.at_once]
            await _together(_trajectory(place, name, child, state) for name, child in batch)
            if any(node.accepted for node in place.notebook.tree):
                break
    except BudgetSpent:
        return {"stop": "budget"}
    return {}


async def _together(trajectories: Iterable[Awaitable[None]]) -> None:
    ended = await asyncio.gather(*trajectories, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one


async def _trajectory(place: Place, parent: NodeId, child: NodeId, state: WebState) -> None:
    deepest, session = state.get("base", 0) + place.options.depth, None
    try:
        while True:
            if not place.has_arrived(child):
                session = session or (await place.at(parent)).session
                session = await _go(place, parent, child, session, state["round"])
            node = place.notebook.tree[child]
            if not place.has_arrived(child):
                await _end(place, parent)
                return
            page = place.arrived(child)
            if page.ended or page.reached or page.failed is not None or node.depth >= deepest:
                await _end(place, child)
                return
            await place.notebook.write([passed(node, page)])
            parent, child = child, child_id(child, 0)
    finally:
        if session is not None:
            await session.aclose()


async def _go(
    place: Place, parent: NodeId, child: NodeId, session: Session | None, round_: int
) -> Session | None:
    """Do the trajectory's next action; without one the child says why."""
    if child not in place.notebook.tree:
        await place.notebook.write([await _next(place, parent, child, session, round_)])
    node = place.notebook.tree[child]
    if session is None or node.failed is not None:
        return session
    arrival, after = await act(place, node, session)
    await record(place, child, arrival)
    return after


async def _next(place: Place, parent: NodeId, child: NodeId, session: Session | None, round_: int) -> Node:
    node = place.notebook.tree[parent]
    blank = Node(id=child, parent=parent, depth=node.depth + 1, round=round_, arm=place.options.strategy)
    if session is None:
        return replace(blank, failed="the page before could not be reached again")
    ask: ActorState = {
        "goal": place.goal,
        "path": f"w/{child}",
        "observation": place.seen(parent),
        "history": place.history(parent),
        "picture": place.picture(parent),
        "session": session,
        "n": 1,
        "samples": 1,
    }
    try:
        found = (await place.actor(ask))["candidates"]
    except ModelError as error:
        return replace(blank, failed=f"no action could be proposed: {error}")
    if not found:
        return replace(blank, failed="no action was proposed that is possible here")
    return proposed(node, [child], found, blank)[0]


async def _end(place: Place, name: NodeId) -> None:
    node = place.notebook.tree[name]
    if node.parent is not None and not node.complete:
        said = await judge(place, name, twins=False)
        await place.notebook.write([judged(node, place.arrived(name), said, deepest=node.depth)])
