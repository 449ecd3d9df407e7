"""Circuit breaker of a replica."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

BreakerState = Literal["closed", "open", "half-open"]
"""Closed lets requests through, open does not, half-open waits for the outcome of one probe."""

_FAILURES: Final = 3
_SETTLED: Final = 20
"""Successes after which the pause starts at its minimum again."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0


@dataclass(slots=True)
class Breaker:
    """Opens after three failures in a row, then requests a probe after 1 s, 2 s, 4 s, at most every 30 s."""

    state: BreakerState = "closed"
    reason: str = ""
    """Why it opened last."""
    _failures: int = 0
    _answers: int = 0
    _pause: float = _FIRST_PAUSE
    _until: float = 0.0

    def succeeded(self) -> None:
        """Record that a request or a probe was answered."""
        if self.state == "open":
            return
        self.state = "closed"
        self._failures = 0
        self.reason = ""
        self._answers += 1
        if self._answers >= _SETTLED:
            self._pause = _FIRST_PAUSE

    def failed(self, now: float, reason: str) -> None:
        """Record a failure caused by the replica, not by the request."""
        self._failures += 1
        if self.state == "half-open" or self._failures >= _FAILURES:
            self.trip(now, reason)

    def trip(self, now: float, reason: str) -> None:
        """Open at once."""
        if self.state == "open":
            return
        self.state = "open"
        self.reason = reason
        self._answers = 0
        self._until, self._pause = now + self._pause, min(_LONGEST_PAUSE, self._pause * 2)

    def due(self, now: float) -> bool:
        """Whether a probe is due; the caller must then send one."""
        if self.state != "open" or now < self._until:
            return False
        self.state = "half-open"
        return True
