"""A workflow as a strategy: each of its trials is one run of the workflow, which gives one whole solution."""

from __future__ import annotations

from typing import Final

from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

WORKFLOW: Final = "workflow:"
"""Begins the name of a strategy that is a workflow: `workflow:archon`, `workflow:mine:graph`."""

INFO = StrategyInfo(paper="that of the workflow", grain="solution", needs=frozenset({"scores"}))


def workflow(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    """Ask for one whole solution, once.

    Args:
        tree: The trial's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
    """
    mine = any(node.strategy.startswith(WORKFLOW) for node in tree.children(tree.root.id))
    return {tree.root.id: 1} if budget > 0 and not mine else {}
