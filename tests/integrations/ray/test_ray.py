"""Workers as actors on a real Ray of this machine: `make test-ray`, in an environment of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from branchwise.graphs.search.submit import submit
from branchwise.integrations.ray.driver import Cluster, work_on_ray
from branchwise.integrations.ray.problems import map_problems
from branchwise.integrations.ray.sizing import CrewSize
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.integrations.upstream import Upstream, upstream
from tests.store.conftest import SERVERS

ray = pytest.importorskip("ray", reason="make test-ray has Ray in an environment of its own")
ROOT = Path(__file__).parents[3]
pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]


@pytest.fixture(scope="module", autouse=True)
def local() -> Iterator[None]:
    os.environ |= {"RAY_AUTH_MODE": "disabled", "RAY_worker_niceness": "0"}  # a busy machine starves others
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def url() -> Iterator[str]:
    server = sa.create_engine(SERVERS["postgres"], isolation_level="AUTOCOMMIT")
    name = f"bw_ray_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@asynccontextmanager
async def queued(url: str, runs: int) -> AsyncIterator[tuple[Store, Upstream, dict[str, object]]]:
    async with upstream() as seen, Store.opened(url) as store:
        await submit(
            [f"problem {i}" for i in range(runs)],
            strategy="best_of_n",
            knobs={"n": 1},
            model="openai-compatible:m",
            base_url=seen.url,
            store=store,
        )
        yield store, seen, {"store": url, "queue": "default", "concurrency": 8, "ttl": 5.0}


async def check(store: Store, seen: Upstream, runs: int) -> None:
    found = await store.runs()
    assert Counter(run.status for run in found) == {Status.DONE: runs}
    calls = [(run.id, call) for run in found for call in await store.calls(run.id)]
    states = Counter(call.state for _, call in calls)
    done = Counter((run_id, call.key) for run_id, call in calls if call.state is CallState.DONE)
    assert set(done.values()) == {1}
    assert done.total() == states[CallState.DONE] >= runs
    # Every request beyond the completed calls is one whose outcome is not known.
    assert done.total() <= len(seen.traces) <= done.total() + states[CallState.AMBIGUOUS]


def actors() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if _works(one)]


def _works(process: psutil.Process) -> bool:
    try:
        return "ray::WorkerActor" in " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return False


async def test_actors_come_and_go_and_a_killed_one_costs_no_completed_call(url: str) -> None:
    said: list[str] = []
    async with queued(url, 300) as (store, seen, options):
        cluster = Cluster(address="auto", cpus=0.25, period=1.0)
        size = CrewSize(least=0, most=2, concurrency=8)
        job = asyncio.create_task(work_on_ray(options, size, cluster, say=said.append))
        while len(seen.traces) < 150:
            await asyncio.sleep(0.1)
        assert len(actors()) == 2
        actors()[0].kill()
        while await store.open_in():
            await asyncio.sleep(0.5)
        async with asyncio.timeout(60):
            while actors():
                await asyncio.sleep(0.5)
        assert not job.done()
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        assert "2 actors" in said
        assert said[-1] == "0 actors"
        assert any("died" in line or "gone" in line for line in said)
        await check(store, seen, 300)


async def test_a_driver_that_is_told_to_end_hands_its_runs_back(url: str) -> None:
    async with queued(url, 60) as (store, seen, options):
        command = [sys.executable, "-m", "branchwise", "worker", "--engine", "ray", "--actors", "2"]
        command += ["--address", "auto", "--concurrency", "4", "--lease", "60"]
        environment = {**os.environ, "BRANCHWISE_STORE": url}
        driver = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        while len(seen.traces) < 20:
            await asyncio.sleep(0.05)
        driver.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(driver.wait(), 60) == 0
        left = Counter(run.status for run in await store.runs())
        assert left[Status.RUNNING] == 0
        assert left[Status.QUEUED] > 0
        await work_on_ray(
            options,
            CrewSize(least=1, most=1, concurrency=8),
            Cluster(address="auto", period=0.5),
            until_empty=True,
        )
        await check(store, seen, 60)


async def test_rows_of_ray_data_are_solved_once(url: str) -> None:
    data = pytest.importorskip("ray.data")
    async with upstream() as seen:
        rows = [{"problem": f"problem {i}", "number": i} for i in range(12)]
        search: dict[str, Any] = {"model": "openai-compatible:m", "strategy": "best_of_n"}

        def solve() -> list[dict[str, object]]:
            solved = map_problems(data.from_items(rows), store=url, batch_size=4, base_url=seen.url, **search)
            return sorted(solved.take_all(), key=lambda row: int(row["number"]))

        first = await asyncio.to_thread(solve)
        asked = len(seen.traces)
        again = await asyncio.to_thread(solve)
    assert [row["problem"] for row in first] == [row["problem"] for row in rows]
    assert all(str(row["run"]).startswith("ray-") for row in first)
    assert [(row["run"], row["answer"]) for row in again] == [(row["run"], row["answer"]) for row in first]
    assert len(seen.traces) == asked > 12
