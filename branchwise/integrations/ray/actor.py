"""The actor: one worker, as `branchwise worker` is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from branchwise.graphs.runtime.worker import WorkerLogLine, work


class WorkerActor:
    """Works on a queue in a process that Ray has placed."""

    def __init__(self) -> None:
        self._work: asyncio.Task[int] | None = None

    async def work(self, options: Mapping[str, Any]) -> int:
        """Work as `branchwise.graphs.runtime.worker.work` does; returns how many runs ended here."""
        self._work = asyncio.create_task(work(watch=_say, **options))
        with suppress(asyncio.CancelledError):
            return await self._work
        return 0

    async def hand_back(self) -> None:
        """Return the runs in progress to the queue."""
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work


def _say(report: WorkerLogLine) -> None:
    if report.kind != "progress":
        print(f"{report.run_id} {report.kind}: {report.text}", flush=True)  # noqa: T201 - Ray collects it
