"""Actions that leave something behind: asked about when nothing else is left to try, done once, never repeated."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import cast

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from branchwise.graphs.web.context import Place
from branchwise.graphs.web.nodes import is_visited, judged, most_wanted
from branchwise.graphs.web.result import Question
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.visit import Arrival
from branchwise.graphs.web.visits import act, judge, record
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import ROOT, Json, Node
from branchwise.store.tree import Tree

_LOST = (
    "the process ended while this was under way, and nobody knows whether it was done: "
    "look at the site before it is done again"
)


async def commit(state: WebState, runtime: Runtime[Place]) -> WebState:
    """Ask about the most wanted action that was held back; on a yes do it, and go on from there.

    The search goes on below the committed action only: what was seen elsewhere on the site may no longer be so.
    """
    place, asked = runtime.context, state.get("asked", 0) + 1

    async def wanted() -> Json:
        node = most_wanted(place.notebook.before(state["round"]))
        return node.id if node else None

    name = str(await place.notebook.once(f"r{state['round']}/ask", "ask", wanted))
    node = place.notebook.tree[name]
    if not await _allowed(place, node):
        await place.notebook.write([replace(node, failed="a person said no")])
        return {"asked": asked, "next": "decide"}
    try:
        page = await _commit(place, node)
        await place.notebook.write([replace(node, failed=None)])
        said = await judge(place, name, twins=False)
    except BudgetSpent:
        return {"stop": "budget", "next": "decide"}
    after = judged(replace(node, failed=None), page, said, deepest=node.depth + place.options.depth)
    await place.notebook.write([*_stale(place.notebook.tree, after), after])
    visited = sum(1 for one in place.notebook.tree if is_visited(one))
    rolls = place.options.rolls and after.failed is None and not after.complete
    return {
        "asked": asked,
        "since": visited,
        "base": node.depth,
        "allocation": {name: 1},
        "next": "roll" if rolls else "decide",
    }


async def _allowed(place: Place, node: Node) -> bool:
    key = f"leave/{node.id}"
    if not place.notebook.decided(key):
        allowed = place.options.allow or bool(interrupt(asdict(question(place, node))))

        async def answer() -> Json:
            by = "--allow" if place.options.allow else "a person"
            return {"yes": allowed, "by": by, "action": node.text.strip()}

        await place.notebook.once(key, "leave", answer)
    return bool(cast("dict[str, Json]", place.notebook.decision(key))["yes"])


def question(place: Place, node: Node) -> Question:
    """What a person is asked."""
    parent = node.parent or ROOT
    return Question(
        node=node.id,
        action=node.text.strip(),
        reason=(node.failed or "").partition(": ")[2],
        url=place.arrived(parent).url,
        path=tuple(place.history(parent)),
        value=place.notebook.tree[parent].score,
    )


async def _commit(place: Place, node: Node) -> Arrival:
    if place.notebook.decided(f"commit/{node.id}"):
        return place.arrived(node.id)
    begun = f"begun/{node.id}"
    if place.notebook.decided(begun):
        await record(place, node.id, Arrival(failed=_LOST), key="commit")
        return place.arrived(node.id)
    back = await place.at(node.parent or ROOT)
    if back.session is None:
        why = "; ".join(back.tried)
        await record(
            place, node.id, Arrival(failed=f"its page could not be reached again: {why}"), key="commit"
        )
        return place.arrived(node.id)

    async def now() -> Json:
        return node.text.strip()

    await place.notebook.once(begun, "begun", now)
    arrival, session = await act(place, node, back.session, allow=True)
    await record(place, node.id, arrival, key="commit")
    # Sessions elsewhere show the site as it was.
    await place.forget()
    if session is not None:
        await place.leave(node.id, session)
    place.watch(
        f"committed {node.text.strip()}: {', '.join(arrival.writes) or arrival.failed or 'nothing sent'}"
    )
    return place.arrived(node.id)


def _stale(tree: Tree, node: Node) -> list[Node]:
    """The nodes beside the path to `node` that were still open, closed."""
    path = {step.id for step in tree.path(node.id)}
    return [
        replace(one, failed=f"stale since node {node.id} was committed")
        for one in tree
        if one.failed is None and one.parent is not None and one.id not in path
    ]
