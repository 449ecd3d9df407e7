"""A strategy of one's own: twice as many solutions each round, until one is accepted or enough are there."""

from __future__ import annotations

from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(paper="an example; no paper", grain="solution", needs=frozenset({"scores"}))


def doubling(tree: Tree, budget: int, *, seed: int = 0, most: int = 32) -> Allocation:
    """Ask for as many solutions as there are already, one at first; a solution without a score stops nothing.

    Args:
        tree: The run's tree.
        budget: How many samples may be asked for.
        seed: Unused; this strategy draws nothing.
        most: Solutions to sample at most.
    """
    have = len(tree.children(tree.root.id))
    ask = min(max(1, have), most - have, budget)
    if any(node.accepted for node in tree.complete) or ask <= 0:
        return {}
    return {tree.root.id: ask}
