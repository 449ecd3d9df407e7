"""Layered growth shared by all beam strategies: expand a layer and keep its best nodes."""

from __future__ import annotations

from collections.abc import Callable

from branchwise.graphs.strategies._view import distinct, hopeful, offspring, ranked
from branchwise.store.records import Node
from branchwise.store.tree import Tree


def best(candidates: list[Node], slots: int, depth: int) -> list[Node]:
    """Keep the `slots` best nodes of a layer."""
    return ranked(candidates)[:slots]


def beams(
    tree: Tree,
    strategy: str,
    slots: int,
    *,
    steps: int,
    pick: Callable[[list[Node], int, int], list[Node]] = best,
) -> list[Node]:
    """The open nodes that a beam of `slots` expands next; none when it has ended.

    The choice of every layer is recomputed from the tree, so there is no state. A whole solution that is kept
    closes its slot permanently; one that is not kept stays on the tree for the final choice.

    Args:
        tree: The run's tree.
        strategy: The strategy whose nodes count.
        slots: How many nodes of a layer are kept, at least 1.
        steps: The deepest layer.
        pick: `pick(candidates, slots, depth)` chooses among distinct hopeful nodes, best first.
    """
    kept = [tree.root]
    for depth in range(1, steps + 1):
        layer = [child for node in kept for child in offspring(tree, node.id, strategy)]
        if not layer:
            return kept
        chosen = pick(distinct(hopeful(layer)), slots, depth)
        kept = [node for node in chosen if not node.complete]
        slots -= len(chosen) - len(kept)
    return []
