"""Best-of-N: sample whole solutions, keep the best."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._view import clip, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="PlanGEN, arXiv 2502.16111, section 2.2; Large Language Monkeys, arXiv 2407.21787",
    grain="solution",
    needs=frozenset({"scores"}),
    suits=(0.8, 0.5, 0.6),
)


def best_of_n(tree: Tree, budget: int, *, seed: int = 0, n: Count = 5) -> Allocation:
    """Ask for `n` whole solutions at once; whole solutions that the tree already holds under its root count.

    A solution without a score ranks last.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions to compare (PlanGEN uses 5 at temperature 0.7).
    """
    return clip([(tree.root.id, n - len(sampled(tree, "best_of_n")))], budget)
