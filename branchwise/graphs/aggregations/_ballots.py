"""Who may be chosen, what each solution votes for, and how a vote is decided."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from branchwise.graphs.strategies.protocol import Choice
from branchwise.store.records import Node, VerifiedBy


def eligible(nodes: Sequence[Node]) -> list[Node]:
    """The solutions that may be chosen.

    Where a sound check accepted some, only these, for acceptance is proof. Otherwise those it did not refute;
    all where it refuted all.
    """
    whole = [node for node in nodes if node.complete and node.failed is None]
    proven = [node for node in whole if node.verified_by is VerifiedBy.PROGRAM and node.accepted]
    standing = [node for node in whole if node.verified_by is not VerifiedBy.PROGRAM]
    return proven or standing or whole


def best(nodes: Sequence[Node]) -> Node:
    """The accepted, then best-scored, then shallowest, then oldest of some nodes; no score ranks last."""
    return min(nodes, key=lambda n: (not n.accepted, -(-1.0 if n.score is None else n.score), n.depth))


def shares(nodes: Sequence[Node], weights: Sequence[float]) -> dict[str, float]:
    """Each readable answer's share of the weight, in order of first appearance; empty without any weight."""
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
