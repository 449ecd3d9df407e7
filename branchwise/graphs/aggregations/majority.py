"""Majority vote, also called self-consistency: the commonest answer."""

from __future__ import annotations

from collections.abc import Sequence

from branchwise.graphs.aggregations._ballots import elect, eligible, shares
from branchwise.graphs.aggregations.best_of_n import best_of_n
from branchwise.graphs.strategies.protocol import Choice
from branchwise.store.records import Node


def majority(nodes: Sequence[Node]) -> Choice | None:
    """Choose the answer that most solutions give, and its best-scored solution.

    Duplicates vote: they were sampled. A solution without a readable answer does not; where none has one, the
    best-scored solution is chosen. Ties go to the answer with the better solution, then to the older one.
    (Wang et al., Self-Consistency, arXiv 2203.11171.)

    Args:
        nodes: The run's whole solutions, oldest first.
    """
    voters = eligible(nodes)
    votes = shares(voters, [1.0] * len(voters))
    return elect(voters, votes) if votes else best_of_n(nodes)
