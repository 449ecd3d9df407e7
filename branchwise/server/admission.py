"""Admission: how many runs go on at once, and in which order the others wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from branchwise.server.refusals import Refusal

_GUESS = 5.0
"""Seconds of a run before one was measured."""
_WEIGHT = 0.2
"""Weight of the newest run in the moving average of their seconds."""


@dataclass(order=True, slots=True)
class _Waiting:
    place: tuple[int, int, int]
    """Priority (negative), runs of its caller that are before it, age."""
    caller: str = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


class Admission:
    """At most `most` runs at once; the others wait, the caller with the fewest runs first.

    Args:
        most: Runs at once.
        longest: Runs that may wait.
    """

    def __init__(self, most: int, longest: int) -> None:
        self.most, self.longest = most, longest
        self.running = 0
        self.mean = _GUESS
        """Seconds of a run, a moving average."""
        self._of: Counter[str] = Counter()
        """Runs of each caller, running and waiting."""
        self._waiting: list[_Waiting] = []
        self._ages = itertools.count()

    @property
    def waiting(self) -> int:
        """Number of runs that wait."""
        return sum(not one.turn.done() for one in self._waiting)

    def check(self) -> None:
        """Refuse another run if too many wait.

        Raises:
            Refusal: The queue is full; says when a place is likely to be free.
        """
        if self.running < self.most or self.waiting < self.longest:
            return
        raise Refusal(
            message=f"{self.running} runs go on and {self.waiting} wait, which is the most this server takes.",
            status=429,
            type="rate_limit_error",
            code="rate_limit_exceeded",
            retry=True,
            after=max(100, int(1000 * self.mean / self.most)),
        )

    @asynccontextmanager
    async def slot(self, caller: str = "", priority: int = 0) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._enter(caller, priority)
        began = time.monotonic()
        try:
            yield
        finally:
            self.mean += _WEIGHT * (time.monotonic() - began - self.mean)
            self._leave(caller)

    async def _enter(self, caller: str, priority: int) -> None:
        ahead = self._of[caller]
        self._of[caller] += 1
        if self.running < self.most:
            self.running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = _Waiting((-priority, ahead, next(self._ages)), caller, turn)
        heapq.heappush(self._waiting, entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # admitted in the same moment
                self._leave(caller)
            else:
                self._forget(caller)
                if entry in self._waiting:  # else `_leave` has just met it
                    self._waiting.remove(entry)
                    heapq.heapify(self._waiting)
            raise

    def _leave(self, caller: str) -> None:
        self.running -= 1
        self._forget(caller)
        while self._waiting and self.running < self.most:
            first = heapq.heappop(self._waiting)
            if not first.turn.done():
                self.running += 1
                first.turn.set_result(None)

    def _forget(self, caller: str) -> None:
        self._of[caller] -= 1
        if self._of[caller] <= 0:
            del self._of[caller]
