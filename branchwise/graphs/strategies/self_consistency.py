"""Self-consistency: sample whole solutions and take the commonest answer."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._view import clip, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Self-Consistency, arXiv 2203.11171, section 2",
    grain="solution",
    aggregation="majority",
)


def self_consistency(tree: Tree, budget: int, *, seed: int = 0, n: Count = 16) -> Allocation:
    """Ask for `n` whole solutions at once; whole solutions already under the root count. Scores are not read.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions that vote.
    """
    return clip([(tree.root.id, n - len(sampled(tree, "self_consistency")))], budget)
