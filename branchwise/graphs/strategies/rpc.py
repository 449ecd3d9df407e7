"""RPC: sample whole solutions; the likely ones vote with their probability."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._view import clip, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Bridging Internal Probability and Self-Consistency (RPC), arXiv 2502.00511",
    grain="solution",
    needs=frozenset({"log-probabilities"}),
    aggregation="perplexity_consistency",
)


def rpc(tree: Tree, budget: int, *, seed: int = 0, n: Count = 64) -> Allocation:
    """Ask for `n` whole solutions at once; whole solutions already under the root count. Scores are not read.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions that vote (the paper uses 64 to 128).
    """
    return clip([(tree.root.id, n - len(sampled(tree, "rpc")))], budget)
