"""The two leading answers of a vote, and how sure the lead is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from branchwise.statistics.beta import Beta

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class TopTwo(Generic[T]):
    """The two answers with the most votes."""

    first: T | None
    """None without votes."""
    second: T | None
    """None if all votes are for one answer."""
    share: float
    """The first answer's share of the votes for the two, in [0, 1]; 1 - share is the difficulty. 0.5 without votes."""
    lead: float
    """Probability that the first is truly likelier than the second."""


def top_two(votes: Mapping[T, float]) -> TopTwo[T]:
    """The two leading answers.

    With a and b votes for the two, the lead is that of a rate above 1/2 under Beta(a + 1, b + 1), the posterior of a
    uniform prior. Weighted votes count as parts of whole ones; equal votes keep the order given. Source: the Beta
    criterion of Adaptive-Consistency (arXiv 2305.11860, section 3); the top-two model of crowdsourcing
    reduces to these counts if the voters are exchangeable samples of one model.

    Args:
        votes: The weight of every answer, at least 0.
    """
    ranked = sorted(votes.items(), key=lambda pair: -pair[1])[:2]
    names: list[T | None] = [*(name for name, _ in ranked), None, None]
    a, b = [*(weight for _, weight in ranked), 0.0, 0.0][:2]
    return TopTwo(
        first=names[0],
        second=names[1],
        share=a / (a + b) if a + b else 0.5,
        lead=1 - Beta(a + 1, b + 1).cdf(0.5),
    )


def decided(votes: Mapping[T, float], certainty: float) -> bool:
    """Whether there are votes and the lead is at least `certainty`."""
    return bool(votes) and top_two(votes).lead >= certainty


def fewest_more(votes: Mapping[T, float], certainty: float, *, most: int) -> int:
    """The least number of further votes that could decide the vote: all of them for the leading answer.

    Args:
        votes: The weight of every answer, at least 0.
        certainty: The lead at which a vote is decided, in [0, 1].
        most: Upper bound.

    Returns:
        At least 1, at most `most`.
    """
    a, b = [*sorted(votes.values(), reverse=True), 0.0, 0.0][:2]
    for more in range(1, most):
        if 1 - Beta(a + more + 1, b + 1).cdf(0.5) >= certainty:
            return more
    return most
