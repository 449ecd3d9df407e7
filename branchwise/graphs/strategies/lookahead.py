"""Look-ahead search: beam search that scores a step by a roll-out of a few further steps."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._view import clip, distinct, hopeful, merit, offspring
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Snell et al., arXiv 2408.03314, section 5.1 (lookahead search)",
    grain="step",
    needs=frozenset({"step scores", "hints"}),
    aggregation="weighted_majority",
)


def lookahead(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    n: Count = 8,
    expand: Count = 4,
    ahead: Count = 1,
    steps: Count = 40,
) -> Allocation:
    """Roll out every open candidate by `ahead` steps, keep the best-scored ends, give each `expand` children.

    The first child of a candidate is its roll-out, the others its expansion. A roll-out that ends without
    a score ranks last, one that failed drops its candidate. Where the loop ignores hints, roll-outs are
    drawn at the run's temperature instead of the paper's 0.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Samples of a layer (N).
        expand: Children of each kept candidate (M); at most `n` are used.
        ahead: Steps of a roll-out (k).
        steps: The deepest layer of candidates.
    """
    expand = min(expand, n)
    slots, layer = n // expand, offspring(tree, tree.root.id, "lookahead")
    if not layer:
        return clip([(tree.root.id, n)], budget)
    for _ in range(1, steps):
        candidates = distinct(hopeful(layer))
        ends = {node.id: _end(tree, node, ahead) for node in candidates}
        unrolled = [
            end.id for end, far in ends.values() if far < ahead and not end.complete and not end.failed
        ]
        if unrolled:
            return clip([(end, 1) for end in unrolled], budget)
        alive = [node for node in candidates if hopeful([ends[node.id][0]])]
        chosen = sorted(alive, key=lambda node: -merit(ends[node.id][0]))[:slots]
        kept = [node for node in chosen if not node.complete]
        slots -= len(chosen) - len(kept)
        layer = [child for node in kept for child in offspring(tree, node.id, "lookahead")[1:]]
        if not layer:
            return clip([(node.id, expand) for node in kept], budget)
    return {}


def hint(tree: Tree, parent: NodeId, ordinal: int) -> Hint:
    """Draw roll-outs, the first children, at temperature 0."""
    return Hint(temperature=0.0) if ordinal == 0 and parent != tree.root.id else Hint()


def _end(tree: Tree, node: Node, ahead: int) -> tuple[Node, int]:
    """The last node of a candidate's roll-out and its distance."""
    far = 0
    while far < ahead and (below := offspring(tree, node.id, "lookahead")):
        node, far = below[0], far + 1
    return node, far
