"""Runs in progress in this process: joined by any number of clients, stopped when the last one is gone."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from branchwise.graphs.runtime.result import RunResult
from branchwise.server.refusals import Refusal, refusal_of
from branchwise.store.errors import BranchwiseError
from branchwise.store.forget import forget
from branchwise.store.store import Store

_LOG = logging.getLogger("branchwise.server")
_KEPT = 200
"""Lines of progress that are kept for a client who joins late or reads slowly."""
_PATIENCE = 3.0
"""Seconds in which a client takes its reply when the server ends, before texts that are not stored are deleted."""

Work = Callable[[Callable[[Any], None]], Awaitable[RunResult]]
"""Executes a run, and tells of it."""


class LiveRun:
    """A run in progress.

    Args:
        run_id: The run.
        keep: Whether the run can be asked for again, by a key or its id: if everyone is gone it is then paused
            and not cancelled.
        detached: Whether it goes on without anyone.
        forget: Whether its texts are deleted when it is over and everyone is gone.
        digest: The digest of the request that started it.
    """

    def __init__(
        self,
        run_id: str,
        *,
        keep: bool = False,
        detached: bool = False,
        forget: bool = False,
        digest: str = "",
    ) -> None:
        self.run_id, self.digest = run_id, digest
        self.keep, self.detached = keep, detached
        self.forget = forget
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._told = 0
        self.changed = asyncio.Event()
        """Set, and replaced, when there is a new line and when the run ends."""
        self.task: asyncio.Task[RunResult] | None = None
        self.clients = 0
        self.go = asyncio.Event()
        """Set when the run may begin: a stream's first byte comes before it."""
        self.left = asyncio.Event()
        """Set when all clients are gone."""
        self.replayed = False
        """Whether it was over before, and is only read."""
        self.closing = False
        """Whether the server ends."""

    def tell(self, line: str) -> None:
        """Add a line of progress."""
        self._lines.append(line)
        self._told += 1
        self.wake()

    def news(self, since: int) -> tuple[int, list[str]]:
        """The number of lines so far, and the newest of those after the first `since`."""
        new = min(self._told - since, len(self._lines))
        return self._told, list(self._lines)[len(self._lines) - new :]

    def wake(self) -> None:
        """Wake those who wait for news."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.task is not None and self.task.done()

    async def result(self) -> RunResult:
        """Wait for the run; cancelling one client's waiting does not cancel the run.

        Raises:
            Refusal: It failed, or was stopped.
        """
        assert self.task is not None
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if not self.task.cancelled():
                raise  # the client is gone
            raise Refusal(
                message=f"The run `{self.run_id}` was stopped.",
                status=503 if self.keep or self.closing else 409,
                type="server_error",
                code="run_stopped",
                retry=self.keep or self.closing,
                headers={"x-branchwise-run": self.run_id},
            ) from None
        except Exception as error:
            raise refusal_of(error, self.run_id) from error

    def join(self) -> None:
        """Count one client more."""
        self.clients += 1

    def leave(self) -> None:
        """Count one client less; the last one's leaving stops a run in progress."""
        self.clients -= 1
        if self.clients > 0:
            return
        self.left.set()
        if not self.detached and self.task is not None:
            self.task.cancel()


class LiveRuns:
    """The runs in progress, by their ids.

    Args:
        store: The store of all runs.
        ended: Told the id of each run that was executed here, when it is over and before its texts are deleted.
    """

    def __init__(self, store: Store, ended: Callable[[str], Awaitable[None]]) -> None:
        self._store, self._told = store, ended
        self._live: dict[str, LiveRun] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._forgetting: set[LiveRun] = set()

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> frozenset[str]:
        """The runs in progress."""
        return frozenset(self._live)

    def get(self, run_id: str) -> LiveRun | None:
        """The run in progress of that id, if there is one that was not told to stop."""
        live = self._live.get(run_id)
        stopping = live is None or live.task is None or live.over or live.task.cancelling() > 0
        return None if stopping else live

    async def settled(self, run_id: str) -> None:
        """Wait until a run of that id that was told to stop has stopped."""
        while (live := self._live.get(run_id)) is not None and self.get(run_id) is None:
            await live.changed.wait()

    def start(self, live: LiveRun, work: Work, line: Callable[[Any], str]) -> LiveRun:
        """Execute a run in the background.

        Args:
            live: The run.
            work: Executes it; called with a function that takes its events.
            line: A line of progress from an event; empty for none.
        """

        def watch(event: Any) -> None:
            if text := line(event):
                live.tell(text)

        async def executed() -> RunResult:
            return await work(watch)

        live.task = asyncio.create_task(executed(), name=f"branchwise-{live.run_id}")
        self._live[live.run_id] = live
        ending = asyncio.create_task(self._ended(live))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return live

    async def _ended(self, live: LiveRun) -> None:
        assert live.task is not None
        await asyncio.wait([live.task])
        stopped = live.task.cancelled()
        if not stopped and (error := live.task.exception()) is not None:
            _LOG.info("run %s: %s", live.run_id, error)
        if stopped and not live.keep:
            with suppress(BranchwiseError):  # it may not be stored yet
                await self._store.cancel(live.run_id)
        if not live.replayed:
            await self._told(live.run_id)
        del self._live[live.run_id]
        live.wake()
        if live.forget:
            self._forgetting.add(live)
            await live.left.wait()
            self._forgetting.discard(live)
            await self._store.database.awrite(lambda connection: forget(connection, live.run_id))

    async def close(self) -> None:
        """Stop all runs; each is left paused, with all its calls, and can be resumed.

        One that is not to be stored is cancelled and forgotten, also if its client is slow to take the reply.
        """
        for live in self._live.values():
            live.closing, live.keep = True, live.keep or not live.forget
            if live.task is not None:
                live.task.cancel()
        while self._ending:
            _, late = await asyncio.wait(set(self._ending), timeout=_PATIENCE)
            for live in self._forgetting if late else ():
                live.left.set()
