"""Chains of revisions: each whole solution has at most one child, its revision."""

from __future__ import annotations

from branchwise.graphs.strategies._view import clip, hopeful, offspring, ranked, sampled
from branchwise.graphs.strategies.protocol import Allocation
from branchwise.store.tree import Tree


def chains(tree: Tree, budget: int, *, strategy: str, width: int, length: int) -> Allocation:
    """Allocate the missing starts, else the next revision of every chain.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        strategy: The strategy whose revisions count.
        width: Number of chains.
        length: Solutions in a chain. A chain ends early at a revision that failed.
    """
    started = sampled(tree, strategy)
    if len(started) < width:
        return clip([(tree.root.id, width - len(started))], budget)
    ends = [node for node in ranked(hopeful(started)) if node.complete][:width]
    asks = []
    for start in ends:
        end, place = start, 1
        while place < length and (revisions := offspring(tree, end.id, strategy)):
            end, place = revisions[0], place + 1
        if place < length and end.complete and end.failed is None:
            asks.append((end.id, 1))
    return clip(asks, budget)
