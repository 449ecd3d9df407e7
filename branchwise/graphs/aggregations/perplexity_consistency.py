"""Perplexity consistency with reasoning pruning (RPC): solutions vote with their probability."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, isfinite

from branchwise.graphs.aggregations._ballots import elect, eligible, shares
from branchwise.graphs.aggregations.majority import majority
from branchwise.graphs.strategies.protocol import Choice
from branchwise.statistics.weibull import fit
from branchwise.store.records import Node


def perplexity_consistency(nodes: Sequence[Node]) -> Choice | None:
    """Choose the answer whose distinct likely solutions have the largest sum of probabilities.

    A solution's probability is exp(mean token log-probability) of its node. A two-part Weibull mixture is
    fitted to these; a solution is dropped where the part with the smaller mean is likelier and its
    probability is below the mean. Fewer than 8 solutions, or a fit that fails: none is dropped. Solutions of
    equal text count once. Those without a finite log-probability or an answer do not vote; where fewer than half of
    those with an answer carry log-probabilities, this is the majority vote. Ties as in `majority`.
    (RPC, arXiv 2502.00511; start point and bounds of the fit from WNJXYK/RPC.)

    Args:
        nodes: The run's whole solutions, oldest first, of one sample each: a node knows its own tokens only.
    """
    answered = [node for node in eligible(nodes) if node.answer is not None]
    known = [n for n in answered if n.logprob is not None and isfinite(n.logprob) and n.tokens > 0]
    if not known or 2 * len(known) < len(answered):
        return majority(nodes)
    chances = [exp(min(0.0, node.logprob or 0.0) / node.tokens) for node in known]
    survivors: dict[str, tuple[Node, float]] = {}
    for node, chance, kept in zip(known, chances, _likely(chances), strict=True):
        if kept:
            survivors.setdefault(node.text, (node, chance))
    voters = [node for node, _ in survivors.values()]
    votes = shares(voters, [chance for _, chance in survivors.values()])
    return elect(voters, votes) if votes else majority(nodes)


def _likely(chances: Sequence[float]) -> list[bool]:
    """The solutions kept by the pruning; the likeliest is always kept."""
    mixture = fit(chances)
    if mixture is None:
        return [True] * len(chances)
    mean = fsum(chances) / len(chances)
    return [chance >= mean or mixture.posterior(chance) >= 0.5 for chance in chances]
