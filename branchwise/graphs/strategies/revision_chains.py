"""Revision chains: split a number of solutions into parallel chains of revisions."""

from __future__ import annotations

from math import sqrt

from branchwise.graphs.strategies._knobs import Count, Positive
from branchwise.graphs.strategies._revisions import chains
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Snell et al., arXiv 2408.03314, section 6.2 (sequential to parallel ratio)",
    grain="solution",
    needs=frozenset({"scores", "revisions"}),
    aggregation="weighted_majority",
)


def revision_chains(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 16, ratio: Positive = 1.0
) -> Allocation:
    """Sample several first solutions at once, then a revision of each chain's newest one.

    Whole solutions already under the root start chains, the best first; one without a score ranks last.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Most solutions in all chains together.
        ratio: Length of a chain divided by the number of chains; small is parallel, large is sequential.
    """
    length = min(n, max(1, round(sqrt(n * ratio))))
    return chains(tree, budget, strategy="revision_chains", width=n // length, length=length)
