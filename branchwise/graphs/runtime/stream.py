"""A run as an async iterator of its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from branchwise.graphs.runtime.run import resume, run


def stream(workflow: Any, input: Any = None, **options: Any) -> AsyncGenerator[Any, None]:  # noqa: A002
    """Run a workflow and yield its events; leaving the loop stops the run, which can be resumed.

        async for event in stream("mine:graph", {"question": "..."}):
            print(event.kind, event.text)

    Args:
        workflow: As for `run`.
        input: As for `run`.
        **options: As for `run`, but for `watch`.

    Raises:
        BranchwiseError: As `run` does, after the last event.
    """
    return _events(lambda watch: run(workflow, input, watch=watch, **options))


def stream_resumed(run_id: str, **options: Any) -> AsyncGenerator[Any, None]:
    """Resume a run and yield its events; arguments are those of `resume`."""
    return _events(lambda watch: resume(run_id, watch=watch, **options))


async def _events(work: Callable[[Callable[[Any], None]], Awaitable[Any]]) -> AsyncGenerator[Any, None]:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    doing = asyncio.ensure_future(work(queue.put_nowait))
    over = object()
    doing.add_done_callback(lambda _: queue.put_nowait(over))
    try:
        while (event := await queue.get()) is not over:
            yield event
        await doing
    finally:
        doing.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await doing
