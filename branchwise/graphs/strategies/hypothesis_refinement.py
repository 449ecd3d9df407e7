"""Hypothesis refinement: propose rules, keep the best, revise it by its failed examples."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._view import clip, hopeful, merit, offspring, ranked, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Phenomenal Yet Puzzling, arXiv 2310.08559, section 2",
    grain="solution",
    needs=frozenset({"scores", "revisions"}),
)


def hypothesis_refinement(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 5, iterations: Count = 3, perfect: Unit = 1.0
) -> Allocation:
    """Ask for `n` rules; then, until one is perfect, for `n` revisions of the best of the newest.

    A rule without a score ranks last. The paper's gain comes from a verifier that executes the rule and
    scores the share of the examples it explains; there is no gain if the model applies the rule itself.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Rules proposed at a time (N).
        iterations: Most rounds of proposals (T).
        perfect: The unit reward that ends the search.
    """
    batch, parent = sampled(tree, "hypothesis_refinement"), tree.root
    for _ in range(iterations):
        if len(batch) < n:
            return clip([(parent.id, n - len(batch))], budget)
        best = next((node for node in ranked(hopeful(batch)) if node.complete), None)
        if best is None or merit(best) >= perfect:
            return {}
        batch, parent = offspring(tree, best.id, "hypothesis_refinement"), best
    return {}
