"""HTTP/1.1 to one server, over connections that are kept; docs/decisions/0072 says why not a library's client."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Final

import httptools
from yarl import URL

from branchwise.store.single_flight import SingleFlight

_IDLE_SECONDS: Final = 4.0
"""Servers of engines (uvicorn) hang up after five seconds; whoever writes at that moment loses a request."""
_FOUND_SECONDS: Final = 10.0
"""How long an address is taken to be a name's."""
_CONNECT_SECONDS: Final = 2.0
"""How long an address is tried while there is another."""


class Garbled(ConnectionError):
    """What came is no HTTP reply."""


class TooLong(Exception):
    """The reply is longer than is wanted."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a server has answered."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, in lower case."""
        wanted = name.encode()
        for found, value in self.headers:
            if found.lower() == wanted:
                return value.decode("latin-1")
        return None


class Connections:
    """Requests to one server, each on a connection of its own, which the next one takes over.

    A connection belongs to the event loop that opened it; another loop opens its own. There is no limit on connections,
    no redirect, no cookie, no compression and no deadline: whoever calls has a limit and a clock. A request that is
    cancelled closes its connection.
    """

    def __init__(self, base: URL, *, longest: int) -> None:
        """Aim at a server; nothing is opened yet.

        Args:
            base: An http or https URL; what it says after the host is left to `send`.
            longest: Bytes of a reply's body at most.
        """
        assert base.raw_host is not None
        assert base.port is not None
        self._host, self._port = base.raw_host, base.port
        self._secure = base.scheme == "https"
        self._longest = longest
        self._tls: ssl.SSLContext | None = None
        self._address = base.host_port_subcomponent
        self._found: list[str] = []
        """Addresses of the host: first the one that worked last, then in the system's order."""
        self._found_at = 0.0
        self._finding: SingleFlight[asyncio.AbstractEventLoop, None] = SingleFlight()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._idle: deque[_Connection] = deque()
        """The one that was used last stands last."""
        self._open: set[_Connection] = set()

    async def send(self, method: str, target: str, body: bytes, headers: str = "") -> Response:
        """Send one request and wait for its reply.

        Args:
            method: "GET" or "POST".
            target: The path, as it is sent.
            body: JSON, or nothing.
            headers: Further header lines, each ended by CR and LF.

        Raises:
            OSError: The server cannot be reached, hung up, or speaks something else (`Garbled`).
            TooLong: The reply's body is.
        """
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self._address}\r\nUser-Agent: branchwise\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._idle.clear()
            self._open.clear()
        connection = self._kept(loop.time()) or await self._connect(loop)
        if self._closed:
            connection.drop()
            raise ConnectionError("closed by its owner")
        try:
            response = await connection.ask(loop.create_future(), head.encode() + body)
        except BaseException:
            connection.drop()
            raise
        if connection.reusable and self._loop is loop:
            connection.idle_since = loop.time()
            self._idle.append(connection)
        else:
            connection.drop()
        return response

    async def aclose(self) -> None:
        """Close every connection; requests in flight fail, and no other is sent."""
        self._closed = True
        if self._loop is asyncio.get_running_loop():
            for connection in tuple(self._open):
                connection.drop()
            await asyncio.sleep(0)  # the sockets are closed by the loop
        self._idle.clear()
        self._open.clear()

    def _kept(self, now: float) -> _Connection | None:
        """The connection that was used last, so that those which are not needed grow old and go."""
        while self._idle and now - self._idle[0].idle_since >= _IDLE_SECONDS:
            self._idle.popleft().drop()
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        if self._secure and self._tls is None:
            self._tls = ssl.create_default_context()
        failure: OSError | None = None
        addresses = await self._addresses(loop)
        for address in addresses:
            try:
                async with asyncio.timeout(None if address is addresses[-1] else _CONNECT_SECONDS):
                    _, connection = await loop.create_connection(
                        lambda: _Connection(self._open, self._longest),
                        address,
                        self._port,
                        ssl=self._tls,
                        server_hostname=self._host if self._tls else None,
                    )
            except OSError as error:
                failure = error
            else:
                self._found.sort(key=lambda one: one != address)  # the next connection begins with what works
                return connection
        self._found = []
        assert failure is not None
        raise failure

    async def _addresses(self, loop: asyncio.AbstractEventLoop) -> list[str]:
        """Where the host is; a burst of connections asks once."""
        while not self._found or loop.time() - self._found_at > _FOUND_SECONDS:
            if loop in self._finding:
                await self._finding.join(loop)
            else:
                await self._finding.lead(loop, self._find(loop))
        return list(self._found)

    async def _find(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise ConnectionError(f"`{self._host}` is no name that a host can have") from None
        if not found:
            raise ConnectionError(f"`{self._host}` has no address")
        self._found = [str(address[0]) for *_, address in found]
        self._found_at = loop.time()


class _Connection(asyncio.Protocol):
    """One connection with at most one request on it; also what its parser calls back."""

    def __init__(self, everyone: set[_Connection], longest: int) -> None:
        self.idle_since = 0.0
        self.reusable = False
        """Whether the last reply is complete and another request may follow."""
        self._everyone, self._longest = everyone, longest
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reply: asyncio.Future[Response] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._length = 0
        self._until_end = False

    def ask(self, reply: asyncio.Future[Response], message: bytes) -> asyncio.Future[Response]:
        """Send a request; `reply` is what came of it."""
        assert self._transport is not None
        self._reply, self.reusable = reply, False
        if self._transport.is_closing():
            self._fail(ConnectionResetError("the server hung up"))
        else:
            self._transport.write(message)
        return reply

    def drop(self) -> None:
        """Close at once, whatever is in flight."""
        self.reusable = self._until_end = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream, as this is a stream's protocol
        self._everyone.add(self)

    def data_received(self, data: bytes) -> None:
        if self._reply is None:
            self.drop()  # nobody has asked
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(Garbled(f"what answers does not speak HTTP/1.1 ({error})"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._everyone.discard(self)
        self.reusable = False
        if self._until_end and exc is None:
            self._complete()
        self._fail(exc or ConnectionResetError("the server hung up before it had answered"))

    def on_message_begin(self) -> None:
        if self._reply is None:
            self.reusable = False  # a second reply to one request
        self._headers, self._parts, self._length = [], [], 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        named = {name.lower() for name, _ in self._headers}
        announced = self._parser.get_status_code() < 200
        self._until_end = not announced and not named & {b"content-length", b"transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)
        self._length += len(body)
        if self._length > self._longest:
            self._fail(TooLong(f"The reply is longer than {self._longest} bytes."))

    def on_message_complete(self) -> None:
        # A status below 200 announces a reply that is to come.
        if self._parser.get_status_code() >= 200 and self._reply is not None:
            self.reusable = self._parser.should_keep_alive()
            self._complete()

    def _complete(self) -> None:
        reply, self._reply, self._until_end = self._reply, None, False
        if reply is not None and not reply.done():
            status = self._parser.get_status_code()
            reply.set_result(Response(status, tuple(self._headers), b"".join(self._parts)))

    def _fail(self, reason: Exception) -> None:
        reply, self._reply, self._until_end = self._reply, None, False
        if reply is not None and not reply.done():
            reply.set_exception(reason)
        self.drop()
