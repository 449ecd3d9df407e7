"""Probability that the leading answer of a vote is the likeliest (Beta criterion)."""

from __future__ import annotations

from collections.abc import Iterable

from branchwise.statistics.beta import Beta


def lead(votes: Iterable[float]) -> float:
    """The probability that the leading answer is truly likelier than the second (Beta criterion).

    With a and b votes for the two, that of a rate above 1/2 under Beta(a + 1, b + 1), the posterior of a
    uniform prior. Weighted votes count as parts of whole ones.

    Args:
        votes: The weight of every answer, at least 0; 0.5 is returned for none.
    """
    first, second = [*sorted(votes, reverse=True), 0.0, 0.0][:2]
    return 1 - Beta(first + 1, second + 1).cdf(0.5)
