"""Early pruning: start many solutions, finish the best-scored ones."""

from __future__ import annotations

from math import ceil

from branchwise.graphs.strategies._knobs import Count, Share
from branchwise.graphs.strategies._view import clip, hopeful, offspring, ranked
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Adaptive Inference-Time Compute, arXiv 2410.02725, early pruning",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"n": n},
)


def early_pruning(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    n: Count = 16,
    keep: Share = 0.25,
    after: Count = 1,
    steps: Count = 40,
) -> Allocation:
    """Start `n` solutions, keep the best share of them after some steps, and finish each of these separately.

    A beginning without a score is pruned first. A solution that is complete before the pruning is kept in
    addition.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions started.
        keep: Share of them that is finished (the paper keeps 25 to 50 %).
        after: Steps before the pruning.
        steps: Most steps of a solution.
    """
    begun = offspring(tree, tree.root.id, "early_pruning")
    if not begun:
        return clip([(tree.root.id, n)], budget)
    layer = _alive(begun)
    for depth in range(1, steps):
        if depth == after:
            layer = ranked(layer)[: ceil(keep * len(layer))]
        below = [child for node in layer for child in offspring(tree, node.id, "early_pruning")]
        if not below:
            return clip([(node.id, 1) for node in layer], budget)
        layer = _alive(below)
    return {}


def _alive(nodes: list[Node]) -> list[Node]:
    return [node for node in hopeful(nodes) if not node.complete]
