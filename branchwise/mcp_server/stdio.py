"""MCP on standard input and output, for a client that starts `branchwise mcp` itself."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server

from branchwise.mcp_server.build import mcp_server
from branchwise.models.protocol import Model
from branchwise.server.background import working
from branchwise.server.serving import ServerSettings, opened
from branchwise.server.wire import LARGEST
from branchwise.store.errors import BadInput


async def serve_stdio(settings: ServerSettings, engine: Model | None = None) -> None:
    """Answer requests until standard input ends, or SIGINT or SIGTERM comes.

    A search that a client waits for is cancelled when its client goes, and paused by a signal; unfinished background
    runs return to the queue.

    Args:
        settings: How the server runs.
        engine: An open Model, instead of the one that the settings name.

    Raises:
        BadInput: The model or the store cannot be found, or a request is too long.
        StoreError: The store cannot be used.
    """
    loop = asyncio.get_running_loop()
    async with opened(settings, engine) as serving, working(serving):
        answering = asyncio.create_task(_answer(mcp_server(serving)))
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
                loop.add_signal_handler(number, stopped.set)
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait([answering, stopping], return_when=asyncio.FIRST_COMPLETED)
            if stopped.is_set():
                await serving.live_runs.close()
            else:
                await answering
        finally:
            stopping.cancel()
            answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering


async def _answer(server: MCPServer[Any]) -> None:
    async with _standard_input() as lines, stdio_server(lines) as (read, write):
        inner = server._lowlevel_server  # the SDK's own clients do the same; `run_stdio_async` takes no input
        await inner.run(read, write, inner.create_initialization_options())


@asynccontextmanager
async def _standard_input() -> AsyncIterator[anyio.AsyncFile[str] | None]:
    """Lines of standard input, read without a thread: one that waits for a line would outlive a signal.

    None where it is no pipe, such as /dev/null: the SDK then reads it in its own way.
    """
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=LARGEST)
    try:
        if stat.S_ISCHR(os.fstat(sys.stdin.fileno()).st_mode) and not sys.stdin.isatty():
            raise ValueError("a device that epoll cannot watch")
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
        )
    except (ValueError, NotImplementedError, OSError):
        yield None
        return
    try:
        yield cast("anyio.AsyncFile[str]", _lines(reader))
    finally:
        transport.close()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of a reader.

    Raises:
        BadInput: One is too long.
    """
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            raise BadInput(f"A request is longer than {LARGEST >> 20} MiB.") from None
        if not line:
            return
        yield line.decode(errors="replace")
