"""Our HTTP client against servers that say what they like, byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from branchwise.models.connections import Connections, Garbled, TooLong

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Play = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""What a server does upon a request."""


class Server:
    """Reads requests, notes them by connection, and answers as it is told."""

    def __init__(self, play: Play) -> None:
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
                size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                request = head + await reader.readexactly(size)
                self.requests.append(request)
                await self._play(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()


@asynccontextmanager
async def talking(
    play: Play, *, longest: int = 1000, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Connections, Server]]:
    server = Server(play)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    client = Connections(URL(f"http{'s' if tls else ''}://localhost:{port}/v1"), longest=longest)
    try:
        yield client, server
    finally:
        await client.aclose()
        listening.close()
        await asyncio.wait_for(asyncio.gather(*server.serving), 5)


def saying(*replies: bytes, then: bool = True) -> Play:
    """Say these things, one a request, and close the connection after the last unless `then` it goes on."""
    left = list(replies)

    async def play(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0))
        if not left and not then:
            writer.close()

    return play


async def test_a_connection_is_used_again_and_another_opened_only_beside_it() -> None:
    async with talking(saying(*[GOOD] * 5)) as (client, server):
        for _ in range(2):
            assert (await client.send("POST", "/v1/x", b'{"a":1}')).body == b"{}"
        assert server.connections == 1
        await asyncio.gather(*(client.send("POST", "/v1/x", b"{}") for _ in range(3)))
        assert server.connections == 3


async def test_a_burst_asks_for_the_address_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, names = asyncio.get_running_loop(), []
    find = loop.getaddrinfo

    async def finding(host: str, port: int, **how: int) -> list[tuple[Any, ...]]:
        names.append(host)
        return await find(host, port, **how)

    async with talking(saying(*[GOOD] * 5)) as (client, server):
        monkeypatch.setattr(loop, "getaddrinfo", finding)
        await asyncio.gather(*(client.send("GET", "/", b"") for _ in range(5)))
        assert (server.connections, names) == (5, ["localhost"])


async def test_a_host_without_an_address_is_an_error() -> None:
    client = Connections(URL("http://nobody.invalid/v1"), longest=1)
    with pytest.raises(OSError, match=r"\S"):
        await client.send("GET", "/", b"")


async def test_what_is_sent() -> None:
    async with talking(saying(GOOD)) as (client, server):
        await client.send("POST", "/v1/a%20b", b'{"a":1}', "Authorization: Bearer k\r\n")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(one.split(": ", 1) for one in lines)
    assert (line, body) == ("POST /v1/a%20b HTTP/1.1", b'{"a":1}')
    assert headers["Host"].startswith("localhost:")
    assert headers["Content-Type"] == "application/json"
    assert (headers["Content-Length"], headers["Authorization"]) == ("7", "Bearer k")


REPLIES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nhello",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nretry-after: 7\r\n\r\n"
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    "announced": b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nRETRY-AFTER: 7\r\nContent-Length: 5\r\n\r\nhello",
    "until the end": b"HTTP/1.1 200 OK\r\nRetry-After: 7\r\n\r\nhello",
    "old": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nhello",
}


@pytest.mark.parametrize("kind", REPLIES)
@settings(deadline=None)
@given(cuts=st.lists(st.integers(1, 120), max_size=6))
def test_a_reply_reads_the_same_however_it_is_cut(kind: str, cuts: list[int]) -> None:
    async def pieces(_: bytes, writer: asyncio.StreamWriter) -> None:
        reply, ends = REPLIES[kind], sorted({*cuts, len(REPLIES[kind])})
        for begin, end in zip([0, *ends], ends, strict=False):
            writer.write(reply[begin:end])
            await asyncio.sleep(0)
        if kind in {"until the end", "old"}:
            writer.close()

    async def ask() -> None:
        async with talking(pieces) as (client, _):
            reply = await client.send("GET", "/", b"")
            assert (reply.status, reply.body, reply.header("retry-after")) == (200, b"hello", "7")
            assert reply.header("missing") is None

    asyncio.run(ask())


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nwhat",
    ],
)
async def test_what_is_no_reply_is_an_error(said: bytes) -> None:
    async with talking(saying(said)) as (client, server):
        with pytest.raises(Garbled):
            await client.send("GET", "/", b"")
        async with asyncio.timeout(5):
            await server.gone.wait()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
async def test_half_a_reply_is_an_error(said: bytes) -> None:
    async with talking(saying(said, then=False)) as (client, _):
        with pytest.raises(ConnectionError, match="hung up"):
            await client.send("GET", "/", b"")


@pytest.mark.parametrize("length", ["Content-Length: 2000\r\n\r\n", "\r\n"])
async def test_a_reply_that_is_too_long_is_cut_short(length: str) -> None:
    async with talking(saying(b"HTTP/1.1 200 OK\r\n" + length.encode() + b"x" * 1500)) as (client, server):
        with pytest.raises(TooLong, match="longer than 1000 bytes"):
            await client.send("GET", "/", b"")
        async with asyncio.timeout(5):
            await server.gone.wait()


@pytest.mark.parametrize(
    "first", [GOOD.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), GOOD + GOOD, GOOD + b"HTTP/1.1 2"]
)
async def test_a_connection_that_is_not_clean_is_not_used_again(first: bytes) -> None:
    async with talking(saying(first, GOOD)) as (client, server):
        for _ in range(2):
            assert (await client.send("GET", "/", b"")).body == b"{}"
        assert server.connections == 2


async def test_a_server_that_hung_up_meanwhile_is_called_anew() -> None:
    async def once(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(GOOD)
        writer.close()

    async with talking(once) as (client, server):
        for _ in range(2):
            await client.send("GET", "/", b"")
            await asyncio.sleep(0.05)
        assert server.connections == 2


async def test_an_old_connection_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(saying(*[GOOD] * 3)) as (client, server):
        await asyncio.gather(client.send("GET", "/", b""), client.send("GET", "/", b""))
        monkeypatch.setattr("branchwise.models.connections._IDLE_SECONDS", 0.0)
        await client.send("GET", "/", b"")
        assert server.connections == 3
        assert len(client._idle) == 1, "the others are closed, not forgotten"


async def test_a_cancelled_request_hangs_up() -> None:
    async with talking(saying(b"")) as (client, server):
        task = asyncio.create_task(client.send("GET", "/", b""))
        await server.asked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await server.gone.wait()


def test_another_event_loop_opens_its_own() -> None:
    server = Server(saying(*[GOOD] * 2))
    client: list[Connections] = []

    async def ask(loop: int) -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0 if loop == 0 else ports[0])
        if loop == 0:
            ports.append(listening.sockets[0].getsockname()[1])
            client.append(Connections(URL(f"http://127.0.0.1:{ports[0]}"), longest=9))
        async with asyncio.timeout(5):
            assert (await client[0].send("GET", "/", b"")).status == 200
        listening.close()

    ports: list[int] = []
    for number in range(2):
        asyncio.run(ask(number))
    assert server.connections == 2


async def test_closing_ends_what_is_in_flight() -> None:
    async with talking(saying(b"")) as (client, server):
        task = asyncio.create_task(client.send("GET", "/", b""))
        await server.asked()
        await client.aclose()
        with pytest.raises(ConnectionError):
            await task


async def test_half_of_an_endless_reply_is_no_reply_when_we_close() -> None:
    async with talking(saying(b"HTTP/1.1 200 OK\r\n\r\nhalf")) as (client, server):
        task = asyncio.create_task(client.send("GET", "/", b""))
        await server.asked()
        await asyncio.sleep(0.02)
        await client.aclose()
        with pytest.raises(ConnectionError):
            await task
        with pytest.raises(ConnectionError, match="closed"):
            await client.send("GET", "/", b"")


async def test_https_needs_a_certificate_that_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = Path(__file__).with_name("localhost.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with talking(saying(GOOD), tls=tls) as (client, _):
        with pytest.raises(ssl.SSLCertVerificationError):
            await client.send("GET", "/", b"")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with talking(saying(GOOD), tls=tls) as (client, _):
        assert (await client.send("GET", "/", b"")).body == b"{}"
