"""Idempotency-Key: attach to a running request, resume a dead one, replay a finished one."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from benchmarks import fake_server
from branchwise.models.scripted import scripted
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.server.running import HELLO, ONE, nice, serving, text_of

KEY = {"Idempotency-Key": "once"}


async def test_a_finished_request_is_replayed_without_a_call(tmp_path: Path) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        first = await client.chat(KEY, **ONE)
        calls = model.calls
        again = await client.chat(KEY, **ONE)
        streamed = await client.stream(KEY, **ONE)
        other = await client.chat({"Idempotency-Key": "another"}, **ONE)
    assert again.body["choices"] == first.body["choices"]
    assert again.body["usage"] == first.body["usage"]
    assert (again.body["id"], again.headers["x-branchwise-replayed"]) == (first.body["id"], "true")
    assert "x-branchwise-replayed" not in first.headers
    assert text_of(streamed) == first.body["choices"][0]["message"]["content"]
    assert other.body["id"] != first.body["id"]
    assert model.calls == 2 * calls


async def test_a_server_that_was_restarted_replays_too(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        first = await client.chat(KEY, **ONE)
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        again = await client.chat(KEY, **ONE)
    assert (again.body["choices"], model.calls) == (first.body["choices"], 0)


async def test_another_body_is_a_conflict(tmp_path: Path) -> None:
    model = scripted(nice, latency=0.1)
    async with serving(tmp_path / "s.sqlite", model) as client:
        running = asyncio.create_task(client.chat(KEY, **ONE))
        await asyncio.sleep(0.05)
        meanwhile = await client.chat(KEY, temperature=0.1, **ONE)
        assert (await running).status == 200
        afterwards = await client.chat(KEY, temperature=0.1, **ONE)
    for reply in (meanwhile, afterwards):
        assert (reply.status, reply.body["error"]["code"]) == (422, "idempotency_conflict")
        assert reply.headers["x-should-retry"] == "false"


async def test_requests_with_one_key_share_a_run(tmp_path: Path) -> None:
    model = scripted(nice, latency=0.2)
    async with serving(tmp_path / "s.sqlite", model) as client:
        alone = await client.chat(**ONE)
        calls = model.calls
        answers = [asyncio.create_task(client.chat(KEY, **ONE)) for _ in range(4)]
        streams = [asyncio.create_task(client.stream(KEY, **ONE)) for _ in range(2)]
        found = [(await one).body for one in answers]
        texts = [text_of(await one) for one in streams]
    assert alone.status == 200
    assert len({one["id"] for one in found}) == 1
    assert set(texts) == {found[0]["choices"][0]["message"]["content"]}
    assert model.calls == 2 * calls


async def test_a_client_that_hangs_up_leaves_a_run_that_its_key_resumes(tmp_path: Path) -> None:
    model = scripted(nice, latency=0.2)
    revise = {"branchwise": {"strategy": "sequential_revision", "knobs": {"n": 3}}}
    async with serving(tmp_path / "s.sqlite", model) as client:
        asking = asyncio.create_task(client.chat(KEY, **revise))
        while model.calls < 3:
            await asyncio.sleep(0.01)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        while len(client.serving.live_runs):
            await asyncio.sleep(0.01)
        [run] = await client.serving.store.runs()
        assert run.status is Status.PAUSED
        reply = await client.chat(KEY, **revise)
        calls = await client.serving.store.calls(run.id)
    assert reply.status == 200
    repeated = [
        key
        for key, count in Counter(one.key for one in calls if one.state is CallState.DONE).items()
        if count > 1
    ]
    assert repeated == []


async def test_two_servers_that_begin_at_once_share_one_run(tmp_path: Path) -> None:
    path, models = tmp_path / "s.sqlite", [scripted(nice, latency=0.1) for _ in range(3)]
    async with serving(path, models[0]) as one, serving(path, models[1]) as two:
        found = await asyncio.gather(*(server.chat(KEY, **ONE) for server in (one, two)))
    async with serving(tmp_path / "t.sqlite", models[2]) as alone:
        await alone.chat(KEY, **ONE)
    assert [reply.status for reply in found] == [200, 200]
    assert found[0].body["id"] == found[1].body["id"]
    assert models[0].calls + models[1].calls == models[2].calls


@contextmanager
def a_server(store: Path, upstream: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "branchwise", "serve", "--port", "0", "--json", "--store", str(store)]
    more = ["--model", "openai-compatible:fake", "--base-url", upstream, "--strategy", "sequential_revision"]
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


@pytest.mark.timeout(1200)
async def test_a_server_that_is_killed_again_and_again_still_answers(tmp_path: Path) -> None:
    rng, store, kills = random.Random(22), tmp_path / "s.sqlite", int(os.environ.get("BRANCHWISE_KILLS", "2"))
    asked = {"knobs": {"n": 12 + 12 * kills}, "budget": {"tokens": 2_000_000}}
    body = {"messages": HELLO, "branchwise": asked}
    with fake_server.running(latency=0.05, tokens=16) as upstream:
        for _ in range(kills):
            with a_server(store, upstream) as (process, url):
                asking = asyncio.create_task(_ask(url, body))
                await asyncio.sleep(rng.uniform(0.2, 0.8))
                assert not asking.done(), "the run must be longer than the test's patience"
                process.send_signal(signal.SIGKILL)
                with suppress(aiohttp.ClientError):
                    await asking
        with a_server(store, upstream) as (process, url):
            reply = await _ask(url, body)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        async with (
            aiohttp.ClientSession() as session,
            session.get(upstream.replace("/v1", "/stats")) as found,
        ):
            stats = await found.json()
    assert reply["choices"][0]["message"]["content"]
    async with Store.opened(str(store)) as db:
        [run] = await db.runs()
        calls = await db.calls(run.id)
    done = Counter(one.key for one in calls if one.state is CallState.DONE)
    unknown = sum(one.state is CallState.AMBIGUOUS for one in calls)
    assert set(done.values()) == {1}
    assert len(done) <= stats["requests"] <= len(done) + unknown
    assert unknown <= kills


async def test_a_server_that_is_told_to_end_pauses_its_runs(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    body = {"messages": HELLO, "stream": True, "branchwise": {"knobs": {"n": 40}}}
    with (
        fake_server.running(latency=0.05, tokens=16) as upstream,
        a_server(store, upstream) as (process, url),
    ):
        async with aiohttp.ClientSession() as session:
            asked = session.post(f"{url}/v1/chat/completions", json=body, headers=KEY)
            async with asked as reply:
                while b"round 1" not in await reply.content.readline():
                    pass
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                told = (await reply.read()).decode()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 8
    assert '"code":"run_stopped"' in told
    async with Store.opened(str(store)) as db:
        assert [run.status for run in await db.runs()] == [Status.PAUSED]


async def _ask(url: str, body: object) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        end = time.monotonic() + 20
        while True:
            try:
                async with session.post(f"{url}/v1/chat/completions", json=body, headers=KEY) as reply:
                    found: dict[str, Any] = await reply.json()
                    assert reply.status == 200, found
                    return found
            except aiohttp.ClientConnectorError:
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
