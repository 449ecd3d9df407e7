"""Workers that wait for runs: woken on PostgreSQL, by polling elsewhere and whenever notices are lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from branchwise.graphs.runtime import worker
from branchwise.graphs.search.submit import submit
from branchwise.store.database import notices
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.graphs.search.test_worker import ASK, answering

_NEVER = 600.0
_LISTENING = "FROM pg_stat_activity WHERE query = 'LISTEN branchwise_queue' AND datname = current_database()"
_POSTGRES = [pytest.mark.postgres, pytest.mark.parametrize("url", ["postgres"], indirect=True)]


@asynccontextmanager
async def _worker(url: str) -> AsyncIterator[None]:
    """A worker that waits for runs."""
    working = asyncio.create_task(worker.work(store=url, model=answering()))
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _count(store: Store, what: str) -> int:
    return int(await store.database.aread(lambda c: c.exec_driver_sql(what).scalar_one()))


async def _solved(store: Store) -> None:
    [run_id] = await submit(["p"], store=store, **ASK)
    while (await store.run(run_id)).status is not Status.DONE:
        await asyncio.sleep(0.01)


async def _listens(store: Store) -> None:
    while not await _count(store, f"SELECT count(*) {_LISTENING}"):
        await asyncio.sleep(0.01)


class TestOnPostgres:
    """What only its notices give."""

    pytestmark = _POSTGRES

    async def test_a_run_is_picked_up_long_before_the_next_poll(
        self, store: Store, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "_POLL", _NEVER)
        async with _worker(url):
            await _listens(store)
            for _ in range(3):
                await _solved(store)

    async def test_a_worker_whose_connection_was_cut_polls(
        self, store: Store, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "_POLL", 0.1)
        monkeypatch.setattr(notices, "_AGAIN", _NEVER)
        async with _worker(url):
            await _listens(store)
            assert await _count(store, f"SELECT count(pg_terminate_backend(pid)) {_LISTENING}") == 1
            await _solved(store)
            assert await _count(store, f"SELECT count(*) {_LISTENING}") == 0


async def test_every_database_serves_a_worker_that_waits(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_POLL", 0.05)
    async with _worker(url):
        await _solved(store)
        await asyncio.sleep(0.1)
        await _solved(store)
