"""Nodes of a web search: an action proposed, a page judged, and which of them count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log

from branchwise.agents.actor import Candidate
from branchwise.environments.protocol import Effect
from branchwise.graphs.web.visit import Arrival, Judgement
from branchwise.graphs.web.visits import HELD
from branchwise.store.records import ROOT, Node, NodeId, Vouch
from branchwise.store.tree import Tree

_AT_ROOT = 0.5
"""What actions on the start page are worth before they are tried (section 3.3 of the paper's code)."""


def proposed(parent: Node, names: Iterable[NodeId], found: Iterable[Candidate], blank: Node) -> list[Node]:
    """Children of `parent`, worth what it is worth until they are visited; `blank` carries round and arm."""
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
    )


def judged(node: Node, page: Arrival, said: Judgement, *, deepest: int) -> Node:
    """The node after its visit; `deepest` is the depth where searching ends."""
    reached = said.value is not None and said.value >= 1.0
    failed = page.failed or (f"the same page as node {said.twin}" if said.twin is not None else None)
    ended = page.ended or reached or node.depth >= deepest
    sound = page.reached or page.reward is not None
    return replace(
        node,
        score=said.value,
        vouch=Vouch.SOUND if sound else Vouch.MODEL if said.votes else Vouch.NOTHING,
        accepted=reached and failed is None,
        complete=ended and failed is None,
        answer=page.answer,
        feedback=_feedback(page, said),
        failed=failed,
        duplicate_of=said.twin,
    )


def passed(node: Node, page: Arrival) -> Node:
    """The node after a trajectory went through it; only where it ends is judged."""
    return replace(node, score=None, feedback=_feedback(page, Judgement()), failed=page.failed)


def _feedback(page: Arrival, said: Judgement) -> str:
    votes = f", votes {', '.join(f'{vote:g}' for vote in said.votes)}" if said.votes else ""
    return f"visited: {page.url}{votes}" if page.fingerprint else "tried in vain"


def is_visited(node: Node) -> bool:
    """Whether the node's action was tried."""
    return node.feedback.startswith(("visited", "tried"))


def is_held(node: Node) -> bool:
    """Whether the node's action waits for a person's yes."""
    return node.failed is not None and node.failed.startswith(HELD)


def best_visited(tree: Tree) -> Node | None:
    """The page to answer with: accepted first, then value, then fewer actions, then age."""
    pages = [n for n in tree if n.score is not None and n.failed is None and is_visited(n)]
    return min(pages, key=lambda n: (not n.accepted, -(n.score or 0.0), n.depth), default=None)


def most_wanted(tree: Tree) -> Node | None:
    """The held-back action to ask about first: on the best page, proposed most often, after the fewest actions."""

    def rank(node: Node) -> tuple[float, float, int]:
        page = tree[node.parent or ROOT]
        worth = _AT_ROOT if page.id == ROOT else page.score or 0.0
        return -worth, -(node.logprob or 0.0), node.depth

    alive = [
        n for n in tree if is_held(n) and all(step.failed is None for step in tree.path(n.parent or ROOT))
    ]
    return min(alive, key=rank, default=None)
