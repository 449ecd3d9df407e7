"""Children of a page: the most frequent next actions that the model proposes there."""

from __future__ import annotations

from dataclasses import replace

from branchwise.graphs.web.context import WebContext
from branchwise.graphs.web.nodes import proposed
from branchwise.graphs.web.offers import Reach, UnreachableError, asked, candidates
from branchwise.store.errors import ModelError
from branchwise.store.records import Node


async def children(node: Node, count: int, round_: int, context: WebContext, reach: Reach) -> list[Node]:
    """At most `count` proposals for a node's page; the node, failed, if there are none; nothing for the start page.

    Raises:
        BudgetSpent: The budget covers neither the call nor the way to the page.
    """
    ask = asked(context, f"w/{node.id}", node.id)
    try:
        found = await candidates(context, node.id, node.id, {**ask, "n": count}, reach)
    except UnreachableError as error:
        return [replace(node, failed=f"it could not be reached again: {error}")]
    except ModelError as error:
        return [replace(node, failed=f"no action could be proposed: {error}")] if node.parent else []
    if not found:
        return [replace(node, failed="no action was proposed that is possible here")] if node.parent else []
    names = context.journal.next_ids(node.id, len(found), round_)
    blank = Node(id="", parent=None, round=round_, strategy=context.options.strategy)
    return proposed(node, names, found, blank)
