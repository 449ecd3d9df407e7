"""Wait for runs of a queue: until one is queued, where the database tells, and never longer than a poll."""

from __future__ import annotations

import asyncio
import random
from types import TracebackType
from typing import Self

from branchwise.store.database.database import Database
from branchwise.store.database.notices import listen

_CROWD = 0.2
"""Seconds up to which a worker that came too late ignores wake-ups; at random, so that one of many is quick."""


class WakeUp:
    """Waits for runs of a queue, as a context that holds at most one connection.

    A worker calls `wait` after a claim that found nothing and `claimed` after one that found a run. Of many workers
    that one run wakes all but one come too late; without a pause, each run would cost a claim by each of them.
    """

    def __init__(self, database: Database, queue: str) -> None:
        self._database = database
        self._queue = queue
        self._queued = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._woken = False
        """Whether a wake-up came after the last run was claimed."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    def claimed(self) -> None:
        """Note that the last wake-up was not in vain."""
        self._woken = False

    async def wait(self, seconds: float) -> None:
        """Wait until a run may have been queued since the last wait, at most that many seconds."""
        if self._listening is None:  # a worker that finds the queue empty at its end never listens
            self._listening = asyncio.create_task(listen(self._database.engine, self._heard))
        if self._woken:
            await asyncio.sleep(min(seconds, random.uniform(0.0, _CROWD)))  # noqa: S311 - no secret
        try:
            await asyncio.wait_for(self._queued.wait(), seconds)
            self._woken = True
        except TimeoutError:
            self._woken = False
        self._queued.clear()

    def _heard(self, queue: str | None) -> None:
        if queue in {None, self._queue}:
            self._queued.set()
