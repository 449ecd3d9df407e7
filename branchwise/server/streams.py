"""Streams of events, and waiting for a run as long as its client does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import cast

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from branchwise.graphs.runtime.result import RunResult
from branchwise.server.live_runs import LiveRun
from branchwise.server.replies import KEEP_ALIVE

_NONE: Mapping[str, str] = MappingProxyType({})
_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class Gone(Exception):
    """The client hung up."""


class EventStream(StreamingResponse):
    """A stream of events, whose source is closed at once when the client is gone.

    Args:
        events: The events.
        live: The run that it tells of, which this client has joined; it is left at the end.
        headers: Further headers.
    """

    def __init__(
        self,
        events: AsyncGenerator[bytes],
        *,
        live: LiveRun | None = None,
        headers: Mapping[str, str] = _NONE,
    ) -> None:
        super().__init__(events, media_type="text/event-stream", headers={**_HEADERS, **headers})
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client is gone."""
        try:
            await super().__call__(scope, receive, send)
        finally:  # also where the client was gone before the first event, and the source never began
            if self._live is not None:
                self._live.leave()

    async def stream_response(self, send: Send) -> None:
        """Send the events."""
        async with aclosing(cast("AsyncGenerator[bytes]", self.body_iterator)):
            await super().stream_response(send)


async def until_gone(request: Request, live: LiveRun) -> RunResult:
    """Wait for a run as long as the client does.

    Raises:
        Gone: The client hung up first.
        Refusal: The run failed.
    """
    ended = asyncio.create_task(live.result())
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({ended, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            raise Gone
        return ended.result()
    finally:
        for task in (ended, gone):
            task.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def while_searching(
    live: LiveRun, ended: asyncio.Task[RunResult], silence: float, progress: Callable[[str], bytes] | None
) -> AsyncGenerator[bytes]:
    """What a stream says until a run has ended.

    Args:
        live: The run.
        ended: Waits for it.
        silence: Seconds after which a comment breaks the silence, so that no proxy takes the connection for dead.
        progress: Makes an event of a line on the search; None for no such events.
    """
    said, last = 0, time.monotonic()
    while True:
        changed = asyncio.create_task(live.changed.wait())
        said, lines = live.news(said)
        for line in lines if progress is not None else ():
            last = time.monotonic()
            yield progress(line)  # type: ignore[misc]
        if ended.done():
            changed.cancel()
            return
        left = max(0.0, last + silence - time.monotonic())
        try:
            await asyncio.wait({changed, ended}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        if time.monotonic() - last >= silence:
            last = time.monotonic()
            yield KEEP_ALIVE
