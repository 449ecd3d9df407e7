"""Adaptive Best-of-N: sample until a solution is good enough."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._view import clip, hopeful, merit, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Adaptive Inference-Time Compute, arXiv 2410.02725, adaptive sampling",
    grain="solution",
    needs=frozenset({"scores"}),
    stops_by=("threshold", (0.8, 0.9, 1.0)),
)


def adaptive_best_of_n(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 16, batch: Count = 1, threshold: Unit = 0.95
) -> Allocation:
    """Ask for `batch` whole solutions at a time until one scores `threshold` or `n` are there.

    A solution without a score does not stop the sampling. The paper scores with a fine-tuned head of the
    generator; here the score is the verifier's, so the threshold is as reliable as the verifier.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Most solutions to sample.
        batch: Solutions requested at once.
        threshold: The unit reward that is good enough.
    """
    have = sampled(tree, "adaptive_best_of_n")
    if any(node.complete and merit(node) >= threshold for node in hopeful(have)):
        return {}
    return clip([(tree.root.id, min(batch, n - len(have)))], budget)
