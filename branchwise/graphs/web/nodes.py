"""Nodes of a web search: proposal, page value, and selection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log

from branchwise.agents.actor import Candidate
from branchwise.environments.protocol import Effect
from branchwise.graphs.web.visit import PageValue, Visit
from branchwise.graphs.web.visits import HELD
from branchwise.store.records import ROOT, Node, NodeId, NodeState, VerifiedBy
from branchwise.store.tree import Tree

_AT_ROOT = 0.5
"""Value of actions on the start page before they are tried (section 3.3 of the paper's code)."""


def proposed(parent: Node, names: Iterable[NodeId], found: Iterable[Candidate], blank: Node) -> list[Node]:
    """Children of `parent`, with its value until they are visited; `blank` has their round and strategy."""
    worth = _AT_ROOT if parent.id == ROOT else parent.score
    return [
        _child(replace(blank, id=name, parent=parent.id, depth=parent.depth + 1, score=worth), one)
        for name, one in zip(names, found, strict=True)
    ]


def _child(blank: Node, one: Candidate) -> Node:
    held = one.action.effect is Effect.IRREVERSIBLE
    return replace(
        blank,
        text=f"{one.action.text}\n",
        # A strategy's prior is the likelihood of a token; here the whole action counts as one.
        logprob=log(one.share),
        tokens=1,
        feedback=f"proposed by {one.share:.0%} of the samples; not visited yet",
        failed=f"{HELD}: {one.action.reason}" if held else None,
        state=NodeState.HELD if held else NodeState.PROPOSED,
    )


def judged(node: Node, page: Visit, said: PageValue, *, deepest: int) -> Node:
    """The node with the outcome of its visit; `deepest` is the maximum depth of the search."""
    reached = said.value is not None and said.value >= 1.0
    failed = page.failed or (f"the same page as node {said.twin}" if said.twin is not None else None)
    ended = page.ended or reached or node.depth >= deepest
    sound = page.reached or page.reward is not None
    by_model = VerifiedBy.MODEL if said.votes else VerifiedBy.NONE
    return replace(
        node,
        score=said.value,
        verified_by=VerifiedBy.PROGRAM if sound else by_model,
        accepted=reached and failed is None,
        complete=ended and failed is None,
        answer=page.answer,
        feedback=_feedback(page, said),
        failed=failed,
        state=_state(page),
        duplicate_of=said.twin,
    )


def passed(node: Node, page: Visit) -> Node:
    """The node after a trajectory passed it; only the trajectory's last page is judged."""
    return replace(
        node, score=None, feedback=_feedback(page, PageValue()), failed=page.failed, state=_state(page)
    )


def _state(page: Visit) -> NodeState:
    if page.held:
        return NodeState.STOPPED
    return NodeState.VISITED if page.fingerprint else NodeState.TRIED


def _feedback(page: Visit, said: PageValue) -> str:
    votes = f", votes {', '.join(f'{vote:g}' for vote in said.votes)}" if said.votes else ""
    return f"visited: {page.url}{votes}" if page.fingerprint else "tried in vain"


def is_visited(node: Node) -> bool:
    """Whether the node's action was tried."""
    return node.state in {NodeState.VISITED, NodeState.TRIED, NodeState.STOPPED}


def is_held(node: Node) -> bool:
    """Whether the node's action awaits approval."""
    return node.state in {NodeState.HELD, NodeState.STOPPED}


def released(node: Node, failed: str | None) -> Node:
    """The node after the approver's decision on its action."""
    state = {NodeState.HELD: NodeState.PROPOSED, NodeState.STOPPED: NodeState.TRIED}.get(
        node.state, node.state
    )
    return replace(node, failed=failed, state=state)


def best_visited(tree: Tree) -> Node | None:
    """The page to answer with, ordered by acceptance, value, fewer actions and age."""
    pages = [n for n in tree if n.score is not None and n.failed is None and is_visited(n)]
    return min(pages, key=lambda n: (not n.accepted, -(n.score or 0.0), n.depth), default=None)


def most_wanted(tree: Tree) -> Node | None:
    """The action to request approval for, ordered by page value, frequency of proposal and fewer actions."""

    def rank(node: Node) -> tuple[float, float, int]:
        page = tree[node.parent or ROOT]
        worth = _AT_ROOT if page.id == ROOT else page.score or 0.0
        return -worth, -(node.logprob or 0.0), node.depth

    alive = [
        n for n in tree if is_held(n) and all(step.failed is None for step in tree.path(n.parent or ROOT))
    ]
    return min(alive, key=rank, default=None)
