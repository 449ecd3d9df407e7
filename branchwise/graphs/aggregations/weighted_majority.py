"""Weighted majority, also called weighted Best-of-N: each solution votes with its score."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from branchwise.graphs.aggregations._ballots import elect, eligible, shares
from branchwise.graphs.aggregations.majority import majority
from branchwise.graphs.strategies.protocol import Choice
from branchwise.store.records import Node


def weighted_majority(nodes: Sequence[Node]) -> Choice | None:
    """Choose the answer whose solutions have the largest sum of scores, and its best-scored solution.

    A solution without a score votes with the mean of the others; without any positive score this is the
    majority vote. Duplicates vote. Ties go to the answer with the better solution, then to the older one.
    (Inference Scaling Laws, arXiv 2408.00724, section 3.1.)

    Args:
        nodes: The run's whole solutions, oldest first.
    """
    voters = eligible(nodes)
    known = [node.score for node in voters if node.score is not None]
    mean = fsum(known) / len(known) if known else 0.0
    votes = shares(voters, [mean if node.score is None else node.score for node in voters])
    return elect(voters, votes) if votes else majority(nodes)
