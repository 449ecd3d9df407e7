"""Min-max weighted majority: each solution votes with its score, scaled to [0, 1] among the run's solutions."""

from __future__ import annotations

from collections.abc import Sequence

from branchwise.graphs.aggregations._ballots import elect, eligible, shares
from branchwise.graphs.aggregations.majority import majority
from branchwise.graphs.strategies.protocol import Choice
from branchwise.store.records import Node


def min_max_majority(nodes: Sequence[Node]) -> Choice | None:
    """Choose the answer with the largest sum of scores, scaled so that the worst is 0 and the best 1.

    Rewards of a narrow range then weigh as much as wide ones. A solution without a score does not vote; if
    all scores are equal or missing, this is the majority vote. Ties go to the answer with the better
    solution. (Bag of Tricks for Inference-time Computation, arXiv 2502.07191.)

    Args:
        nodes: The run's whole solutions, oldest first.
    """
    scored = [(node, node.score) for node in eligible(nodes) if node.score is not None]
    low, high = min((s for _, s in scored), default=0.0), max((s for _, s in scored), default=0.0)
    if high <= low:
        return majority(nodes)
    votes = shares([node for node, _ in scored], [(score - low) / (high - low) for _, score in scored])
    return elect([node for node, _ in scored], votes) if votes else majority(nodes)
