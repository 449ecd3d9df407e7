"""Sequential revision: revise one solution repeatedly, and choose among the whole chain."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._revisions import chains
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Snell et al., arXiv 2408.03314, section 6.1",
    grain="solution",
    needs=frozenset({"scores", "revisions"}),
)


def sequential_revision(tree: Tree, budget: int, *, seed: int = 0, n: Count = 4) -> Allocation:
    """Ask for one solution, then for a revision of the newest, until the chain has `n`.

    The chain starts from the best whole solution already under the root, if there is one. Scores choose
    only that start and the final answer, since a revision may be worse than what it revised. The paper's
    model is tuned on chains and sees its last four tries; here the generator sees the one it revises, with
    its feedback.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Solutions in the chain, the first included.
    """
    return chains(tree, budget, strategy="sequential_revision", width=1, length=n)
