"""The pool against servers that answer, refuse, hang and die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from branchwise import models
from branchwise.models.pool import Pool
from branchwise.models.pool import breaker as breakers
from branchwise.models.pool.gate import QueueFull
from branchwise.models.protocol import Message, OutputFormat, Reply, SampleRequest
from branchwise.store.errors import BadInput, ModelError, Unsupported
from branchwise.store.records import Usage
from tests.models.conftest import Loopback, completion, says, serving

Servers = Callable[[int], Awaitable[list[Loopback]]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakers, "_FIRST_PAUSE", 0.05)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:

        async def start(n: int) -> list[Loopback]:
            return [await stack.enter_async_context(serving("vllm")) for _ in range(n)]

        yield start


@pytest.fixture
async def attach() -> AsyncIterator[Callable[..., Pool]]:
    opened: list[Pool] = []

    def make(those: list[Loopback], **options: Any) -> Pool:
        opened.append(Pool.attach([server.url for server in those], **options))
        return opened[-1]

    yield make
    for pool in opened:
        await pool.aclose()


def ask(text: str = "hello", **more: Any) -> SampleRequest:
    return SampleRequest(messages=(Message(role="user", content=text),), **more)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_a_pool_is_a_model(servers: Servers, attach: Callable[..., Pool]) -> None:
    pool = attach(await servers(2))
    await models.check(pool)
    assert pool.name == "pool:m"
    assert pool.capabilities.prefix
    reply = await pool.sample(ask(n=3, seed=5, prefix="so "))
    assert [sample.text for sample in reply.samples] == ["sample 5", "sample 6", "sample 7"]
    assert sum((state.usage for state in pool.states()), Usage()).calls == 1


async def test_a_pool_is_named_by_its_urls(servers: Servers) -> None:
    one, two = await servers(2)
    model = models.load(f"pool:{one.url},{two.url}#m")
    await models.check(model)
    assert (await model.sample(ask())).samples[0].text == "sample 0"
    await model.aclose()
    for spec in ("pool:", "pool:nonsense", f"pool:{one.url},{one.url}"):
        with pytest.raises(BadInput):
            models.load(spec)


async def test_servers_that_serve_several_models_need_a_name(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    those = await servers(1)
    those[0].models = web.json_response({"data": [{"id": "a"}, {"id": "b"}]})
    with pytest.raises(ModelError, match="serves `a`, `b`: name one"):
        await models.check(attach(those))


async def test_children_go_where_their_prefix_is(servers: Servers, attach: Callable[..., Pool]) -> None:
    those = await servers(3)
    pool = attach(those)
    roots = [f"Problem {i}: " + "x" * 300 for i in range(12)]
    for root in roots:
        await pool.sample(ask(root))
    for depth in range(1, 4):
        for root in roots:
            await pool.sample(ask(root, prefix=f"step {depth} " * 20 * depth))
    homes = [{body["messages"][0]["content"] for body in server.bodies} for server in those]
    assert sum(len(home) for home in homes) == len(roots), "each tree stays at one replica"
    assert sum(bool(home) for home in homes) > 1


async def test_a_crowd_spills_over(servers: Servers, attach: Callable[..., Pool]) -> None:
    those = await servers(2)
    pool = attach(those)
    await pool.sample(ask("x" * 300))
    for server in those:
        server.gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for i in range(16):
            group.create_task(pool.sample(ask("x" * 300, seed=i)))
        await _until(lambda: sum(state.requests for state in pool.states()) == 16)
        assert min(state.requests for state in pool.states()) >= 3
        for server in those:
            assert server.gate is not None
            server.gate.set()


async def test_identical_requests_in_flight_are_sent_once_and_paid_once(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    (server,) = those = await servers(1)
    pool = attach(those)
    server.gate = asyncio.Event()
    same = [asyncio.create_task(pool.sample(ask(seed=4))) for _ in range(3)]
    others = [asyncio.create_task(pool.sample(ask())) for _ in range(2)]
    await _until(lambda: len(server.bodies) == 3)
    server.gate.set()
    replies: list[Reply] = await asyncio.gather(*same)
    await asyncio.gather(*others)
    assert [reply.samples for reply in replies] == [replies[0].samples] * 3
    assert sorted(reply.usage.calls for reply in replies) == [0, 0, 1]
    assert (len(server.bodies), pool.shared) == (3, 2)
    await pool.sample(ask(seed=4))
    assert len(server.bodies) == 4, "only while in flight"


async def test_who_leaves_a_shared_request_stays_alone_with_it(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    (server,) = those = await servers(1)
    pool = attach(those)
    server.gate = asyncio.Event()
    first, second, third = (asyncio.create_task(pool.sample(ask(seed=4))) for _ in range(3))
    await _until(lambda: len(server.bodies) == 1)
    third.cancel()
    await asyncio.sleep(0.05)
    assert not server.dropped.is_set(), "nobody of those who only wait ends it"
    first.cancel()
    async with asyncio.timeout(5):
        await server.dropped.wait()
    await _until(lambda: len(server.bodies) == 2)
    server.gate.set()
    assert (await second).usage.calls == 1, "who sends it anew pays"


async def test_a_dead_replica_is_gone_round_and_comes_back(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    well, ill = those = await servers(2)
    pool = attach(those, routing="round-robin")
    ill.next = [lambda _: None] * 3
    ill.models = web.Response(status=503)
    replies = await asyncio.gather(*(pool.sample(ask(f"{i}")) for i in range(12)))
    assert len(replies) == 12
    states = {state.url: state for state in pool.states()}
    assert states[well.url].state == "closed"
    before = len(ill.bodies)
    ill.models, well.gate = None, asyncio.Event()  # somebody must be inside for the pool to look around
    held = asyncio.create_task(pool.sample(ask("held")))
    await _until(lambda: {s.url: s.state for s in pool.states()}[ill.url] == "closed")
    well.gate.set()
    await held
    await asyncio.gather(*(pool.sample(ask(f"again {i}")) for i in range(12)))
    assert len(ill.bodies) > before


async def test_a_server_error_is_answered_elsewhere(servers: Servers, attach: Callable[..., Pool]) -> None:
    one, two = those = await servers(2)
    pool = attach(those)
    for server in (one, two):
        server.next = [says(500, b"oops")]
    assert (await pool.sample(ask())).samples
    assert len(one.bodies) + len(two.bodies) == 3


async def test_a_refusal_that_speaks_of_the_request_is_not_sent_twice(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    one, two = those = await servers(2)
    pool = attach(those)
    for server in (one, two):
        server.next = [says(400, b"prompt too long")]
    with pytest.raises(ModelError, match="status 400: prompt too long"):
        await pool.sample(ask())
    assert len(one.bodies) + len(two.bodies) == 1
    assert all(state.state == "closed" for state in pool.states())


async def test_too_many_requests_slow_the_pool_down(servers: Servers, attach: Callable[..., Pool]) -> None:
    (server,) = those = await servers(1)
    pool = attach(those, limit=32, retries=20)
    server.next = [says(429, b"slow down", {"Retry-After": "0.02"})] * 4
    await asyncio.gather(*(pool.sample(ask(f"{i}")) for i in range(40)))
    (state,) = pool.states()
    assert state.limit < 32
    assert state.usage.calls == 40
    assert state.state == "closed"


async def test_a_replica_that_hangs_gives_its_requests_up(
    servers: Servers, attach: Callable[..., Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("branchwise.models.pool.replica._GRACE", 0.2)
    well, ill = those = await servers(2)
    pool = attach(those, routing="round-robin")
    for i in range(8):
        await pool.sample(ask(f"warm {i}"))
    ill.gate = asyncio.Event()  # never set: it took the request and answers no more
    async with asyncio.timeout(10):
        replies = await asyncio.gather(
            *(pool.sample(ask(f"{i}", output_format=OutputFormat(max_tokens=8))) for i in range(4))
        )
    assert len(replies) == 4
    assert ill.dropped.is_set()
    assert {state.url: state.state for state in pool.states()}[ill.url] != "closed"
    assert well.bodies


async def test_a_pool_that_cannot_answer_in_time_says_so_and_hangs_up(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    (server,) = those = await servers(1)
    pool = attach(those, timeout=0.3)
    server.gate = asyncio.Event()
    async with asyncio.timeout(5):
        with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
            await pool.sample(ask())
        await server.dropped.wait()
    server.gate.set()
    server.next = [says(429, b"slow down", {"Retry-After": "60"})]
    async with asyncio.timeout(5):
        with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
            await pool.sample(ask("while nobody is to be asked"))
    (state,) = pool.states()
    assert (state.requests, state.failures) == (0, 0)


async def test_when_all_are_dead_the_reason_is_said(attach: Callable[..., Pool]) -> None:
    pool = Pool.attach(["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"])
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:1.*127\.0\.0\.1:2"):
        await models.check(pool)
    await pool.aclose()
    with pytest.raises(ModelError, match="closed"):
        await pool.sample(ask())


async def test_the_queue_is_bounded(servers: Servers, attach: Callable[..., Pool]) -> None:
    (server,) = those = await servers(1)
    pool = attach(those, limit=2, queue=3)
    server.gate = asyncio.Event()
    calls = [asyncio.create_task(pool.sample(ask(f"{i}"))) for i in range(5)]
    await _until(lambda: pool.waiting == 3 and len(server.bodies) == 2)
    with pytest.raises(QueueFull, match="3 calls wait"):
        await pool.sample(ask("one more"))
    calls[2].cancel()
    await _until(lambda: pool.waiting == 2)
    server.gate.set()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(reply, Reply) for reply in done) == 4
    assert len(server.bodies) == 4


async def test_a_cancelled_call_hangs_up(servers: Servers, attach: Callable[..., Pool]) -> None:
    (server,) = those = await servers(1)
    pool = attach(those)
    server.gate = asyncio.Event()
    task = asyncio.create_task(pool.sample(ask()))
    await _until(lambda: len(server.bodies) == 1)
    task.cancel()
    async with asyncio.timeout(5):
        await server.dropped.wait()
    await _until(lambda: pool.states()[0].requests == 0)
    assert pool.states()[0].samples == 0


async def test_what_one_engine_cannot_do_the_pool_cannot(
    servers: Servers, attach: Callable[..., Pool]
) -> None:
    those = await servers(2)
    those[1].owner = "somebody"
    pool = attach(those)
    await pool.check()
    assert not pool.capabilities.prefix
    with pytest.raises(Unsupported, match=r"`pool:m` lacks continuing a partial reply; .*vLLM can do that"):
        await pool.sample(ask(prefix="x"))


async def test_a_poisoned_reply_is_one_failed_call(servers: Servers, attach: Callable[..., Pool]) -> None:
    (server,) = those = await servers(1)
    pool = attach(those)
    server.next = [says(200, b'{"choices": [{"mess')]
    with pytest.raises(ModelError, match="The reply cannot be read"):
        await pool.sample(ask())
    assert len(server.bodies) == 1
    assert (await pool.sample(ask())).samples
    assert pool.states()[0].failures == 1


async def test_usage_is_kept_by_replica(servers: Servers, attach: Callable[..., Pool]) -> None:
    (server,) = those = await servers(1)
    pool = attach(those)
    server.next = [lambda body: web.json_response(completion(body, 2))]
    await pool.sample(ask(n=2))
    (state,) = pool.states()
    assert replace(state.usage, seconds=0) == Usage(
        calls=1, prompt_tokens=10, cached_tokens=4, completion_tokens=6, unpriced=1
    )


async def test_there_is_one_layer_of_retries(servers: Servers, attach: Callable[..., Pool]) -> None:
    those = await servers(2)
    for server in those:
        server.next = [says(503, b"later")] * 9
    with pytest.raises(ModelError, match="status 503"):
        await attach(those, retries=3).sample(ask())
    assert sum(len(server.bodies) for server in those) == 4
