"""DIV-SE: an ensemble of different approaches to the problem, one sample each."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count, Texts
from branchwise.graphs.strategies._view import clip, offspring
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Diversity of Thought (DIV-SE), arXiv 2310.07088, section 3",
    grain="solution",
    needs=frozenset({"hints"}),
    aggregation="majority",
)
APPROACHES = (
    "Work forward from what is given, one step at a time.",
    "Work backward from what is wanted.",
    "Write the problem down formally first, then solve it.",
    "Rule out what cannot be, until one possibility is left.",
    "Solve a simpler case first, then the whole problem.",
)


def div_se(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 5, approaches: Texts = APPROACHES
) -> Allocation:
    """Ask for `n` whole solutions, the i-th by the i-th approach, in turn. Scores are not read.

    Other strategies' solutions do not count, since they were requested without an approach. In the paper a
    model proposes approaches and personas, and the set that does best on held-out problems is kept; the
    default set is ours.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of solutions that vote.
        approaches: Instructions, one for each approach.
    """
    return clip([(tree.root.id, n - len(offspring(tree, tree.root.id, "div_se")))], budget)


def hint(tree: Tree, parent: NodeId, ordinal: int, *, approaches: Texts) -> Hint:
    """Choose the approach by the ordinal among this strategy's own samples."""
    others = sum(1 for node in tree.children(parent) if node.strategy not in {"", "div_se"})
    return Hint(instruction=approaches[(ordinal - others) % len(approaches)], temperature=0.0)
