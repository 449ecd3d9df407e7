"""50 chat requests through `branchwise serve`, optillm's proxy and its-hub's server, in turns, on a model of 50 ms.

    python -m benchmarks.peers.servers --its ENV --optillm ENV

Best-of-8 for branchwise and optillm, whose model rates each sample; its-hub's server knows self-consistency only, so
8 samples and a vote, which branchwise does beside it. Each server starts in an empty folder of its own, which is also
its home, so that what it stores can be counted. CPU is that of the server's processes. What a server adds is its CPU
less that of the same work without it: for branchwise the same runs by `solve` in one process, for the others a bare
aiohttp client that sends the same requests upstream.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

import branchwise
from benchmarks import fake_server
from benchmarks.peers.server_process import ServerProcess, branchwise_serve, its_hub, optillm
from branchwise.models import load
from branchwise.store.store import Store

HERE = Path(__file__).parent
N = 8
BUDGET = 50_000
"""Tokens of a run: what `branchwise serve` gives a request."""
RATE = "Rate the above response on a scale from 0 to 10, where 10 is the best, and answer with a number only."
"""A request of the length of optillm's."""
Work = Callable[[Sequence[str]], Awaitable[None]]


@dataclass(kw_only=True)
class Client:
    """One way to have the problems answered."""

    name: str
    work: Work
    server: ServerProcess | None = None
    """None where the work is done in this process."""
    rows: list[dict[str, float]] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of CPU so far: of the server, or of this process."""
        return time.process_time() if self.server is None else self.server.cpu()


def problems(count: int, salt: str) -> list[str]:
    """Questions that differ from all others."""
    return [f"{salt} {i}: plan a journey through five towns and name them in order." for i in range(count)]


def put(problem: str) -> list[dict[str, Any]]:
    """A conversation that asks a question."""
    return [{"role": "user", "content": problem}]


async def post(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> list[str]:
    """The texts that answer a request."""
    async with session.post(f"{url}/chat/completions", json=body) as reply:
        assert reply.status == 200, await reply.text()
        said = json.loads(await reply.read())
    return [str(choice["message"]["content"]) for choice in said["choices"]]


async def through(session: aiohttp.ClientSession, url: str, model: str, asked: Sequence[str]) -> None:
    """Ask a server everything at once."""
    bodies = [{"model": model, "messages": put(problem)} for problem in asked]
    found = await asyncio.gather(*(post(session, url, body) for body in bodies))
    assert all(len(texts) == 1 and texts[0] for texts in found)


async def bare_best(session: aiohttp.ClientSession, upstream: str, asked: Sequence[str]) -> None:
    """The requests that optillm's best-of-n sends: n samples in one, then a rating of each."""

    async def one(problem: str) -> None:
        texts = await post(session, upstream, {"model": "fake", "n": N, "messages": put(problem)})
        for text in texts:
            said = [*put(problem), {"role": "assistant", "content": text}, *put(RATE)]
            await post(session, upstream, {"model": "fake", "messages": said, "max_tokens": 256})

    await asyncio.gather(*map(one, asked))


async def bare_vote(session: aiohttp.ClientSession, upstream: str, asked: Sequence[str]) -> None:
    """The requests that its-hub's self-consistency sends: n of one sample each."""
    bodies = [{"model": "fake", "messages": put(problem)} for problem in asked for _ in range(N)]
    await asyncio.gather(*(post(session, upstream, body) for body in bodies))


async def alone(store: Store, model: Any, strategy: str, asked: Sequence[str]) -> None:
    """The same runs as the server's, without it."""
    common: dict[str, Any] = {
        "task": "chat",
        "strategy": strategy,
        "budget": BUDGET,
        "model": model,
        "store": store,
    }
    found = await asyncio.gather(*(branchwise.solve(put(problem), **common) for problem in asked))
    assert all(result.text for result in found)


async def measure(given: argparse.Namespace, stack: ExitStack) -> dict[str, Any]:
    """Take turns."""
    upstream = stack.enter_context(fake_server.running(latency=given.latency, tokens=32))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    waiting = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=waiting) as session,
        Store.opened(str(folder / "alone.sqlite")) as store,
    ):
        model = load("openai-compatible:fake", base_url=upstream)
        clients = []
        for strategy in ("best_of_n", "self_consistency"):
            server = stack.enter_context(branchwise_serve(folder / strategy, upstream))
            ask = partial(through, session, server.url, f"branchwise/{strategy}")
            clients.append(Client(name=f"branchwise serve, {strategy}", work=ask, server=server))
            clients.append(
                Client(
                    name=f"the same runs by solve, {strategy}", work=partial(alone, store, model, strategy)
                )
            )
        if given.optillm:
            server = stack.enter_context(optillm(given.optillm, folder / "optillm", upstream, N))
            clients.append(
                Client(
                    name="optillm's proxy, bon",
                    work=partial(through, session, server.url, "bon-fake"),
                    server=server,
                )
            )
            clients.append(
                Client(name="bare client, optillm's requests", work=partial(bare_best, session, upstream))
            )
        if given.its:
            server = stack.enter_context(its_hub(given.its, folder / "its", upstream, N))
            clients.append(
                Client(
                    name="its-hub's server, self-consistency",
                    work=partial(through, session, server.url, "fake"),
                    server=server,
                )
            )
            clients.append(
                Client(name="bare client, its-hub's requests", work=partial(bare_vote, session, upstream))
            )
        gc.freeze()
        gc.set_threshold(200_000, 20, 20)  # as branchwise's own commands do
        for client in clients:
            await client.work(problems(given.requests, "warm"))
        for repeat in range(given.repeats):
            # Forwards, then backwards: a machine that grows busier meanwhile favours none.
            for client in clients if repeat % 2 == 0 else reversed(clients):
                await _turn(client, session, upstream, problems(given.requests, f"repeat {repeat}"))
        await model.aclose()
        versions: dict[str, str] = {}
        for client in clients:
            if client.server is not None:
                versions |= client.server.versions()
        asked = given.requests * (given.repeats + 1)
        return {
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
            "machine": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, Python {platform.python_version()}",
            "requests": given.requests,
            "n": N,
            "latency": given.latency,
            "repeats": given.repeats,
            "versions": versions,
            "clients": [_summary(client, given.requests, asked) for client in clients],
        }


async def _turn(client: Client, session: aiohttp.ClientSession, upstream: str, asked: Sequence[str]) -> None:
    at = upstream.removesuffix("/v1")
    async with session.post(f"{at}/reset") as reply:
        await reply.read()
    cpu, wall = client.cpu(), time.perf_counter()
    await client.work(asked)
    row = {"seconds": time.perf_counter() - wall, "cpu": client.cpu() - cpu}
    async with session.get(f"{at}/stats") as reply:
        counted = json.loads(await reply.read())
    client.rows.append(row | {"upstream": counted["requests"], "peak": counted["peak_requests"]})
    print(json.dumps({"client": client.name, **client.rows[-1]}), file=sys.stderr, flush=True)


def _summary(client: Client, requests: int, asked: int) -> dict[str, Any]:
    def median(name: str, scale: float = 1.0) -> float:
        return round(statistics.median(row[name] for row in client.rows) * scale, 3)

    found: dict[str, Any] = {
        "client": client.name,
        "seconds": median("seconds"),
        "least_seconds": round(min(row["seconds"] for row in client.rows), 3),
        "cpu_ms_a_request": median("cpu", 1e3 / requests),
        "all_cpu_ms": [round(row["cpu"] * 1e3 / requests, 1) for row in client.rows],
        "upstream": int(median("upstream")),
        "at_once": int(max(row["peak"] for row in client.rows)),
    }
    if client.server is not None:
        found |= {
            "rss_mib": round(client.server.resident()),
            "stored_kib_a_request": round(client.server.stored() / 1024 / asked, 1),
        }
    return found


def added(clients: Sequence[dict[str, Any]]) -> dict[str, float]:
    """CPU in milliseconds a request that each server adds: medians over repeats of its own less those without it."""
    pairs = zip(clients[::2], clients[1::2], strict=True)
    return {
        server["client"]: round(
            statistics.median(a - b for a, b in zip(server["all_cpu_ms"], less["all_cpu_ms"], strict=True)), 1
        )
        for server, less in pairs
    }


def main() -> None:
    """Measure and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("its", "optillm"):
        parser.add_argument(f"--{name}", type=Path, help="its virtual environment; left out without one")
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=HERE / "servers.json")
    given = parser.parse_args()
    with ExitStack() as stack:
        found = asyncio.run(measure(given, stack))
    found["added_cpu_ms_a_request"] = added(found["clients"])
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["added_cpu_ms_a_request"]))


if __name__ == "__main__":
    main()
