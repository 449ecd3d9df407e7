"""A TCP proxy that delays, stalls, cuts and partitions what goes through it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE = 65_536


class Proxy:
    """Forwards connections to a server, until told to treat them badly.

    It has a thread and a loop of its own, since opening a store blocks the loop that opens it.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self.delay = 0.0
        """Seconds that every piece of data waits."""
        self.loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._open: set[asyncio.StreamWriter] = set()

    def stall(self) -> None:
        """Let nothing through; connections stay open."""
        self.loop.call_soon_threadsafe(self._flows.clear)

    def cut(self) -> None:
        """Reset all connections; new ones are served."""
        self.loop.call_soon_threadsafe(self._abort)

    def partition(self) -> None:
        """Reset all connections and refuse new ones."""
        self._refuses = True
        self.cut()

    def heal(self) -> None:
        """Forward as if nothing had been."""
        self.delay = 0.0
        self._refuses = False
        self.loop.call_soon_threadsafe(self._flows.set)

    def run(self, ready: threading.Event) -> None:
        """Serve until the loop is stopped."""
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()
        server.close()
        for task in (tasks := asyncio.all_tasks(self.loop)):
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    def _abort(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._refuses:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._open |= ends
        ways = [
            asyncio.create_task(self._forward(reader, far_writer)),
            asyncio.create_task(self._forward(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= ends
            for way in ways:
                way.cancel()
            for end in ends:
                end.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flows.wait()
                writer.write(data)
                await writer.drain()


@contextmanager
def proxied(host: str, port: int) -> Iterator[Proxy]:
    """A proxy on a free port of this machine, in a context."""
    proxy, ready = Proxy(host, port), threading.Event()
    thread = threading.Thread(target=proxy.run, args=(ready,), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield proxy
    finally:
        proxy.partition()
        proxy.heal()
        proxy.loop.call_soon_threadsafe(proxy.loop.stop)
        thread.join(10)
