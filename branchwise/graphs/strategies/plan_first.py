"""Plan-first splitting: sample a few approaches, then divide the solutions among them."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._shares import even
from branchwise.graphs.strategies._view import clip, distinct, hopeful, offspring
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import ROOT, NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="its_hub, planning_wrapper; akin to Diversity of Thought, arXiv 2310.07088",
    grain="solution",
    needs=frozenset({"scores", "hints"}),
)


def plan_first(tree: Tree, budget: int, *, seed: int = 0, plans: Count = 3, n: Count = 12) -> Allocation:
    """Ask for `plans` approaches under the root, then divide `n` whole solutions evenly among them.

    Scores affect only the final choice. Approaches are sampled one by one; its_hub lists them in one call.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        plans: Number of approaches.
        n: Solutions over all approaches.
    """
    written = offspring(tree, tree.root.id, "plan_first")
    if not written:
        return clip([(tree.root.id, plans)], budget)
    usable = [plan for plan in distinct(hopeful(written)) if not plan.complete]
    if not usable:
        return {}
    shares = zip(usable, even(len(usable), n), strict=True)
    return clip([(p.id, share - len(offspring(tree, p.id, "plan_first"))) for p, share in shares], budget)


def hint(tree: Tree, parent: NodeId, ordinal: int) -> Hint:
    """Ask for an approach under the root, for a solution under an approach."""
    if parent != ROOT:
        return Hint(
            instruction="Follow the approach to the end and give the whole solution.", grain="solution"
        )
    text = "Do not solve the problem yet. Describe in one short paragraph one approach to it."
    return Hint(instruction=text, grain="step")
