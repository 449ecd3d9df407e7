"""What every strategy must keep, as functions that raise AssertionError where one does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import sqrt

from branchwise.graphs.aggregations.best_of_n import best_of_n
from branchwise.graphs.strategies.protocol import Strategy
from branchwise.store.records import ROOT, Node, NodeId
from branchwise.store.tree import Tree
from tests.graphs.strategies.simulate import World, perfect, search, useless

PLENTY = 10**6


def keeps_its_budget(strategy: Strategy, tree: Tree, budget: int, seed: int) -> None:
    """Only living nodes are asked, and as much as is wanted, up to the budget exactly."""
    allocation = strategy(tree, budget, seed=seed)
    for node, count in allocation.items():
        assert node in tree
        assert tree[node].failed is None
        assert count >= 1
    assert sum(allocation.values()) == min(budget, sum(strategy(tree, PLENTY, seed=seed).values()))


def repeats_itself(strategy: Strategy, tree: Tree, budget: int, seed: int) -> None:
    """The same tree, budget and seed give the same allocation, in the same order."""
    asked = list(strategy(tree, budget, seed=seed).items())
    for _ in range(3):
        assert list(strategy(Tree(list(tree)[1:]), budget, seed=seed).items()) == asked


def reads_no_ids(strategy: Strategy, tree: Tree, names: Sequence[NodeId], seed: int = 0) -> None:
    """With the ids of the tree's nodes exchanged for `names`, the same nodes are asked."""
    ids = [node.id for node in tree if node.id != ROOT]
    other = dict(zip(ids, names, strict=True)) | {ROOT: ROOT}
    renamed = Tree(_renamed(node, other) for node in list(tree)[1:])
    expected = {other[node]: count for node, count in strategy(tree, 20, seed=seed).items()}
    assert strategy(renamed, 20, seed=seed) == expected


def swaps_equal_siblings(strategy: Strategy, tree: Tree, seed: int = 0) -> None:
    """Where two sibling leaves differ in nothing but their ids, exchanging their places exchanges their shares."""
    nodes = list(tree)[1:]
    leaves = [n for n in nodes if not tree.children(n.id)]
    for first in leaves:
        for second in leaves:
            if first.id < second.id and replace(first, id=second.id) == second:
                swapped = [second if n is first else first if n is second else n for n in nodes]
                here, there = strategy(tree, 20, seed=seed), strategy(Tree(swapped), 20, seed=seed)
                exchange = {first.id: second.id, second.id: first.id}
                assert there == {exchange.get(node, node): count for node, count in here.items()}


def fills_missing_scores(
    strategy: Strategy, tree: Tree, fill: Callable[[Tree], Mapping[NodeId, float]]
) -> None:
    """A node without a score is treated like one with the score that `fill` says."""
    scores = fill(tree)
    filled = Tree(replace(n, score=scores[n.id]) if n.score is None else n for n in list(tree)[1:])
    assert strategy(tree, 20) == strategy(filled, 20)


def never_loses_by_growing(
    sized: Sequence[tuple[Strategy, int]], world: World, *, problems: int = 60, flips: int = 0
) -> None:
    """With a perfect verifier, more is solved by every larger (strategy, budget); `flips` problems may be lost."""
    solved = []
    for strategy, budget in sized:
        found = [search(strategy, replace(world, problem=i), perfect, budget=budget) for i in range(problems)]
        assert all(len(tree) - 1 <= budget for tree in found)
        solved.append(sum(tree.best is not None and tree.best.answer == "right" for tree in found))
    assert all(more >= less - flips for less, more in pairwise(solved)), solved
    assert solved[-1] > 0


def is_worth_one_sample(strategy: Strategy, world: World) -> None:
    """With a verifier that scores by chance, the accuracy is that of one sample, within four standard errors.

    Args:
        strategy: The strategy.
        world: Solved by one sample with probability 1/2.
    """
    picks = [
        best_of_n(
            search(strategy, replace(world, problem=i, unique=True), useless, budget=40, seed=i).complete
        )
        for i in range(400)
    ]
    reached = [pick.answer == "right" for pick in picks if pick is not None]
    assert len(reached) >= 200
    assert abs(sum(reached) / len(reached) - 0.5) <= 4 * sqrt(0.25 / len(reached))


def _renamed(node: Node, other: Mapping[NodeId, NodeId]) -> Node:
    assert node.parent is not None
    twin = other[node.duplicate_of] if node.duplicate_of else None
    return replace(node, id=other[node.id], parent=other[node.parent], duplicate_of=twin)
