"""Best-first search: expand the most promising open node of the whole tree."""

from __future__ import annotations

from collections import deque

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip, distinct, hopeful, merit, offspring
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Tree Search for Language Model Agents, arXiv 2407.01476, section 3",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"branching": branching(n), "expansions": n},
)


def best_first(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    branching: Count = 5,
    depth: Count = 5,
    expansions: Count = 20,
    threshold: Unit = 1.0,
) -> Allocation:
    """Give the open node with the best score `branching` children, until a whole solution is good enough.

    Ties go to the shallower, then to the older node; a node without a score ranks last. In the paper a child
    inherits its parent's value until its own is known, because a web page must be replayed to be judged; here
    the verifier judges every child.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        branching: Children of each expanded node (b).
        depth: The deepest layer (d).
        expansions: Nodes that are expanded at most (c).
        threshold: The unit reward of a whole solution that ends the search (theta).
    """
    frontier: list[tuple[float, int, Node]] = []
    expanded = 0
    queue = deque([(tree.root, 0)])
    while queue:
        node, deep = queue.popleft()
        if node.complete:
            if merit(node) >= threshold:
                return {}
            continue
        below = offspring(tree, node.id, "best_first")
        if below:
            expanded += 1
            queue.extend((child, deep + 1) for child in distinct(hopeful(below)))
        elif deep < depth:
            frontier.append((-merit(node), deep, node))
    if not frontier or expanded >= expansions:
        return {}
    return clip([(min(frontier, key=lambda entry: entry[:2])[2].id, branching)], budget)
