"""Visit counts and values of Monte Carlo tree search, recomputed from the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, isfinite

from branchwise.graphs.strategies._view import hopeful, offspring
from branchwise.store.records import ROOT, Node, NodeId
from branchwise.store.tree import Tree


@dataclass(kw_only=True, slots=True)
class Visits:
    """Visits and mean values of one strategy's nodes.

    Each node was evaluated once, when it was made; its score counts as one visit of itself and of every
    ancestor. A node without a score gets its parent's, and 0.5 below the root. Whole solutions, dead ends and
    nodes all of whose children are closed are closed: selecting them would yield no sample.
    """

    count: dict[NodeId, int] = field(default_factory=dict)
    total: dict[NodeId, float] = field(default_factory=dict)
    closed: set[NodeId] = field(default_factory=set)
    below: dict[NodeId, list[Node]] = field(default_factory=dict)
    """Hopeful children by parent."""
    grown: set[NodeId] = field(default_factory=set)
    """Nodes that have been expanded."""

    def mean(self, node: NodeId) -> float:
        """The mean value of the evaluations at and below `node`."""
        return self.total[node] / self.count[node]

    def choose(self, parent: NodeId, rule: Callable[[Node, NodeId], float]) -> Node:
        """The open child with the largest `rule(child, parent)`; ties go to the oldest."""
        return max((n for n in self.below[parent] if n.id not in self.closed), key=lambda n: rule(n, parent))


def visits(
    tree: Tree,
    strategy: str,
    *,
    depth: int,
    below: Callable[[Node], list[Node]] | None = None,
    worth: Callable[[Node], float | None] = lambda node: node.score,
) -> Visits:
    """Count visits and values, in one pass down and one back up.

    Args:
        tree: The run's tree.
        strategy: The strategy whose nodes count.
        depth: Nodes this many layers below the root are closed.
        below: A node's children; by default those that `strategy` requested.
        worth: A node's own value in [0, 1].
    """
    seen = Visits()
    order = [tree.root]
    value = {ROOT: 0.5}
    for node in order:
        children = offspring(tree, node.id, strategy) if below is None else below(node)
        if children:
            seen.grown.add(node.id)
        seen.below[node.id] = hopeful(children)
        for child in seen.below[node.id]:
            own = worth(child)
            value[child.id] = value[node.id] if own is None else own
        order += seen.below[node.id]
    for node in reversed(order):
        grown = seen.below[node.id]
        seen.count[node.id] = 1 + sum(seen.count[child.id] for child in grown)
        seen.total[node.id] = value[node.id] + sum(seen.total[child.id] for child in grown)
        spent = node.id in seen.grown and all(child.id in seen.closed for child in grown)
        if node.complete or node.depth >= depth or spent:
            seen.closed.add(node.id)
    return seen


def priors(siblings: list[Node]) -> dict[NodeId, float]:
    """Prior of each sibling: exp(mean token log-probability), scaled to sum to 1.

    Uniform if any sibling lacks a finite log-probability, since likelihoods and defaults are not comparable.
    """
    known = [n.logprob for n in siblings if n.logprob is not None and isfinite(n.logprob) and n.tokens > 0]
    if len(known) < len(siblings):
        return {node.id: 1 / len(siblings) for node in siblings}
    raw = [exp(min(0.0, logprob / node.tokens)) for node, logprob in zip(siblings, known, strict=True)]
    total = sum(raw)
    if total <= 0:
        return {node.id: 1 / len(siblings) for node in siblings}
    return {node.id: value / total for node, value in zip(siblings, raw, strict=True)}
