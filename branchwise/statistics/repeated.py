"""Summaries of repeated runs: always, ever, mostly and on average right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeated:
    """Shares of instances over n runs of each; AVG@n is of arXiv 2412.12173, the others are ours."""

    n: int
    average: float
    """AVG@n: mean accuracy of a run."""
    minimum: float
    """Instances right in every run."""
    maximum: float
    """Instances right in some run."""
    majority: float
    """Instances right in more than half of the runs."""


def repeated(runs: Sequence[Sequence[bool]]) -> Repeated:
    """Summarise the outcomes of n runs of each instance.

    Raises:
        ValueError: There are no instances, no runs, or instances with different numbers of runs.
    """
    sizes = {len(outcomes) for outcomes in runs}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError("Every instance needs the same number of runs, at least one.")
    (n,), count = sizes, len(runs)
    return Repeated(
        n=n,
        average=sum(sum(outcomes) for outcomes in runs) / (n * count),
        minimum=sum(all(outcomes) for outcomes in runs) / count,
        maximum=sum(any(outcomes) for outcomes in runs) / count,
        majority=sum(2 * sum(outcomes) > n for outcomes in runs) / count,
    )
