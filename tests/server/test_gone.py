"""Clients that hang up: upstream requests are cancelled, and what was spent is on the bill."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from benchmarks import fake_server
from branchwise.store.rows import Status
from tests.server.running import HELLO, Client, serving

SLOW = 30.0
"""Seconds that the fake server takes for an answer."""
SOON = 5.0
"""Seconds within which a cancelled request must be gone; a second on a quiet machine."""


@asynccontextmanager
async def searching(store: Path, latency: float = SLOW) -> AsyncIterator[tuple[Client, Callable[[], Any]]]:
    """A server in front of a slow one, and the slow one's own counts."""
    with fake_server.running(latency=latency, tokens=16) as upstream:
        defaults = {"model": "openai-compatible:fake", "base_url": upstream, "strategy": "best_of_n"}
        async with serving(store, defaults=defaults) as client:

            async def stats() -> dict[str, int]:
                async with client.session.get(upstream.replace("/v1", "/stats")) as reply:
                    found: dict[str, int] = await reply.json()
                    return found

            yield client, stats


async def until(stats: Callable[[], Any], true: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    end = time.monotonic() + SOON
    while not true(found := await stats()):
        assert time.monotonic() < end, found
        await asyncio.sleep(0.02)
    return dict(found)


async def the_run(client: Client) -> Any:
    async with asyncio.timeout(SOON):
        while len(client.serving.live_runs):
            await asyncio.sleep(0.02)
    [run] = await client.serving.store.runs()
    return run


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_upstream_requests_end_with_their_client(tmp_path: Path, stream: bool) -> None:
    async with searching(tmp_path / "s.sqlite") as (client, stats):
        body = {"messages": HELLO, "stream": stream}
        asking = asyncio.create_task(read(client, body))
        await until(stats, lambda now: now["in_flight"] > 0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        counted = await until(stats, lambda now: now["in_flight"] == 0)
        assert counted["cancelled"] == counted["requests"] > 0
        assert (await the_run(client)).status is Status.CANCELLED
        assert len(client.serving.live_runs) == 0


@pytest.mark.parametrize("stream", [b"false", b"true"], ids=["whole", "stream"])
async def test_a_client_that_is_gone_before_the_first_byte(tmp_path: Path, stream: bytes) -> None:
    async with searching(tmp_path / "s.sqlite") as (client, stats):
        host, port = client.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        body = b'{"messages": [{"role": "user", "content": "x"}], "stream": ' + stream + b"}"
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        async with asyncio.timeout(SOON):
            while not len(client.serving.live_runs):
                await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(SOON):
            while len(client.serving.live_runs):
                await asyncio.sleep(0.02)
        counted = await until(stats, lambda now: now["in_flight"] == 0)
        assert counted["cancelled"] == counted["requests"]


async def test_what_was_spent_in_mid_stream_is_billed(tmp_path: Path) -> None:
    async with searching(tmp_path / "s.sqlite", latency=0.3) as (client, stats):
        body = {"messages": HELLO, "stream": True, "branchwise": {"strategy": "sequential_revision"}}
        async with client.session.post(f"{client.url}/v1/chat/completions", json=body) as reply:
            async for line in reply.content:
                if b"round 1" in line:
                    break
            reply.close()
        run = await the_run(client)
        counted = await until(stats, lambda now: now["in_flight"] == 0)
        bill = await client.serving.store.usage(run.id)
    assert run.status is Status.CANCELLED
    whole = counted["requests"] - counted["cancelled"]
    assert bill.calls >= whole - 1 > 0  # one may have been answered into a connection that was being closed
    assert bill.completion_tokens > 0


async def test_a_detached_run_goes_on(tmp_path: Path) -> None:
    async with searching(tmp_path / "s.sqlite", latency=0.2) as (client, stats):
        asking = asyncio.create_task(read(client, {"messages": HELLO, "branchwise": {"detach": True}}))
        await until(stats, lambda now: now["in_flight"] > 0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        assert (await the_run(client)).status is Status.DONE


async def read(client: Client, body: Any) -> None:
    with suppress(aiohttp.ClientError):
        async with client.session.post(f"{client.url}/v1/chat/completions", json=body) as reply:
            await reply.read()
