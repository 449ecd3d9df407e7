"""Isotonic regression: the rising step function nearest to labelled points."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """A rising step function."""

    edges: tuple[float, ...]
    """Upper edges of all steps but the last, rising; a point on an edge belongs to the step below it."""
    values: tuple[float, ...]
    """One a step, not falling."""

    def __post_init__(self) -> None:
        rises = all(a < b for a, b in itertools.pairwise(self.edges))
        holds = all(a <= b for a, b in itertools.pairwise(self.values))
        if not (rises and holds and len(self.values) == len(self.edges) + 1):
            raise ValueError(
                "A step function needs rising edges and one value, not falling, more than edges."
            )

    def __call__(self, x: float) -> float:
        """The value of the step function at `x`."""
        return self.values[bisect_left(self.edges, x)]


def isotonic(points: Iterable[tuple[float, float]]) -> Steps:
    """Fit a rising step function to (x, y) points by pooling adjacent violators.

    Raises:
        ValueError: There are no points.
    """
    blocks: list[_Block] = []
    for x, group in itertools.groupby(sorted(points), key=lambda point: point[0]):
        ys = [y for _, y in group]
        blocks.append(_Block(x, x, sum(ys), len(ys)))
        while len(blocks) > 1 and blocks[-2].mean >= blocks[-1].mean:
            above = blocks.pop()
            below = blocks.pop()
            blocks.append(
                _Block(below.first, above.last, below.total + above.total, below.count + above.count)
            )
    if not blocks:
        raise ValueError("There are no points to fit.")
    edges = tuple(_between(a.last, b.first) for a, b in itertools.pairwise(blocks))
    return Steps(edges=edges, values=tuple(block.mean for block in blocks))


@dataclass(frozen=True, slots=True)
class _Block:
    first: float
    last: float
    total: float
    count: int

    @property
    def mean(self) -> float:
        return self.total / self.count


def _between(left: float, right: float) -> float:
    """A point in [left, right); the middle may round up to `right`."""
    middle = left + (right - left) / 2
    return middle if middle < right else left
