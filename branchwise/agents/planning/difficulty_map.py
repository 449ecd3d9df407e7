"""Calibration of one signal: pass@1 of labelled instances with similar probes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from branchwise.statistics.beta import Beta

Signal: TypeAlias = Literal["score", "agreement", "logprob"]
"""Label-free signals of probes: mean unit reward, share of the commonest answer, mean log-probability of a token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DifficultyMap:
    """Signal -> Beta over pass@1, constant between edges."""

    signal: Signal
    edges: tuple[float, ...]
    """Rising upper edges of all bins but the last; a value on an edge belongs below it."""
    beliefs: tuple[Beta, ...]
    """One for each bin, so one more than edges."""

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in itertools.pairwise(self.edges))
        if not rising or len(self.beliefs) != len(self.edges) + 1:
            raise ValueError("A difficulty map needs rising edges and one belief more than edges.")

    def belief(self, value: float) -> Beta:
        """The belief about an instance whose probes show `value`."""
        return self.beliefs[sum(value > edge for edge in self.edges)]

    @classmethod
    def fit(
        cls, signal: Signal, seen: Sequence[tuple[float, int, int]], *, bins: int = 5, fewest: int = 8
    ) -> DifficultyMap | None:
        """Fit a Beta in each quantile bin of the signal; neighbours whose means fall are pooled.

        Args:
            signal: The signal of the values.
            seen: One (value, right samples, samples) an instance. The counts must be of other samples than
                those the value was read from, else the map is biased upwards.
            bins: The most bins.
            fewest: Least number of instances in a bin.

        Returns:
            The map, or None if there are fewer than `fewest` instances.
        """
        rows = sorted(row for row in seen if math.isfinite(row[0]) and row[2] > 0)
        if len(rows) < fewest:
            return None
        groups = _pooled(_cut(rows, min(bins, len(rows) // fewest)))
        edges = tuple((a[-1][0] + b[0][0]) / 2 for a, b in itertools.pairwise(groups))
        beliefs = tuple(Beta.fit(((s, n) for _, s, n in group), most=100) for group in groups)
        return cls(signal=signal, edges=edges, beliefs=beliefs)


_Rows: TypeAlias = list[tuple[float, int, int]]


def _cut(rows: _Rows, bins: int) -> list[_Rows]:
    """Cut sorted rows into about equal bins, never between equal values."""
    groups: list[_Rows] = []
    begin = 0
    for part in range(1, bins + 1):
        end = max(begin, round(part * len(rows) / bins))
        while 0 < end < len(rows) and rows[end][0] == rows[end - 1][0]:
            end += 1
        if end > begin:
            groups.append(rows[begin:end])
            begin = end
    return groups


def _pooled(groups: list[_Rows]) -> list[_Rows]:
    """Pool adjacent bins until their mean pass@1 rises with the signal (pool adjacent violators)."""
    kept: list[_Rows] = []
    for group in groups:
        kept.append(group)
        while len(kept) > 1 and _rate(kept[-2]) >= _rate(kept[-1]):
            kept[-2:] = [kept[-2] + kept[-1]]
    return kept


def _rate(rows: _Rows) -> float:
    return sum(s / n for _, s, n in rows) / len(rows)
