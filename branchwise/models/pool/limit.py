"""Adaptive concurrency limit of a replica, learnt from its refusals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Limit:
    """Additive increase, multiplicative decrease (Chiu and Jain 1989): TCP's rule, for requests in flight."""

    most: int
    """Maximum and initial number of requests in flight."""
    now: float = 0.0
    _cut: float = float("-inf")

    def __post_init__(self) -> None:
        self.now = self.now or float(self.most)

    def answered(self) -> None:
        """Record an answer: the limit grows by about one per round of answers."""
        self.now = min(float(self.most), self.now + 1 / self.now)

    def refused(self, sent: float, now: float) -> None:
        """Record a refusal for load: halve the limit, once for all requests sent before the last cut.

        Args:
            sent: When the refused request was sent, by any clock in seconds.
            now: The time by the same clock.
        """
        if sent > self._cut:
            self.now = max(1.0, self.now / 2)
            self._cut = now
