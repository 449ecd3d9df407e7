"""Relative majority: each solution votes with an exponential weight of its rank among the run's solutions."""

from __future__ import annotations

from collections.abc import Sequence

from branchwise.graphs.aggregations._ballots import elect, eligible, shares
from branchwise.graphs.aggregations.majority import majority
from branchwise.graphs.strategies.protocol import Choice
from branchwise.statistics.relative_rewards import best_of_n_weight, relative_reward
from branchwise.store.records import Node


def relative_majority(nodes: Sequence[Node]) -> Choice | None:
    """Choose the answer with the largest sum of exp(10 u), u being the share of the run's scores that a score beats.

    Only the order of the scores counts, so that verifiers with different scales vote alike. The run's own solutions
    stand in for samples of the base model; they are exchangeable if none was told about another. A solution
    without a score does not vote; if none has one, this is the majority vote. Ties go to the answer with the
    better solution. (InfAlign, arXiv 2412.19792, calibrated reward and its transformation for Best-of-N.)

    Args:
        nodes: The run's whole solutions, oldest first.
    """
    scored = [(node, node.score) for node in eligible(nodes) if node.score is not None]
    base = [score for _, score in scored]
    weights = [best_of_n_weight(relative_reward(score, base)) for score in base]
    votes = shares([node for node, _ in scored], weights) if scored else {}
    return elect([node for node, _ in scored], votes) if votes else majority(nodes)
