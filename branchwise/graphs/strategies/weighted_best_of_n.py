"""Weighted Best-of-N: sample whole solutions; equal answers sum their scores."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._view import clip, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Snell et al., arXiv 2408.03314, section 5; Inference Scaling Laws, arXiv 2408.00724, section 3",
    grain="solution",
    needs=frozenset({"scores"}),
    aggregation="weighted_majority",
)


def weighted_best_of_n(tree: Tree, budget: int, *, seed: int = 0, n: Count = 16) -> Allocation:
    """Ask for `n` whole solutions at once; whole solutions already under the root count.

    The allocation does not read scores; the aggregation defines the vote of one without a score.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions that vote.
    """
    return clip([(tree.root.id, n - len(sampled(tree, "weighted_best_of_n")))], budget)
