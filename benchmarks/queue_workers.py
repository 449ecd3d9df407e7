"""Whole runs by worker processes, on a PostgreSQL of our own, with a model that takes no time.

    python -m benchmarks.queue_workers --runs 10000 --workers 1 2 4 8
    python -m benchmarks.queue_workers --pickup 50       # until a run that is queued is worked on: told, and polling
    python -m benchmarks.queue_workers --fair 30         # the same while another queue is flooded

A run is Best of 1: two calls, each with its intent and its result in the store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from benchmarks.queue_rows import milliseconds, server_cpu
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.search.submit import submit
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store import wake_up
from branchwise.store.store import Store
from tests.crash.postgres import Cluster, own_postgres

_FLOOD = 2_000
_CLAIM_TIMES = """
SELECT count(*), max(n), min(at), max(at) FROM
  (SELECT count(*) OVER (PARTITION BY run_id) AS n, at FROM run_events WHERE kind = 'finished') AS f
"""


def _model() -> Scripted:
    def answer(request: SampleRequest, seed: int) -> str:
        return "Fine.\nScore: 50" if "Score" in request.messages[-1].content else "x"

    return scripted(answer)


async def _fill(url: str, count: int, queue: str = "default") -> None:
    problems = [f"problem {i}" for i in range(count)]
    how = {"strategy": "best_of_n", "knobs": {"n": 1}, "model": "scripted:script"}
    await submit(problems, store=url, queue=queue, **how)  # type: ignore[arg-type]


async def _work(url: str, queue: str) -> None:
    """One worker process: says that it is ready, waits for a line, works, and says what it used."""
    async with Store.opened(url) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        cpu = time.process_time()
        ended = await work(store=store, model=_model(), queue=queue, until_empty=True, concurrency=16)
        print(json.dumps({"ended": ended, "cpu": time.process_time() - cpu}), flush=True)


def _process(url: str, queue: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.queue_workers", "--work", url, "--queue", queue]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def whole(cluster: Cluster, runs: int, workers: int) -> dict[str, object]:
    """Finish runs by that many worker processes."""
    asyncio.run(_fill(cluster.url, runs))
    processes = [_process(cluster.url, "default") for _ in range(workers)]
    began, served = time.perf_counter(), server_cpu(cluster.pid)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    reports = [json.loads(process.communicate()[0]) for process in processes]
    took, served = time.perf_counter() - began, server_cpu(cluster.pid) - served
    engine = sa.create_engine(cluster.url)
    with engine.connect() as connection:
        finished, most, first, last = connection.exec_driver_sql(_CLAIM_TIMES).one()
    engine.dispose()
    assert (finished, most) == (runs, 1), "each run is finished, once"
    cpu = sum(report["cpu"] for report in reports)
    return {
        "workers": workers,
        "runs": runs,
        "runs_a_second": round(runs / took, 1),
        "runs_a_second_first_to_last": round((runs - 1) / (last - first), 1),
        "worker_cpu_ms": round(cpu / runs * 1e3, 2),
        "server_cpu_ms": round(served / runs * 1e3, 2),
        "fewest_by_a_worker": min(report["ended"] for report in reports),
        "most_by_a_worker": max(report["ended"] for report in reports),
    }


async def pickup(url: str, count: int) -> dict[str, float]:
    """Queue runs one at a time for a worker that waits; from the commit until it works on the run."""
    began: asyncio.Queue[float] = asyncio.Queue()

    def watch(line: WorkerLogLine) -> None:
        if line.kind == "claimed":
            began.put_nowait(time.perf_counter())

    times = []
    async with Store.opened(url) as store:
        working = asyncio.create_task(work(store=url, model=_model(), watch=watch))
        await asyncio.sleep(1.0)
        for i in range(count):
            await submit([f"p{i}"], store=store, model="scripted:script", strategy="best_of_n")
            queued = time.perf_counter()
            times.append(max(0.0, await began.get() - queued))
            await asyncio.sleep(0.3)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    return milliseconds(times)


async def _deaf(_engine: sa.Engine, _heard: Callable[[str | None], None]) -> None:
    """Listen to nothing, as where there are no notices."""


def fair(cluster: Cluster, count: int) -> None:
    """Print how soon runs are picked up while nothing else happens, and while a worker drains a flooded queue."""
    asyncio.run(_fill(cluster.url, 1, "nobody's"))
    print(json.dumps({"flood": 0, **asyncio.run(pickup(cluster.url, count))}), flush=True)
    asyncio.run(_fill(cluster.url, _FLOOD, "flooded"))
    process = _process(cluster.url, "flooded")
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    line = {"flood": _FLOOD, **asyncio.run(pickup(cluster.url, count)), "still": process.poll() is None}
    process.kill()
    process.wait()
    print(json.dumps(line), flush=True)


def main() -> None:
    """Print one line of JSON a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--pickup", type=int, default=0)
    parser.add_argument("--fair", type=int, default=0)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--queue", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.work:
        asyncio.run(_work(wanted.work, wanted.queue))
        return
    if wanted.pickup or wanted.fair:
        with own_postgres() as cluster:
            if wanted.fair:
                fair(cluster, wanted.fair)
                return
            print(json.dumps({"told": True, **asyncio.run(pickup(cluster.url, wanted.pickup))}), flush=True)
            wake_up.listen = _deaf
            print(json.dumps({"told": False, **asyncio.run(pickup(cluster.url, wanted.pickup))}), flush=True)
        return
    for workers in wanted.workers:
        with own_postgres() as cluster:
            print(json.dumps(whole(cluster, wanted.runs, workers)), flush=True)


if __name__ == "__main__":
    main()
