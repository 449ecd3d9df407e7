"""A server that says what it likes, byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Play = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""What a server does upon a request."""


class RawServer:
    """Reads requests, notes them by connection, and answers as it is told."""

    def __init__(self, play: Play) -> None:
        self.url = ""
        self.requests: list[bytes] = []
        self.connections = 0
        self.serving: set[asyncio.Task[object]] = set()
        self.gone = asyncio.Event()
        """Set when a client has closed its connection."""
        self._play = play

    async def asked(self) -> None:
        while not self.requests:
            await asyncio.sleep(0.001)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                request = head + await reader.readexactly(size)
                self.requests.append(request)
                await self._play(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()


@asynccontextmanager
async def talking(play: Play, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Start a server; at the end it is left by every client."""
    server = RawServer(play)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"http{'s' if tls else ''}://localhost:{port}/v1"
    try:
        yield server
    finally:
        listening.close()
        await asyncio.wait_for(asyncio.gather(*server.serving), 5)


def saying(*replies: bytes, then: bool = True) -> Play:
    """Say these things, one a request, and close the connection after the last unless `then` it goes on."""
    left = list(replies)

    async def play(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 or not then else left[0])
        if not left:
            writer.close()

    return play


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A reply with its length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
