"""Rewind search (RAIN): evaluate continuations, commit to the best one, continue from there."""

from __future__ import annotations

from math import sqrt
from statistics import pvariance

from branchwise.graphs.strategies._knobs import Count, Unit, Weight
from branchwise.graphs.strategies._view import clip, offspring
from branchwise.graphs.strategies._visits import Visits, priors, visits
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="RAIN, arXiv 2309.07124, section 3",
    grain="step",
    needs=frozenset({"step scores", "hints"}),
)
_LENGTHS = (1, 2, 4, 10)
_VISITED = 6
"""Visits that a good child must exceed."""
_WIDEST = 20
"""Most children of a poor set that is widened."""
_ALIKE = 0.01
"""Variance of mean values below which children are alike; ours."""
_DEPTH = 400


def rewind(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    branching: Count = 4,
    exploration: Weight = 2.0,
    threshold: Unit = 0.9,
    iterations: Count = 50,
) -> Allocation:
    """Search below the committed prefix by PUCT; commit to its most visited child when good or overdue.

    Values are scaled to 0..1 among siblings. A node without a score counts with its parent's. Where all
    children of a node are poor (below 1/2, the paper's 0) and alike, it gets `branching` more, up to 20,
    before the walk descends below them. Missing here: a strategy cannot let the model finish a reply for its
    evaluation (the verifier judges the prefix), nor spread values to siblings that mean the same, which needs
    embeddings.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        branching: Children of an expanded node.
        exploration: Weight of the exploration term (c = 2 in the paper).
        threshold: Mean unit reward at which a child is committed to (0.8 on the paper's scale of -1 to 1).
        iterations: Evaluations below a prefix after which its most visited child is committed to anyway.
    """
    seen = visits(tree, "rewind", depth=_DEPTH)
    at = tree.root
    while (child := _committed(seen, at, threshold, iterations)) is not None:
        at = child
    if at.id in seen.closed:
        return {}
    while at.id in seen.grown:
        if _poor(seen, at) and (room := _WIDEST - len(offspring(tree, at.id, "rewind"))) > 0:
            return clip([(at.id, min(branching, room))], budget)
        at = _select(seen, at, exploration)
    return clip([(at.id, branching)], budget)


def hint(tree: Tree, parent: NodeId, ordinal: int) -> Hint:
    """Keep token sets short at first: 1, 2, 4, then 10 tokens a step."""
    return Hint(max_tokens=_LENGTHS[min(tree[parent].depth, len(_LENGTHS) - 1)])


def _committed(seen: Visits, at: Node, threshold: float, iterations: int) -> Node | None:
    best = max(seen.below.get(at.id, ()), key=lambda n: (seen.count[n.id], seen.mean(n.id)), default=None)
    if best is None:
        return None
    good = seen.count[best.id] > _VISITED and seen.mean(best.id) > threshold
    over = seen.count[at.id] > iterations or at.id in seen.closed
    return best if good or over else None


def _poor(seen: Visits, at: Node) -> bool:
    means = [seen.mean(node.id) for node in seen.below[at.id]]
    return len(means) > 1 and max(means) < 0.5 and pvariance(means) < _ALIKE


def _select(seen: Visits, at: Node, exploration: float) -> Node:
    siblings = seen.below[at.id]
    means = [seen.mean(n.id) for n in siblings]
    low, spread = min(means), max(means) - min(means)
    likely = priors(siblings)

    def value(node: Node, parent: NodeId) -> float:
        scaled = (seen.mean(node.id) - low) / spread if spread > 0 else 0.5
        # The floor keeps unlikely siblings in play (the paper mixes it in at the root only).
        prior = 0.75 * likely[node.id] + 0.25 / len(siblings)
        return scaled + exploration * prior * sqrt(seen.count[parent]) / (1 + seen.count[node.id])

    return seen.choose(at.id, value)
