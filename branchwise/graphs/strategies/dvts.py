"""Diverse verifier tree search: several independent beams of width one."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip, distinct, hopeful, offspring, ranked
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Beeching et al., Scaling test-time compute with open models (DVTS); compared in arXiv 2502.01618",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"n": n, "expand": branching(n)},
)


def dvts(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 16, expand: Count = 4, steps: Count = 40
) -> Allocation:
    """Split the first `n` samples into groups of `expand`; in each, expand the best node of every layer.

    A group ends when its best node is a whole solution or its layer is dead. Of duplicates in a layer only
    the first competes; a node without a score ranks last.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Samples of a layer over all groups (N).
        expand: Children of each group's best node (M); at most `n` are used.
        steps: The deepest layer.
    """
    expand = min(expand, n)
    groups = n // expand
    first = offspring(tree, tree.root.id, "dvts")
    if not first:
        return clip([(tree.root.id, groups * expand)], budget)
    ends = [_end(tree, first[i * expand : (i + 1) * expand], steps) for i in range(groups)]
    return clip([(end.id, expand) for end in ends if end is not None], budget)


def _end(tree: Tree, layer: list[Node], steps: int) -> Node | None:
    """The node that a group expands next; None if it has ended."""
    for _ in range(1, steps):
        best = ranked(distinct(hopeful(layer)))[:1]
        if not best or best[0].complete:
            return None
        layer = offspring(tree, best[0].id, "dvts")
        if not layer:
            return best[0]
    return None
