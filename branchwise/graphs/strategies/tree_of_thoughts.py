"""Tree of Thoughts, breadth first: expand the best nodes of each layer."""

from __future__ import annotations

from random import Random
from typing import Literal

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._layers import beams, best
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip, filled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Tree of Thoughts, arXiv 2305.10601, algorithm 1; PlanGEN, arXiv 2502.16111, section 2.2",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"width": max(1, n // branching(n)), "branching": branching(n)},
    suits=(0.4, 0.6, 0.4),
)


def tree_of_thoughts(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    width: Count = 5,
    branching: Count = 3,
    steps: Count = 20,
    select: Literal["greedy", "sample"] = "greedy",
) -> Allocation:
    """Give the `width` best thoughts of the newest layer `branching` children each.

    A whole solution among the best closes its slot in the layer; the search ends when all are closed. Of
    duplicates in a layer only the first competes. A thought without a score ranks last, and counts as average
    when sampled. PlanGEN's variant is `width=1, branching=3, steps=20`.

    The paper's other choices are options of the run, not of the strategy: whether thoughts are sampled one by
    one or proposed in one call, and whether the verifier values each thought or votes among them.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Draws the layer's thoughts where `select` is "sample".
        width: Thoughts kept of each layer (b; the paper uses 5 for Game of 24).
        branching: Children of each thought (k).
        steps: The deepest layer (T).
        select: Keep the best, or draw without replacement in proportion to the score.
    """
    pick = _Draw(seed) if select == "sample" else best
    kept = beams(tree, "tree_of_thoughts", width, steps=steps, pick=pick)
    return clip([(node.id, branching) for node in kept], budget)


class _Draw:
    """Keep nodes drawn without replacement, each in proportion to its score."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, candidates: list[Node], slots: int, depth: int) -> list[Node]:
        random = Random(f"{self.seed}/{depth}")  # noqa: S311 (reproducible, not secret)
        # Efraimidis and Spirakis: the largest u^(1/w) are a weighted sample without replacement.
        keys = [random.random() ** (1 / max(weight, 1e-9)) for weight in filled(candidates)]
        order = sorted(range(len(candidates)), key=lambda i: -keys[i])
        return [candidates[i] for i in order[:slots]]
