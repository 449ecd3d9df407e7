"""REBASE: reward-balanced search, which divides a shrinking width by a softmax of step scores."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from branchwise.graphs.strategies._knobs import Between, Count, Positive, Share
from branchwise.graphs.strategies._shares import sequential_ceiling, softmax
from branchwise.graphs.strategies._view import clip, filled, hopeful, offspring, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Inference Scaling Laws (REBASE), arXiv 2408.00724, section 3.2; rounding of thu-wyz/rebase; "
    "decrement as in PlanGEN, arXiv 2502.16111, section 2.2",
    grain="step",
    needs=frozenset({"step scores"}),
    aggregation="weighted_majority",
    sized=lambda n: {"width": n},
    suits=(0.4, 0.7, 0.5),
)
_DEPTH = 25
"""The deepest layer, as in the repository."""


def rebase(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    width: Count = 16,
    temperature: Positive = 0.1,
    truncate: Share = 1.0,
    decrement: Annotated[int, Between(0)] = 0,
) -> Allocation:
    """Divide the width over the newest layer by softmax of scores; each whole solution uses one unit of it.

    Whole solutions of the planner or another strategy under the root use one unit each as well.

    PlanGEN's variant is `width=10, decrement=1`; it does not state the shares of the children, so the softmax
    is kept.

    Scores are unit rewards: a verifier's -100..100 is mapped to [0, 1] before it reaches the tree, since
    otherwise a balance temperature of 0.1 would be greedy. A node without a score counts as the average of
    its layer.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation; a smaller one is divided by the same rule.
        seed: Unused; this strategy draws nothing.
        width: Number of solutions to reach (N).
        temperature: Balance temperature T_b of the softmax; large values divide evenly, small ones are greedy.
        truncate: The best share of a layer that competes for children.
        decrement: Units of width that each further layer costs.
    """
    layer, left = _newest(tree, width, decrement)
    if not layer or left <= 0 or budget <= 0:
        return {}
    best = sorted(zip(layer, filled(layer), strict=True), key=lambda pair: -pair[1])
    competing = best[: ceil(truncate * len(layer))]
    shares = sequential_ceiling(softmax([score for _, score in competing], temperature), min(left, budget))
    return clip(zip((node.id for node, _ in competing), shares, strict=True), budget)


def _newest(tree: Tree, width: int, decrement: int) -> tuple[list[Node], int]:
    """The open nodes of the newest layer, and the width minus the whole solutions, probes included."""
    layer = [tree.root]
    width -= sum(node.strategy not in {"", "rebase"} for node in sampled(tree, "rebase"))
    for _ in range(_DEPTH):
        below = [child for node in layer for child in offspring(tree, node.id, "rebase")]
        if not below:
            return layer, width
        alive = hopeful(below)
        layer = [node for node in alive if not node.complete]
        width -= len(alive) - len(layer) + decrement
    return [], width
