"""A strategy's view of the tree: its own nodes, without dead ends, ranked by score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from branchwise.graphs.strategies.protocol import Allocation
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree


def offspring(tree: Tree, node: NodeId, strategy: str) -> list[Node]:
    """The children that `strategy` requested, oldest first, failed ones too; unlabelled nodes belong to all."""
    mine = ("", strategy)
    return [child for child in tree.children(node) if child.strategy in mine]


def sampled(tree: Tree, strategy: str) -> list[Node]:
    """Samples under the root that count for a strategy of whole solutions.

    Its own samples always count, so that a model that never finishes is not sampled forever; those of other
    strategies and the planner's probes count if they are whole solutions.
    """
    usable = (
        n
        for n in tree.children(tree.root.id)
        if n.strategy in {"", strategy} or (n.complete and n.failed is None)
    )
    return list(usable)


def hopeless(node: Node) -> bool:
    """Whether the branch is a dead end: its call failed, or a check refuted its beginning."""
    return node.failed is not None


def hopeful(nodes: Iterable[Node]) -> list[Node]:
    """The nodes that are not hopeless."""
    return [node for node in nodes if not hopeless(node)]


def merit(node: Node) -> float:
    """The score; -1 for a node without one, so that it ranks below every judged node."""
    return -1.0 if node.score is None else node.score


def ranked(nodes: Iterable[Node]) -> list[Node]:
    """Best first; equal scores keep their order, which is oldest first."""
    return sorted(nodes, key=merit, reverse=True)


def distinct(nodes: Iterable[Node]) -> list[Node]:
    """One node for each text: a duplicate is dropped if its original or another copy is among the nodes."""
    first: dict[NodeId, Node] = {}
    for node in nodes:
        first.setdefault(node.duplicate_of or node.id, node)
    return list(first.values())


def filled(nodes: Sequence[Node]) -> list[float]:
    """The scores; a node without one gets the mean of the others, or 0.5 if none has one."""
    known = [node.score for node in nodes if node.score is not None]
    neutral = fsum(known) / len(known) if known else 0.5
    return [neutral if node.score is None else node.score for node in nodes]


def clip(asks: Iterable[tuple[NodeId, int]], budget: int) -> Allocation:
    """The requests in order, clipped to `budget` samples in total."""
    allocation: dict[NodeId, int] = {}
    for node, count in asks:
        granted = min(count, budget)
        if granted > 0:
            allocation[node] = allocation.get(node, 0) + granted
            budget -= granted
    return allocation
