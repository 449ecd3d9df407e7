"""Step-level beam search (AlphaMath): a small beam in which a finished solution keeps its slot."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._layers import beams
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="AlphaMath, arXiv 2405.03553, section 3.4 (step-level beam search)",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"width": max(1, n // branching(n)), "branching": branching(n)},
)


def step_beam(
    tree: Tree, budget: int, *, seed: int = 0, width: Count = 3, branching: Count = 5, steps: Count = 10
) -> Allocation:
    """Give each of the `width` best prefixes of the newest layer `branching` children.

    The root is expanded like one prefix. Of duplicates in a layer only the first competes; a prefix without a
    score ranks last. The paper scores prefixes with a value head of the model; any step verifier can be used.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        width: Prefixes kept (B1; the paper uses 1 to 5).
        branching: Children of each (B2).
        steps: The deepest layer.
    """
    kept = beams(tree, "step_beam", width, steps=steps)
    return clip([(node.id, branching) for node in kept], budget)
