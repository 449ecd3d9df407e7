"""Adaptive consistency: sample until the commonest answer is unlikely to be overtaken."""

from __future__ import annotations

from collections import Counter

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._view import clip, hopeful, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.statistics.top_two import decided
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Adaptive-Consistency, arXiv 2305.11860, section 3 (Beta criterion)",
    grain="solution",
    aggregation="majority",
    stops_by=("certainty", (0.8, 0.9, 0.95, 0.99)),
)


def adaptive_consistency(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 40, batch: Count = 1, certainty: Unit = 0.95
) -> Allocation:
    """Ask for `batch` whole solutions at a time until the leading answer beats the second with `certainty`.

    Scores are not read; solutions without a readable answer do not vote.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Most solutions to sample (the paper uses 40).
        batch: Solutions requested at once.
        certainty: Probability that the leader is ahead of the second, under a uniform prior.
    """
    have = sampled(tree, "adaptive_consistency")
    votes = Counter(node.answer for node in hopeful(have) if node.complete and node.answer is not None)
    if decided(votes, certainty):
        return {}
    return clip([(tree.root.id, min(batch, n - len(have)))], budget)
