"""Iterative deepening sampling: a solution grows in segments of increasing length, each opened by a reflection."""

from __future__ import annotations

from typing import Annotated

from branchwise.graphs.strategies._knobs import Between, Count
from branchwise.graphs.strategies._view import clip, hopeful, offspring
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Iterative Deepening Sampling, arXiv 2502.05449",
    grain="step",
    needs=frozenset({"hints", "prefix"}),
    aggregation="majority",
)
_TRIGGER = "\nWait! Maybe I made a mistake. Let me check this from the start.\n"
"""Trigger text that opens the next segment; the wording is ours."""


def iterative_deepening(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    n: Count = 4,
    first: Count = 256,
    growth: Annotated[float, Between(1, open_low=True)] = 2.0,
    segments: Count = 5,
) -> Allocation:
    """Begin `n` solutions and continue each that is not whole, up to `segments` times. Scores are not read.

    The method is in the hints: segment i may have `first * growth ** i` tokens, and each but the first begins
    with the trigger. A segment also ends where the task ends a step. A loop that ignores hints only continues
    the solutions.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions.
        first: Tokens of the first segment (ours; the paper's is not stated here).
        growth: Factor by which segments grow (gamma).
        segments: Most segments of a solution.
    """
    begun = offspring(tree, tree.root.id, "iterative_deepening")
    if not begun:
        return clip([(tree.root.id, n)], budget)
    ends = begun
    for _ in range(segments - 1):
        growing = [node for node in hopeful(ends) if not node.complete]
        ends = [child for node in growing for child in offspring(tree, node.id, "iterative_deepening")]
        if not ends:
            return clip([(node.id, 1) for node in growing], budget)
    return {}


def hint(tree: Tree, parent: NodeId, ordinal: int, *, first: int, growth: float) -> Hint:
    """Set the next segment's token limit and its trigger."""
    depth = tree[parent].depth
    return Hint(prefix=_TRIGGER if depth else "", max_tokens=round(first * growth**depth))
