"""CoAT: tree search in which a thought is given an association before it is expanded."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count, Weight
from branchwise.graphs.strategies._view import clip, hopeless, offspring
from branchwise.graphs.strategies._visits import visits
from branchwise.graphs.strategies.mcts import uct
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Chain of Associated Thoughts (CoAT), arXiv 2502.02390, section 3; weights not recovered, ours",
    grain="step",
    needs=frozenset({"step scores", "hints"}),
)
_DEPTH = 80
_RECALL = (
    "Do not continue the solution yet. In one or two sentences, recall knowledge that helps with its next step "
    "and that is not written above."
)
"""Prompt of an association; the wording is ours."""


def coat(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    branching: Count = 3,
    simulations: Count = 20,
    exploration: Weight = 1.0,
    beta: Weight = 0.5,
) -> Allocation:
    """Select an open thought by UCT, sample an association for it, then give it `branching` thoughts.

    An association is the first child of a thought and part of the text that its later thoughts continue. A
    thought is worth its own score and `beta` times its association's, divided by 1 + beta; a thought without
    a score counts with its parent's, an association without one does not count. A thought whose association
    failed is expanded without it.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        branching: Children of an expanded thought.
        simulations: Thoughts that are expanded in all.
        exploration: Weight of UCT's exploration term.
        beta: Weight of the association's score (below 1 in the paper).
    """

    def worth(thought: Node) -> float | None:
        recalled = _association(tree, thought)
        if thought.score is None or recalled is None or recalled.score is None or hopeless(recalled):
            return thought.score
        return (thought.score + beta * recalled.score) / (1 + beta)

    def thoughts(node: Node) -> list[Node]:
        place, skipped = _place(tree, node)
        return offspring(tree, place.id, "coat")[skipped:]

    seen = visits(tree, "coat", depth=_DEPTH, below=thoughts, worth=worth)
    if len(seen.grown) >= simulations or tree.root.id in seen.closed:
        return {}
    choose, leaf = uct(seen, exploration), tree.root
    while leaf.id in seen.grown:
        leaf = seen.choose(leaf.id, choose)
    if leaf.parent is not None and _association(tree, leaf) is None:
        return clip([(leaf.id, 1)], budget)
    return clip([(_place(tree, leaf)[0].id, branching)], budget)


def hint(tree: Tree, parent: NodeId, ordinal: int) -> Hint:
    """Request an association as a thought's first child, thoughts as the others."""
    recalls = ordinal == 0 and _is_thought(tree, tree[parent])
    return Hint(instruction=_RECALL) if recalls else Hint()


def _association(tree: Tree, thought: Node) -> Node | None:
    return next(iter(offspring(tree, thought.id, "coat")), None)


def _place(tree: Tree, node: Node) -> tuple[Node, int]:
    """The parent of a thought's child thoughts, and how many of its children are not thoughts."""
    recalled = _association(tree, node)
    if node.parent is None or recalled is None:
        return node, 0
    dead = hopeless(recalled) or recalled.complete
    return (node, 1) if dead else (recalled, 0)


def _is_thought(tree: Tree, node: Node) -> bool:
    """Whether the node is a thought: neither the root nor a live association."""
    thought = False
    for step in tree.path(node.id):
        before = tree[step.parent or tree.root.id]
        recalled = thought and _association(tree, before) is step and not hopeless(step)
        thought = not recalled
    return thought
