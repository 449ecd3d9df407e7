"""Tree of Thoughts, depth first: follow the best child, backtrack if all are below the threshold."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from branchwise.graphs.strategies._knobs import Between, Count, Unit
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip, distinct, hopeful, merit, offspring, ranked
from branchwise.graphs.strategies.protocol import NO_LIMIT, Allocation, StrategyInfo
from branchwise.store.records import NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Tree of Thoughts, arXiv 2305.10601, algorithm 2",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"branching": branching(n), "threshold": 0.01},
)


def depth_first(  # noqa: PLR0913 - the knobs of the paper, and how many children at once
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    branching: Count = 3,
    threshold: Unit = 0.5,
    solutions: Count = 1,
    steps: Count = 20,
    batch: Annotated[int, Between(0)] = 0,
    below_first: Count = NO_LIMIT,
) -> Allocation:
    """Give the first open node in depth-first order `branching` children, until `solutions` are found.

    Children are visited best first, those at or below the threshold never. A thought without a score is not
    pruned and is visited last. Of duplicates under one parent only the first is visited.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        branching: Children of a node (k; 5 to 8 in the paper's crosswords, of which 3 are tried).
        threshold: A thought must score more than this to be followed (v_th).
        solutions: Whole solutions above the threshold to find.
        steps: The deepest layer (T).
        batch: Children requested at once; 0 requests all of a node. With 1 it is backtracking search: the next
            child is drawn when nothing below the one before is left, so that the run can exclude what was refuted
            there.
        below_first: Whole solutions below one first step before another one is drawn. A first step that is drawn
            again may have as many more.
    """
    left = _left(tree, below_first)
    stack, found = [(tree.root, 0, False)], 0
    while stack:
        node, depth, returned = stack.pop()
        if node.complete:
            found += 1
            if found >= solutions:
                return {}
            continue
        if depth >= steps:
            continue
        below = offspring(tree, node.id, "depth_first")
        if returned or not below:
            if len(below) < branching and (batch or not below):
                return clip([(node.id, min(batch or branching, branching - len(below)))], budget)
            continue
        open_ = [n for n in distinct(hopeful(below)) if n.id not in left]
        good = [n for n in open_ if n.score is None or merit(n) > threshold]
        stack.append((node, depth, True))
        stack += [(child, depth + 1, False) for child in reversed(ranked(good))]
    return {}


def _left(tree: Tree, most: int) -> set[NodeId]:
    """First steps with `most` whole solutions below them, or as many for each time that they were drawn."""
    if most == NO_LIMIT:
        return set()
    drawn = Counter(n.duplicate_of or n.id for n in offspring(tree, tree.root.id, "depth_first"))
    below = Counter(tree.path(node.id)[0].id for node in tree.complete)
    return {first for first, times in drawn.items() if below[first] >= most * times}
