"""Irreversible actions: approved by a person once nothing else is left to try, done at most once."""

from __future__ import annotations

from dataclasses import replace
from typing import NotRequired

from langgraph.runtime import Runtime
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from branchwise.environments.protocol import Session
from branchwise.graphs.web.context import WebContext
from branchwise.graphs.web.nodes import is_visited, judged, most_wanted, released
from branchwise.graphs.web.offers import UnreachableError, reached
from branchwise.graphs.web.result import ApprovalRequest
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.visit import VISIT, Visit
from branchwise.graphs.web.visits import act, judge, record
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import ROOT, Json, Node
from branchwise.store.stored import read_stored
from branchwise.store.tree import Tree

_SAID = "a person said that this was done; its page was not seen"


class _Approval(TypedDict):
    yes: bool
    by: NotRequired[str]
    action: NotRequired[str]


_APPROVAL = TypeAdapter(_Approval)


async def commit(state: WebState, runtime: Runtime[WebContext]) -> WebState:
    """Request approval of the best withheld action; if approved, do it and continue from there.

    The search continues below the committed action only, since pages seen elsewhere on the site may have changed.
    """
    context, asked = runtime.context, state.get("asked", 0) + 1

    async def wanted() -> Json:
        node = most_wanted(context.journal.tree_before(state["round"]))
        return node.id if node else None

    name = str(await context.journal.decide(f"r{state['round']}/ask", "ask", wanted))
    node = context.journal.tree[name]
    if not await _allowed(context, node):
        await context.journal.write([released(node, "a person said no")])
        return {"asked": asked, "next": "decide"}
    try:
        page = await _commit(context, node)
        await context.journal.write([released(node, None)])
        said = await judge(context, name, twins=False)
    except BudgetSpent:
        return {"stop": "budget", "next": "decide"}
    after = judged(released(node, None), page, said, deepest=node.depth + context.options.depth)
    await context.journal.write([*_stale(context.journal.tree, after), after])
    visited = sum(1 for one in context.journal.tree if is_visited(one))
    rolls = context.options.rolls and after.failed is None and not after.complete
    return {
        "asked": asked,
        "since": visited,
        "base": node.depth,
        "start": name if after.failed is None else state.get("start", ROOT),
        "allocation": {name: 1},
        "next": "roll" if rolls else "decide",
    }


async def _allowed(context: WebContext, node: Node) -> bool:
    key = f"leave/{node.id}"
    if not context.journal.decided(key):
        allowed = context.options.auto_approve or await context.ask(question(context, node))

        by = "auto_approve" if context.options.auto_approve else "a person"
        said: _Approval = {"yes": allowed, "by": by, "action": node.text.strip()}
        await context.journal.decide_as(key, "leave", _APPROVAL, said)
    return read_stored(_APPROVAL, context.journal.decision(key), "approval")["yes"]


def question(context: WebContext, node: Node) -> ApprovalRequest:
    """The question to the approver."""
    parent = node.parent or ROOT
    return ApprovalRequest(
        node=node.id,
        action=node.text.strip(),
        reason=(node.failed or "").partition(": ")[2],
        url=context.arrived(parent).url,
        path=tuple(context.history(parent)),
        value=context.journal.tree[parent].score,
    )


async def _commit(context: WebContext, node: Node) -> Visit:
    key = f"w/{node.id}/commit"
    if context.journal.decided(f"commit/{node.id}"):
        context.passed(key)
        return context.arrived(node.id)
    # With its path: in a fork the same node may be the same action on another page.
    asked: dict[str, Json] = {"action": node.text.strip(), "path": list(context.history(node.parent or ROOT))}
    if context.known_done(key, asked):
        await record(context, node.id, Visit(failed=_SAID), key="commit")
        return context.arrived(node.id)
    standing: Session | None = None
    session: Session | None = None
    if not context.is_recorded(key, asked):
        try:
            standing = await reached(context, node.parent or ROOT)
        except UnreachableError as error:
            failed = Visit(failed=f"its page could not be reached again: {error}")
            await record(context, node.id, failed, key="commit")
            return context.arrived(node.id)

    async def done() -> Json:
        nonlocal session
        assert standing is not None  # it is not on record
        visit, session = await act(context, node, standing, allow=True)
        written: Json = VISIT.dump_python(visit, mode="json")
        return written

    arrival = VISIT.validate_python(await context.effect(key, asked, done))
    await record(context, node.id, arrival, key="commit")
    # Other sessions show the site before the write.
    await context.forget()
    if session is not None:
        await context.leave(node.id, session)
    context.watch(
        f"committed {node.text.strip()}: {', '.join(arrival.writes) or arrival.failed or 'nothing sent'}"
    )
    return context.arrived(node.id)


def _stale(tree: Tree, node: Node) -> list[Node]:
    """Close the open nodes that are not on the path to `node`."""
    path = {step.id for step in tree.path(node.id)}
    return [
        replace(one, failed=f"stale since node {node.id} was committed")
        for one in tree
        if one.failed is None and one.parent is not None and one.id not in path
    ]
