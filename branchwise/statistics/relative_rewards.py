"""Rewards relative to a base model's own samples (InfAlign, arXiv 2412.19792): comparable between instances."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def relative_reward(reward: float, base: Sequence[float]) -> float:
    """The share of base samples of the same prompt that the reward beats, ties counting half.

    Args:
        reward: The reward of the sample that is rated.
        base: Rewards of exchangeable base samples of the same prompt; the order of the paper is 100, 16 will do.

    Returns:
        In [0, 1].

    Raises:
        ValueError: There are no base samples.
    """
    if not base:
        raise ValueError("A relative reward needs at least one base sample.")
    ordered = sorted(base)
    below, up_to = bisect_left(ordered, reward), bisect_right(ordered, reward)
    return (below + (up_to - below) / 2) / len(ordered)


def best_of_n_weight(relative: float, *, t: float = 10.0) -> float:
    """exp(t u), the transformation of the paper for Best-of-N, as the weight of a vote; t = 10 there."""
    return math.exp(t * relative)
