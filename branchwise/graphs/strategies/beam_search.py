"""Beam search: keep the best prefixes of each layer and expand them alike."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._layers import beams
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Snell et al., arXiv 2408.03314, section 5.1 (beam search)",
    grain="step",
    needs=frozenset({"step scores"}),
    aggregation="weighted_majority",
    sized=lambda n: {"n": n, "expand": branching(n)},
)


def beam_search(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 16, expand: Count = 4, steps: Count = 40
) -> Allocation:
    """Sample `n` first steps, keep the best `n / expand` of each layer, and give each `expand` children.

    A kept prefix that is a whole solution closes its beam. Of duplicates in a layer only the first
    competes; a prefix without a score ranks last.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Samples of a layer (N).
        expand: Children of each kept prefix (M); at most `n` are used.
        steps: The deepest layer (40 in the paper).
    """
    expand = min(expand, n)
    kept = beams(tree, "beam_search", n // expand, steps=steps)
    return clip([(node.id, n if node.parent is None else expand) for node in kept], budget)
