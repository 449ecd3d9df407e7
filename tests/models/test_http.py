"""The HTTP client against servers that say what they like, byte by byte."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from branchwise.models.http import Broken, Client, Response, TooLong
from branchwise.store.errors import BadInput
from tests.models.raw_server import Play, RawServer, reply, saying, talking

GOOD = reply(b"{}")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def client_of(play: Play, **how: Any) -> AsyncIterator[tuple[Client, RawServer]]:
    async with talking(play, **how) as server:
        client = Client(URL(server.url))
        try:
            yield client, server
        finally:
            await client.aclose()


async def ask(client: Client, body: bytes = b"", longest: int = 1000, **more: Any) -> Response:
    return await client.send("POST", "x", body, {}, longest=longest, **more)


async def test_a_connection_is_used_again_and_another_opened_only_beside_it() -> None:
    async with client_of(saying(GOOD)) as (client, server):
        for _ in range(2):
            assert (await ask(client, b'{"a":1}')).body == b"{}"
        assert server.connections == 1
        await asyncio.gather(*(ask(client) for _ in range(3)))
        assert server.connections == 3
        await ask(client, fresh=True)
        assert server.connections == 4


async def test_what_is_sent() -> None:
    async with client_of(saying(GOOD)) as (client, server):
        await client.send("POST", "a%20b", b'{"a":1}', {"Authorization": "Bearer k"}, longest=9)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(one.split(": ", 1) for one in lines)
    assert (line, body) == ("POST /v1/a%20b HTTP/1.1", b'{"a":1}')
    assert headers["Host"].startswith("localhost:")
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert (headers["Content-Length"], headers["Authorization"]) == ("7", "Bearer k")


async def test_a_request_that_was_lost_on_a_kept_connection_is_told_apart() -> None:
    async def once(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(GOOD)
        await writer.drain()
        writer.close()

    stale = []
    async with client_of(once) as (client, _):
        for _number in range(30):
            try:
                await ask(client)
            except Broken as error:
                stale.append(error.stale)
                await ask(client, fresh=True)
        assert all(stale), "only a request on a kept connection may be lost so"


async def test_a_server_that_hangs_up_on_a_new_connection_is_no_stale_one() -> None:
    async with client_of(saying(b"", then=False)) as (client, _):
        with pytest.raises(Broken) as broken:
            await ask(client)
        assert not broken.value.stale


@pytest.mark.parametrize(
    ("said", "then"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello", True),
    ],
)
async def test_half_a_reply_or_none_is_an_error(said: bytes, then: bool) -> None:
    async with client_of(saying(said, then=then)) as (client, _):
        with pytest.raises(Broken, match=r"\S"):
            await ask(client)


@pytest.mark.parametrize("length", ["Content-Length: 2000\r\n\r\n", "\r\n"])
async def test_a_reply_that_is_too_long_is_cut_short(length: str) -> None:
    async with client_of(saying(b"HTTP/1.1 200 OK\r\n" + length.encode() + b"x" * 1500)) as (client, server):
        with pytest.raises(TooLong, match="longer than 1000 bytes"):
            await ask(client)
        async with asyncio.timeout(5):
            await server.gone.wait()


@pytest.mark.parametrize(
    "line", [b"X-A: " + b"a" * 2**20 + b"\r\n", b"X-A: a\r\n" * 1000, b"X-A: " + b"a" * 2**20]
)
async def test_headers_without_end_are_refused_early(line: bytes) -> None:
    async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _number in range(100):
            writer.write(line)
            await writer.drain()

    async with client_of(endless) as (client, _):
        tracemalloc.start()
        try:
            with pytest.raises(Broken):
                await asyncio.wait_for(ask(client), 10)
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()


PACKED = {
    "gzip": (gzip.compress(b'{"a": 1}'), "gzip"),
    "deflate": (zlib.compress(b'{"a": 1}'), "deflate"),
    "plain under gzip": (b'{"a": 1}', "gzip"),
    "gzip unsaid": (gzip.compress(b'{"a": 1}'), "identity"),
}


@pytest.mark.parametrize("kind", PACKED)
async def test_what_is_compressed_unasked_is_read(kind: str) -> None:
    body, coding = PACKED[kind]
    async with client_of(saying(reply(body, "200 OK", f"Content-Encoding: {coding}"))) as (client, _):
        assert (await ask(client)).body == b'{"a": 1}'


async def test_other_codings_are_named() -> None:
    async with client_of(saying(reply(b"\x0b\x02", "200 OK", "Content-Encoding: br"))) as (client, _):
        with pytest.raises(Broken, match="compressed with `br`"):
            await ask(client)


async def test_a_reply_that_unpacks_to_too_much_or_breaks_off_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 2**24)
    async with client_of(saying(reply(bomb), reply(bomb[:-9]))) as (client, _):
        with pytest.raises(TooLong, match="unpacks to more"):
            await ask(client, longest=2**20)
        with pytest.raises(Broken, match="breaks off"):
            await ask(client, longest=2**25)


async def test_a_cancelled_request_hangs_up() -> None:
    async with client_of(saying(b"")) as (client, server):
        task = asyncio.create_task(ask(client))
        await server.asked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await server.gone.wait()


async def test_a_drip_ends_with_the_callers_patience() -> None:
    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with client_of(drip) as (client, server):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(client), 0.2)
        async with asyncio.timeout(5):
            await server.gone.wait()


def test_another_event_loop_opens_its_own() -> None:
    server = RawServer(saying(GOOD))
    client: list[Client] = []

    async def one() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", ports[0] if ports else 0)
        if not ports:
            ports.append(listening.sockets[0].getsockname()[1])
            client.append(Client(URL(f"http://127.0.0.1:{ports[0]}")))
        async with asyncio.timeout(5):
            assert (await ask(client[0])).status == 200
        if server.connections == 2:
            await client[0].aclose()
        listening.close()

    ports: list[int] = []
    for _ in range(2):
        asyncio.run(one())
    assert server.connections == 2


async def test_https_needs_a_certificate_that_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = Path(__file__).with_name("localhost.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with client_of(saying(GOOD), tls=tls) as (client, _):
        with pytest.raises(Broken, match="SSL_CERT_FILE"):
            await ask(client)
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        with monkeypatch.context() as environment:
            environment.setenv(variable, str(certificate))
            async with client_of(saying(GOOD), tls=tls) as (client, _):
                assert (await ask(client)).body == b"{}"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(BadInput, match="REQUESTS_CA_BUNDLE cannot be read"):
        await ask(Client(URL("https://localhost:1/v1")))


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(saying(GOOD)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        client = Client(URL("http://models.internal.example/v1"))
        assert (await ask(client)).body == b"{}"
        await client.aclose()
        assert proxy.requests[0].startswith(b"POST http://models.internal.example/v1/x HTTP/1.1")
        monkeypatch.setenv("no_proxy", "internal.example")
        assert Client(URL("http://models.internal.example/v1")).proxy is None
        assert Client(URL("http://127.0.0.1:8000/v1")).proxy is None, "a proxy does not reach this machine"


async def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(saying(reply(b"", "403 Forbidden"))) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.removesuffix("/v1").replace("//", "//user:proxyword@"))
        client = Client(URL("https://models.internal.example/v1"))
        with pytest.raises(Broken, match="through the proxy `http://localhost") as broken:
            await ask(client)
        await client.aclose()
        assert proxy.requests[0].startswith(b"CONNECT models.internal.example:443 HTTP/1.1")
        assert "proxyword" not in str(broken.value)


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://localhost:1080")
    with pytest.raises(BadInput, match="proxy of kind `socks5`"):
        Client(URL("http://models.internal.example/v1"))
