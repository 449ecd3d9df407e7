"""Calibration of stated probabilities: reliability diagrams and the Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Forecasts of about the same probability."""

    count: int
    forecast: float
    """Mean of what was stated."""
    observed: float
    """Mean of what came true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reliability:
    """Calibration figures of a set of forecasts."""

    brier: float
    """Mean squared distance of forecast and outcome; 0 is perfect."""
    base: float
    """The Brier score of always stating the mean outcome."""
    error: float
    """Expected calibration error: mean distance of forecast and observed over bins, weighted by count."""
    bins: tuple[Bin, ...]

    @property
    def skill(self) -> float:
        """Brier skill score: 1 is perfect, 0 no better than the mean outcome, negative worse."""
        return 1 - self.brier / self.base if self.base > 0 else 0.0


def reliability(forecasts: Sequence[float], outcomes: Sequence[float], *, bins: int = 10) -> Reliability:
    """Compare forecasts in [0, 1] with outcomes in [0, 1], in equal-width bins.

    Raises:
        ValueError: There are none, or not as many forecasts as outcomes.
    """
    pairs = list(zip(forecasts, outcomes, strict=True))
    if not pairs:
        raise ValueError("Reliability needs at least one forecast.")
    groups: list[list[tuple[float, float]]] = [[] for _ in range(bins)]
    for forecast, outcome in pairs:
        groups[min(bins - 1, int(forecast * bins))].append((forecast, outcome))
    filled = tuple(
        Bin(
            count=len(group),
            forecast=sum(f for f, _ in group) / len(group),
            observed=sum(o for _, o in group) / len(group),
        )
        for group in groups
        if group
    )
    mean = sum(o for _, o in pairs) / len(pairs)
    return Reliability(
        brier=sum((f - o) ** 2 for f, o in pairs) / len(pairs),
        base=sum((mean - o) ** 2 for _, o in pairs) / len(pairs),
        error=sum(b.count * abs(b.forecast - b.observed) for b in filled) / len(pairs),
        bins=filled,
    )
