"""Refinement tree (SPaR): search over revisions of an answer that the verifier did not accept."""

from __future__ import annotations

from typing import Literal

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._view import clip, distinct, hopeful, merit, offspring, ranked, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="SPaR, arXiv 2412.11605, section 2.3 (tree-search refinement)",
    grain="solution",
    needs=frozenset({"scores", "revisions"}),
)
_ARM = "refinement_tree"
_DEPTH = 3
"""Most revisions between the first answer and the last."""


def refinement_tree(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    branching: Count = 3,
    select: Count = 2,
    gate: Unit = 0.5,
    order: Literal["breadth", "depth"] = "breadth",
) -> Allocation:
    """Sample one answer; while no solution passes the gate, revise the best-scored ones, up to 3 deep.

    Breadth first, the `select` best of the newest layer are revised; depth first, the best `select` of each
    solution's revisions in turn, the deepest first. A solution without a score passes no gate and is revised
    last. The paper's score is the share of five judge votes that all constraints are met, with the critique
    of a majority vote as feedback: the verifier `pass_share`.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        branching: Revisions of each selected solution.
        select: Solutions of a layer, or of one solution's revisions, that are revised.
        gate: The unit reward above which a solution is good enough.
        order: Breadth first or depth first; the paper uses both.
    """
    first = sampled(tree, _ARM)
    if not first:
        return clip([(tree.root.id, 1)], budget)
    if any(node.complete and merit(node) > gate for node in hopeful(_all(tree, first))):
        return {}
    search = _breadth_first if order == "breadth" else _depth_first
    return clip([(node.id, branching) for node in search(tree, first, select)], budget)


def _all(tree: Tree, first: list[Node]) -> list[Node]:
    nodes = list(first)
    for node in nodes:
        nodes += offspring(tree, node.id, _ARM)
    return nodes


def _breadth_first(tree: Tree, layer: list[Node], select: int) -> list[Node]:
    for _ in range(_DEPTH):
        chosen = _best(layer, select)
        layer = [child for node in chosen for child in offspring(tree, node.id, _ARM)]
        if not layer:
            return chosen
    return []


def _depth_first(tree: Tree, siblings: list[Node], select: int, depth: int = 0) -> list[Node]:
    for node in _best(siblings, select) if depth < _DEPTH else ():
        below = offspring(tree, node.id, _ARM)
        found = _depth_first(tree, below, select, depth + 1) if below else [node]
        if found:
            return found
    return []


def _best(nodes: list[Node], select: int) -> list[Node]:
    return ranked(distinct(node for node in hopeful(nodes) if node.complete))[:select]
