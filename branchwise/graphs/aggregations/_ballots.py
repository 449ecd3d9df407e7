"""Votes: eligible solutions, shares of the answers, and ties."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from branchwise.graphs.strategies.protocol import Choice
from branchwise.store.records import Node, VerifiedBy


def eligible(nodes: Sequence[Node]) -> list[Node]:
    """The eligible solutions.

    If a sound check accepted some, only these, since acceptance is proof. Otherwise those it did not refute;
    all if it refuted all.
    """
    whole = [node for node in nodes if node.complete and node.failed is None]
    proven = [node for node in whole if node.verified_by is VerifiedBy.PROGRAM and node.accepted]
    standing = [node for node in whole if node.verified_by is not VerifiedBy.PROGRAM]
    return proven or standing or whole


def best(nodes: Sequence[Node]) -> Node:
    """The best node by acceptance, score, depth and age; a node without a score ranks last."""
    return min(nodes, key=lambda n: (not n.accepted, -(-1.0 if n.score is None else n.score), n.depth))


def shares(nodes: Sequence[Node], weights: Sequence[float]) -> dict[str, float]:
    """Each readable answer's share of the total weight, in order of first appearance; empty if all weights are 0."""
    ballots: dict[str, list[float]] = {}
    for node, weight in zip(nodes, weights, strict=True):
        if node.answer is not None:
            ballots.setdefault(node.answer, []).append(weight)
    total = fsum(weight for ballot in ballots.values() for weight in ballot)
    return {answer: fsum(ballot) / total for answer, ballot in ballots.items()} if total > 0 else {}


def elect(nodes: Sequence[Node], votes: dict[str, float]) -> Choice:
    """Choose the answer with the most weight and its best solution.

    Equal weights (to nine digits) go to the answer whose best solution is better, then to the older one.
    """
    top = max(votes.values())
    tied = {answer for answer, weight in votes.items() if weight >= top - 1e-9}
    winner = best([node for node in nodes if node.answer in tied])
    assert winner.answer is not None
    return Choice(answer=winner.answer, node=winner, confidence=votes[winner.answer], votes=votes)
