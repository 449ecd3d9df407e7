"""Choice of a walk's next action: PUCT among the proposals of the page where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from branchwise.graphs.strategies._visits import priors
from branchwise.graphs.web.nodes import is_visited
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

_UNJUDGED = 0.5


def chosen(tree: Tree, page: NodeId, exploration: float) -> Node | None:
    """The open child of `page` that the rule of AlphaMath (arXiv 2405.03553, section 3.2) selects; None without one.

    Visits are the visited pages at and below a child, its value their mean; a proposal that was not tried has none
    and its parent's value, its prior is its share of the samples. What failed, repeated a known page, ended, or has
    nothing open below is closed. Ties go to the oldest.
    """
    closed = _closed(tree)
    below = [one for one in tree.children(page) if one.failed is None]
    if all(one.id in closed for one in below):
        return None
    count, total = _visits(tree)
    prior, around = priors(below), sqrt(max(1, count[page]))

    def rule(node: Node) -> float:
        seen = count[node.id]
        worth = total[node.id] / seen if seen else _worth(node)
        return worth + exploration * prior[node.id] * around / (1 + seen)

    return max((one for one in below if one.id not in closed), key=rule)


def is_closed(tree: Tree, page: NodeId) -> bool:
    """Whether nothing below a page is left to try."""
    return page in _closed(tree)


def _closed(tree: Tree) -> set[NodeId]:
    closed: set[NodeId] = set()
    for node in reversed(list(tree)):
        below = tree.children(node.id)
        spent = bool(below) and all(child.id in closed for child in below)
        if node.failed is not None or node.complete or spent:
            closed.add(node.id)
    return closed


def _visits(tree: Tree) -> tuple[Mapping[NodeId, int], Mapping[NodeId, float]]:
    """Visited pages at and below each node, and the sum of their values."""
    count: dict[NodeId, int] = {}
    total: dict[NodeId, float] = {}
    for node in reversed(list(tree)):
        below = [child.id for child in tree.children(node.id) if child.failed is None]
        own = is_visited(node)
        count[node.id] = own + sum(count[child] for child in below)
        total[node.id] = own * _worth(node) + sum(total[child] for child in below)
    return count, total


def _worth(node: Node) -> float:
    return _UNJUDGED if node.score is None else node.score
