"""Waiting for runs on PostgreSQL: whatever queues a run wakes who waits, and what is lost costs one poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from branchwise.store.database import notices
from branchwise.store.rows import Status
from branchwise.store.runs import adopt
from branchwise.store.store import Store
from branchwise.store.wake_up import WakeUp
from tests.store.scripted_run import new_run, queued

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("url", ["postgres"], indirect=True)]
_NEVER = 600.0
_LISTENING = "FROM pg_stat_activity WHERE query = 'LISTEN branchwise_queue' AND datname = current_database()"


@asynccontextmanager
async def _waiting(store: Store, queue: str = "default") -> AsyncIterator[WakeUp]:
    """One that waits, whose connection listens already."""
    async with WakeUp(store.database, queue) as wake_up, asyncio.timeout(30):
        await wake_up.wait(_NEVER)
        yield wake_up


async def test_whatever_queues_a_run_wakes_who_waits(store: Store) -> None:
    async with _waiting(store) as wake_up:
        made = await queued(store)
        await wake_up.wait(_NEVER)
        lease = await store.claim_next()
        assert lease is not None
        await store.hand_back(lease)
        await wake_up.wait(_NEVER)
        async with store.held(await store.claim(made.id), then=Status.QUEUED):  # as an answer does
            pass
        await wake_up.wait(_NEVER)
        paused = await new_run(store)  # as a server resumes it
        await store.database.awrite(lambda c: adopt(c, paused.id, queue="default", api_key=None, spec={}))
        await wake_up.wait(_NEVER)


async def test_it_is_told_once_a_transaction_and_not_of_attempts_that_failed(store: Store) -> None:
    heard: list[str | None] = []
    listening = asyncio.create_task(notices.listen(store.database.engine, heard.append))
    async with asyncio.timeout(30):
        while heard != [None]:
            await asyncio.sleep(0.01)
        await new_run(store)  # in no queue
        rows = [store.describe(task="t", strategy="s", model="m", spec={}, id=i, queue="many") for i in "abc"]
        await store.create_runs(rows)
        await new_run(store, queue="other")
        failing = await store.claim_next("other")
        assert failing is not None
        assert await store.hand_back(failing, error="The model does not answer.") is Status.QUEUED
        await store.database.awrite(lambda c: notices.tell(c, ["end"]))
        while heard[-1] != "end":
            await asyncio.sleep(0.01)
    listening.cancel()
    assert heard == [None, "many", "other", "end"]


async def test_notices_of_other_queues_wake_nobody(store: Store) -> None:
    async with _waiting(store) as wake_up:
        await new_run(store, queue="other")
        before = asyncio.get_running_loop().time()
        await wake_up.wait(0.2)
        assert asyncio.get_running_loop().time() - before >= 0.2


async def test_a_listener_whose_connection_was_cut_listens_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_AGAIN", 0.05)
    async with _waiting(store) as wake_up:
        cut = await store.database.awrite(
            lambda c: c.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {_LISTENING}").scalars().all()
        )
        assert cut == [True]
        await wake_up.wait(_NEVER)  # it listens again, and may have missed something
        await queued(store)
        await wake_up.wait(_NEVER)


async def test_while_it_cannot_listen_it_waits_as_long_as_a_poll(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_AGAIN", _NEVER)
    async with _waiting(store) as wake_up:
        await store.database.awrite(
            lambda c: c.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {_LISTENING}").all()
        )
        await asyncio.sleep(0.1)
        await queued(store)
        async with asyncio.timeout(10):
            await wake_up.wait(0.2)
        assert await store.claim_next() is not None


async def test_it_holds_one_connection_and_none_afterwards(store: Store) -> None:
    def listening(connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql(f"SELECT count(*) {_LISTENING}").scalar_one())

    async with _waiting(store) as wake_up:
        for _ in range(3):
            await wake_up.wait(0.01)
        assert await store.database.aread(listening) == 1
    async with asyncio.timeout(10):
        while await store.database.aread(listening):
            await asyncio.sleep(0.01)
