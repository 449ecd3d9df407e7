"""Holm's correction: which of several differences are significant together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the chance of any false rejection stays below the level they are compared with.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.

    Args:
        p_values: One a hypothesis, in [0, 1].

    Returns:
        Adjusted p-values in the same order, at most 1.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def p_worse(differences: Sequence[float]) -> float:
    """One-sided p-value that the mean of paired differences is below zero, by the normal approximation.

    Args:
        differences: One an instance; with fewer than two, or where all are equal, 0.0 below zero and 1.0 else.
    """
    mean = fmean(differences)
    spread = stdev(differences) if len(differences) > 1 else 0.0
    if spread == 0.0:
        return 0.0 if mean < 0 else 1.0
    z = mean / (spread / math.sqrt(len(differences)))
    return 0.5 * math.erfc(-z / math.sqrt(2))
