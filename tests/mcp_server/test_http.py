"""MCP over HTTP, in the server beside OpenAI's API: both protocol eras, keys and owners, and gone clients."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from branchwise.mcp_server.http import mounted
from branchwise.models.scripted import scripted
from tests.mcp_server.running import ASKED, called, refused, until_over
from tests.server.running import a_key, nice, serving

Mode = Literal["auto", "legacy"]


@asynccontextmanager
async def connected(url: str, headers: Mapping[str, str], mode: Mode = "auto") -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_key_sees_its_own_runs_only(tmp_path: Path, mode: Mode) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path / "s.sqlite", mcp=mounted))
        db = server.serving.store
        (mine, my_header), (_, other_header) = await a_key(db), await a_key(db)
        me = await stack.enter_async_context(connected(server.url, my_header, mode))
        other = await stack.enter_async_context(connected(server.url, other_header, mode))
        told: list[str | None] = []

        async def notice(progress: float, total: float | None, message: str | None) -> None:
            told.append(message)

        reply = await me.call_tool("solve", ASKED, progress_callback=notice)
        assert reply.structured_content is not None
        run_id = reply.structured_content["run_id"]
        assert (await db.run(run_id)).api_key == mine
        assert any("samples" in (message or "") for message in told)
        calls = {
            "status": {}, "result": {}, "answer": {"value": 1}, "cancel": {}, "fork": {}, "explain": {}
        }  # fmt: skip
        for tool, more in calls.items():
            assert "There is no run" in await refused(other, tool, run_id=run_id, **more), tool
        for part in ("", "/tree", "/why", "/node/0"):
            with pytest.raises(MCPError, match="There is no run"):
                await other.read_resource(f"branchwise://runs/{run_id}{part}")
        for client, runs in ((me, 1), (other, 0)):
            [content] = (await client.read_resource("branchwise://runs")).contents
            assert str(getattr(content, "text", "")).count('"run_id"') == runs
        seen = await server.get(f"/v1/runs/{run_id}", my_header)
        assert (seen.status, seen.body["status"]) == (200, "done")


async def test_whatever_two_keys_do_each_sees_its_own_runs(tmp_path: Path) -> None:
    draw = random.Random(7)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path / "s.sqlite", mcp=mounted))
        headers = [(await a_key(server.serving.store))[1] for _ in range(2)]
        clients = [await stack.enter_async_context(connected(server.url, one)) for one in headers]
        owned: list[list[str]] = [[], []]
        for _ in range(12):
            who, tool = draw.randrange(2), draw.choice(["solve", "submit", "fork"])
            # The keys use the same idempotency keys; a fork is tried of everybody's runs.
            if tool == "fork":
                for run_id in owned[1 - who][-1:]:
                    await refused(clients[who], "fork", run_id=run_id)
                for run_id in owned[who][-1:]:
                    if (await until_over(clients[who], run_id))["status"] == "done":
                        owned[who].append((await called(clients[who], "fork", run_id=run_id))["run_id"])
                continue
            found = await called(clients[who], tool, **ASKED, key=f"key {draw.randrange(3)} {tool}")
            owned[who].append(found["run_id"])
        assert owned[0]
        assert owned[1]
        assert not set(owned[0]) & set(owned[1])
        for who, client in enumerate(clients):
            for run_id in owned[1 - who]:
                assert "There is no run" in await refused(client, "status", run_id=run_id)
            for run_id in owned[who]:
                assert (await called(client, "status", run_id=run_id))["run_id"] == run_id


async def test_mcp_needs_a_key_and_refuses_pages_of_other_sites(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", mcp=mounted) as server:
        listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accept = {"accept": "application/json, text/event-stream"}
        page = await server.post("/mcp", listing, {**accept, "origin": "http://evil.example"})
        rebound = await server.post("/mcp", listing, {**accept, "host": "evil.example"})
        await a_key(server.serving.store)
        keyless = await server.post("/mcp", listing, accept)
    assert (page.status, page.body["error"]["code"]) == (403, "origin_not_allowed")
    assert (rebound.status, rebound.body["error"]["code"]) == (403, "host_not_allowed")
    assert (keyless.status, keyless.body["error"]["code"]) == (401, "invalid_api_key")


async def test_without_the_extra_there_is_no_such_address(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as server:
        assert (await server.post("/mcp", {})).status == 404


async def test_a_keys_limits_hold(tmp_path: Path) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model, mcp=mounted) as server:
        _, header = await a_key(server.serving.store, tokens=10_000, models=["branchwise/best_of_n"])
        async with connected(server.url, header) as client:
            found = await called(client, "solve", **ASKED, tokens=2_000)
            budget = (await server.get(f"/v1/runs/{found['run_id']}", header)).body["budget"]
            strategy = await refused(client, "solve", problem="x", strategy="beam_search")
        spent = (await server.get(f"/v1/runs/{found['run_id']}", header)).body["usage"]["total_tokens"]
    assert budget["tokens"] == 2_000
    assert 0 < spent <= 2_000
    assert "may not use" in strategy


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_that_hangs_up_stops_its_search(tmp_path: Path, mode: Mode) -> None:
    model = scripted(nice, latency=60)

    async def ask(url: str) -> None:
        async with connected(url, {}, mode) as client:
            await client.call_tool("solve", ASKED)

    async with serving(tmp_path / "s.sqlite", model, mcp=mounted) as server, asyncio.timeout(20):
        asking = asyncio.create_task(ask(server.url))
        while not model.calls:
            await asyncio.sleep(0.02)
        asking.cancel()
        await asyncio.wait([asking])
        while [run.status for run in await server.serving.store.runs()] != ["cancelled"]:
            await asyncio.sleep(0.05)
