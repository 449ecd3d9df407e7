"""What `branchwise serve` costs: CPU and memory of the server, beside the same runs without it.

    python -m benchmarks.serve_cost --requests 50 --streams 32

A fake model answers after 50 ms. Each request is a Best-of-8 with an LLM verifier. "alone" are the same runs by `solve`
in one process, so that the difference is what HTTP adds. `benchmarks/peers/servers.py` compares with other servers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

import branchwise
from benchmarks import fake_server
from branchwise.store.store import Store

ASK: dict[str, Any] = {
    "model": "branchwise/best_of_n",
    "messages": [{"role": "user", "content": "Say something."}],
}
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int) -> float:
    """MiB of a process in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def alone(upstream: str, store: Path, requests: int) -> float:
    """CPU seconds of the runs without a server, after one that pays for imports."""
    asked: dict[str, Any] = {"task": "chat", "strategy": "best_of_n", "model": "openai-compatible:fake"}
    async with Store.opened(str(store)) as db:
        await branchwise.solve(ASK["messages"], **asked, base_url=upstream, store=db)
        began = time.process_time()
        for at in range(0, requests, 10):
            count = min(10, requests - at)
            solving = (
                branchwise.solve(ASK["messages"], **asked, base_url=upstream, store=db) for _ in range(count)
            )
            await asyncio.gather(*solving)
        return time.process_time() - began


async def post(session: aiohttp.ClientSession, url: str, *, stream: bool) -> float:
    """Seconds to the first byte of one request."""
    began = time.monotonic()
    asked = {**ASK, "stream": stream}
    async with session.post(f"{url}/v1/chat/completions", json=asked) as reply:
        await reply.content.readany()
        first = time.monotonic() - began
        await reply.read()
        reply.raise_for_status()
        return first


async def served(url: str, pid: int, requests: int, streams: int) -> dict[str, float]:
    """Measure a running server."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await post(session, url, stream=False)
        before, began = cpu(pid), time.monotonic()
        for at in range(0, requests, 10):
            asked = (post(session, url, stream=False) for _ in range(min(10, requests - at)))
            await asyncio.gather(*asked)
        spent, wall = cpu(pid) - before, time.monotonic() - began
        memory = [resident(pid)]
        firsts: list[float] = []
        for _ in range(5):
            found = await asyncio.gather(*(post(session, url, stream=True) for _ in range(streams)))
            firsts += found
            memory.append(resident(pid))
    return {
        "server_cpu_ms_per_request": 1000 * spent / requests,
        "wall_s": wall,
        "first_byte_ms_median": 1000 * sorted(firsts)[len(firsts) // 2],
        "first_byte_ms_max": 1000 * max(firsts),
        "rss_mib_before_streams": memory[0],
        "rss_mib_after_first_streams": memory[1],
        "rss_mib_after_last_streams": memory[-1],
    }


def main() -> None:
    """Measure, and print a line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--streams", type=int, default=32)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fake_server.running(latency=0.05, tokens=32) as upstream:
        command = [sys.executable, "-m", "branchwise", "serve", "--port", "0", "--json"]
        more = [
            "--store",
            f"{folder}/served.sqlite",
            "--model",
            "openai-compatible:fake",
            "--base-url",
            upstream,
        ]
        more += ["--max-runs", "64"]
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            found = asyncio.run(served(url, process.pid, wanted.requests, wanted.streams))
            process.terminate()
        without = asyncio.run(alone(upstream, Path(folder) / "alone.sqlite", wanted.requests))
    found["alone_cpu_ms_per_request"] = 1000 * without / wanted.requests
    print(json.dumps({name: round(value, 1) for name, value in found.items()}))


if __name__ == "__main__":
    main()
