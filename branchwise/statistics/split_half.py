"""The split-half oracle: the gain of the best choice per instance, without selection bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

P = TypeVar("P")


def split_half(first: Mapping[P, Sequence[float]], second: Mapping[P, Sequence[float]]) -> list[float]:
    """Choose each instance's best policy on one half of its samples and score it on the other half, both ways.

    An oracle over the same runs that score it is flattered by luck; this one is not. It is what a planner
    could reach that knew each instance's accuracies as well as half of the samples tell them. Among policies
    that are equally good on an instance, the one that is best over all instances is chosen.

    Args:
        first: Accuracy by policy on one half of the samples, one value an instance.
        second: The same on the other half.

    Returns:
        One accuracy an instance, the mean over both directions.
    """
    forth = _choose(first, second)
    back = _choose(second, first)
    return [(a + b) / 2 for a, b in zip(forth, back, strict=True)]


def _choose(known: Mapping[P, Sequence[float]], scored: Mapping[P, Sequence[float]]) -> list[float]:
    overall = {policy: sum(values) for policy, values in known.items()}
    instances = len(next(iter(known.values())))
    best = [max(known, key=lambda p: (known[p][i], overall[p])) for i in range(instances)]
    return [scored[policy][i] for i, policy in enumerate(best)]
