"""IDIV-SE: an ensemble of approaches within one prompt and one sample."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count, Texts
from branchwise.graphs.strategies._view import clip, offspring
from branchwise.graphs.strategies.div_se import APPROACHES
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Diversity of Thought (IDIV-SE), arXiv 2310.07088, section 3",
    grain="solution",
    needs=frozenset({"hints"}),
    aggregation="majority",
)


def idiv_se(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 1, approaches: Texts = APPROACHES
) -> Allocation:
    """Ask for `n` replies that each follow all approaches and settle on one answer. Scores are not read.

    The reply counts its own votes: a strategy cannot split one sample into several answers.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Number of replies (1 in the paper).
        approaches: Instructions, one for each approach.
    """
    return clip([(tree.root.id, n - len(offspring(tree, tree.root.id, "idiv_se")))], budget)


def hint(tree: Tree, parent: NodeId, ordinal: int, *, n: int, approaches: Texts) -> Hint:
    """List the approaches and ask for the answer that most of them give."""
    listed = "\n".join(f"{i}. {approach}" for i, approach in enumerate(approaches, 1))
    text = (
        f"Solve the problem once by each approach:\n{listed}\nThen give the answer that most of them reached."
    )
    return Hint(instruction=text, temperature=0.0 if n == 1 else None)
