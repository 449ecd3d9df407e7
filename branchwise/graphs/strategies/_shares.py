"""Split a whole number of samples over nodes so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp

_SLACK = 1e-9


def softmax(values: Sequence[float], temperature: float) -> list[float]:
    """Weights proportional to exp(value / temperature), the largest being 1."""
    top = max(values)
    return [exp((value - top) / temperature) for value in values]


def sequential_ceiling(weights: Sequence[float], total: int) -> list[int]:
    """Give each weight, largest first, its share of the remainder, rounded up (REBASE's repository).

    Equal weights are served in the order given. The parts sum to `total` where any weight is positive.
    """
    order = sorted(range(len(weights)), key=lambda i: -weights[i])
    rest = [0.0] * len(order)
    tail = 0.0
    for position in reversed(range(len(order))):
        tail += weights[order[position]]
        rest[position] = tail
    shares = [0] * len(weights)
    for position, i in enumerate(order):
        if total <= 0 or rest[position] <= 0:
            break
        shares[i] = min(total, ceil(total * weights[i] / rest[position] - _SLACK))
        total -= shares[i]
    return shares


def even(parts: int, total: int) -> list[int]:
    """Split `total` into `parts` that differ by at most one, the larger ones first."""
    each, more = divmod(total, parts)
    return [each + (i < more) for i in range(parts)]
