"""Adaptive weighted vote: sample until the answer with the largest sum of scores is unlikely to be overtaken."""

from __future__ import annotations

from collections import defaultdict
from math import fsum

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._view import clip, hopeful, sampled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.statistics.top_two import decided
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Adaptive-Consistency, arXiv 2305.11860, section 3, with votes weighted by score (weighting ours)",
    grain="solution",
    needs=frozenset({"scores"}),
    aggregation="weighted_majority",
    stops_by=("certainty", (0.7, 0.8, 0.9, 0.95, 0.99)),
)


def adaptive_vote(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 64, batch: Count = 2, certainty: Unit = 0.95
) -> Allocation:
    """Ask for `batch` whole solutions at a time until the leading answer beats the second with `certainty`.

    A solution votes with its score, one without a score with the mean of the others, or 1 where none has one.
    If no solution of the first batch has a readable answer, sampling stops.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Most solutions to sample.
        batch: Solutions requested at once.
        certainty: Probability that the leader is ahead of the second; 1 samples `n`.
    """
    have = sampled(tree, "adaptive_vote")
    whole = [node for node in hopeful(have) if node.complete]
    votes = _votes(whole)
    if (whole and not votes) or decided(votes, certainty):
        return {}
    return clip([(tree.root.id, min(batch, n - len(have)))], budget)


def _votes(whole: list[Node]) -> dict[str, float]:
    known = [node.score for node in whole if node.score is not None]
    neutral = fsum(known) / len(known) if known else 1.0
    ballots: dict[str, list[float]] = defaultdict(list)
    for node in whole:
        if node.answer is not None:
            ballots[node.answer].append(neutral if node.score is None else node.score)
    # An exact sum, so that the order of equal solutions does not matter.
    return {answer: fsum(weights) for answer, weights in ballots.items()}
