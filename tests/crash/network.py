"""Workers whose way to PostgreSQL delays, stalls, breaks and moves: python -m tests.crash.network --minutes 10.

Each worker reaches the database through a proxy of its own. At the end every run must be done, and no completed call
may have been made again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from branchwise.graphs.runtime.worker import work
from branchwise.graphs.search.submit import submit
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.crash.postgres import Cluster, own_postgres, own_standby
from tests.crash.proxy import Proxy, proxied
from tests.integrations.upstream import Upstream, upstream

TTL = 2.0
"""Seconds of a lease, so that a stalled worker loses its runs."""
LATENCY = 0.3
Chaos = Callable[[Sequence[Proxy]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of it."""

    statuses: Counter[Status]
    calls: Counter[CallState]
    requests: int
    """That the model server has seen."""
    repeated: int
    """Completed calls that were made again: second completions, and requests that no record explains."""

    @property
    def well(self) -> bool:
        """Whether all runs are done and nothing was repeated."""
        return set(self.statuses) == {Status.DONE} and self.repeated == 0


async def survive(url: str, chaos: Chaos, *, runs: int, workers: int = 2, direct: str = "") -> Outcome:
    """Work on runs while `chaos` does its worst to the workers' proxies.

    Args:
        url: The database.
        chaos: Told of the proxies; when it returns they are healed.
        runs: How many.
        workers: How many, each with a proxy of its own.
        direct: The database to read at the end, if it is another one by then.
    """
    async with AsyncExitStack() as stack:
        seen = await stack.enter_async_context(upstream(LATENCY))
        await submit(
            [f"problem {i}" for i in range(runs)],
            strategy="best_of_n",
            knobs={"n": 1},
            model="openai-compatible:m",
            base_url=seen.url,
            max_attempts=100,
            store=url,
        )
        proxies = [stack.enter_context(_way(url)) for _ in range(workers)]
        tasks = [asyncio.create_task(_worker(_through(url, proxy))) for proxy in proxies]
        await chaos(proxies)
        for proxy in proxies:
            proxy.heal()
        async with asyncio.timeout(120):
            await asyncio.gather(*tasks)
        return await _outcome(direct or url, seen)


async def _worker(url: str) -> None:
    async with Store.opened(url, ttl=TTL) as store:
        await work(store=store, concurrency=6, until_empty=True)


async def _outcome(url: str, seen: Upstream) -> Outcome:
    async with Store.opened(url) as store:
        found = await store.runs()
        calls = [(run.id, call) for run in found for call in await store.calls(run.id)]
    states = Counter(call.state for _, call in calls)
    done = Counter((run_id, call.key) for run_id, call in calls if call.state is CallState.DONE)
    twice = sum(count - 1 for count in done.values())
    unexplained = len(seen.traces) - len(calls)  # each request has an intent that was committed before
    return Outcome(
        statuses=Counter(run.status for run in found),
        calls=states,
        requests=len(seen.traces),
        repeated=twice + max(0, unexplained),
    )


def _way(url: str) -> AbstractContextManager[Proxy]:
    parsed = sa.make_url(url)
    return proxied(parsed.host or "127.0.0.1", parsed.port or 5432)


def _through(url: str, proxy: Proxy) -> str:
    return sa.make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)


async def short(proxies: Sequence[Proxy]) -> None:
    """One of each, in a few seconds."""
    first, second = proxies
    first.delay = 0.03
    await asyncio.sleep(1.0)
    first.stall()
    await asyncio.sleep(1.5 * TTL)  # its leases end meanwhile
    second.cut()
    first.heal()
    await asyncio.sleep(0.5)
    second.partition()
    await asyncio.sleep(1.5 * TTL)


def at_random(seed: int, seconds: float) -> Chaos:
    """Any of them at any time, for so long."""

    async def chaos(proxies: Sequence[Proxy]) -> None:
        dice, end = random.Random(seed), time.monotonic() + seconds
        while time.monotonic() < end:
            proxy = dice.choice(proxies)
            proxy.delay = dice.choice([0.0, 0.01, 0.1])
            dice.choice([proxy.stall, proxy.cut, proxy.partition, proxy.heal])()
            await asyncio.sleep(dice.uniform(0.1, 2.0 * TTL))
            dice.choice(proxies).heal()

    return chaos


def moved(primary: Cluster, standby: Cluster) -> Chaos:
    """The primary dies in mid-work; its standby is promoted, and the workers' ways lead there."""

    async def chaos(proxies: Sequence[Proxy]) -> None:
        await asyncio.sleep(1.5)
        await asyncio.to_thread(primary.stop)
        for proxy in proxies:
            proxy.partition()
        await asyncio.to_thread(standby.promote)
        await asyncio.to_thread(
            standby.ask, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"
        )
        for proxy in proxies:
            proxy.target = ("127.0.0.1", standby.port)
            proxy.heal()

    return chaos


@contextmanager
def bouncer(url: str, port: int) -> Iterator[str]:
    """PgBouncer in transaction mode in front of a database; gives the URL through it."""
    parsed = sa.make_url(url)
    with tempfile.TemporaryDirectory(prefix="bw-bouncer-", dir="/tmp") as folder:
        place = Path(folder)
        ini = f"""[databases]
* = host={parsed.host} port={parsed.port or 5432} user={parsed.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
ignore_startup_parameters = extra_float_digits,options
"""
        (place / "bouncer.ini").write_text(ini)
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        shutil.chown(place, "postgres")
        process = subprocess.Popen(
            [program, "bouncer.ini"], cwd=place, user="postgres", stderr=subprocess.DEVNULL
        )
        try:
            time.sleep(0.5)
            yield parsed.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            process.terminate()
            process.wait(10)


async def _nightly(minutes: float, seed: int) -> bool:
    well = True
    with own_postgres() as cluster:
        found = await survive(cluster.url, at_random(seed, minutes * 60), runs=int(400 * minutes), workers=3)
        print("random", seed, found, flush=True)
        well = well and found.well
    with own_postgres() as primary, own_standby(primary) as standby:
        found = await survive(primary.url, moved(primary, standby), runs=60, direct=standby.url)
        print("standby", found, flush=True)
        primary.resume()
    return well and found.well


def main() -> int:
    """Print what came of it; the exit status is 1 if a run is stuck or a completed call was repeated."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    return int(not asyncio.run(_nightly(wanted.minutes, wanted.seed)))


if __name__ == "__main__":
    sys.exit(main())
