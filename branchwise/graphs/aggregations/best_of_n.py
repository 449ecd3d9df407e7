"""Best-of-N: the best-scored solution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from branchwise.graphs.aggregations._ballots import best, eligible, shares
from branchwise.graphs.strategies.protocol import Choice
from branchwise.store.records import Node


def best_of_n(nodes: Sequence[Node]) -> Choice | None:
    """Choose the accepted, then the best-scored solution; one without a score ranks last.

    Ties go to the commonest answer among them, then to the shallowest, then to the oldest solution. The
    confidence is the score.

    Args:
        nodes: The run's whole solutions, oldest first.
    """
    candidates = eligible(nodes)
    if not candidates:
        return None
    first = best(candidates)
    tied = [n for n in candidates if (n.accepted, n.score) == (first.accepted, first.score)]
    common = Counter(n.answer for n in tied)
    chosen = min(tied, key=lambda n: (n.answer is None, -common[n.answer], n.depth))
    votes = shares(candidates, [1.0] * len(candidates))
    return Choice(answer=chosen.answer, node=chosen, confidence=chosen.score, votes=votes)
