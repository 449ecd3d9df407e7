"""Leases on SQLite, where each machine has its own clock: who takes over must have watched."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from branchwise.store import silence
from branchwise.store.database.tables import runs
from branchwise.store.errors import LeaseLost
from branchwise.store.store import Store
from tests.store.scripted_run import queued

_HOLD = """
import asyncio, sys, time
from branchwise.store.store import Store
async def main():
    async with Store.opened(sys.argv[1], ttl=float(sys.argv[2])) as store:
        lease = await store.claim_next()
        async with store.held(lease):
            print("held", flush=True)
            await asyncio.Event().wait()
asyncio.run(main())
"""


@contextmanager
def _held_elsewhere(url: str, ttl: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _HOLD, url, str(ttl)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "held\n"
        try:
            yield worker
        finally:
            worker.kill()


async def _shift(store: Store, seconds: float) -> None:
    """As this machine's clock sees it when it is fast by so much: every lease is long over."""
    await store.database.awrite(
        lambda c: (
            c.execute(
                sa.update(runs).values(lease_until=runs.c.lease_until - seconds, seen=runs.c.seen - seconds)
            )
            and None
        )
    )


async def test_a_clock_that_is_ten_minutes_fast_steals_nothing(sqlite_url: str) -> None:
    async with Store.opened(sqlite_url, ttl=1.5) as store:
        run = await queued(store)
        with _held_elsewhere(sqlite_url, 1.5):
            until = time.monotonic() + 4
            while time.monotonic() < until:
                await _shift(store, 600)
                assert await store.claim_next() is None
                await asyncio.sleep(0.05)
            await _shift(store, 600)
            with pytest.raises(LeaseLost):
                await store.claim(run.id)
            assert (await store.run(run.id)).epoch == 1


async def test_a_worker_of_this_machine_that_has_died_is_replaced_at_once(sqlite_url: str) -> None:
    async with Store.opened(sqlite_url) as store:
        await queued(store)
        with _held_elsewhere(sqlite_url, 60) as worker:
            assert await store.claim_next() is None
            worker.kill()
            worker.wait()
            lease = await store.claim_next()
            assert lease is not None
            assert lease.epoch == 2


async def test_a_worker_elsewhere_is_replaced_after_a_lease_of_silence_that_was_seen(sqlite_url: str) -> None:
    async with Store.opened(sqlite_url, ttl=60) as store:
        run = await queued(store)
        silence._seen.clear()

        def left(connection: sa.Connection) -> None:
            """What a worker of another machine left, whose clock was an hour slow; its leases last 0.6 seconds."""
            values = {"status": "running", "owner": "other:host/7/8/x", "epoch": 1}
            then = time.time() - 3600
            connection.execute(sa.update(runs).values(lease_until=then + 0.6, seen=then, **values))

        await store.database.awrite(left)
        assert await store.claim_next() is None  # seen for the first time
        await asyncio.sleep(0.3)
        assert await store.claim_next() is None
        await asyncio.sleep(0.4)
        lease = await store.claim_next()
        assert lease is not None
        assert (lease.epoch, (await store.run(run.id)).attempts) == (2, 1)
        await store.database.awrite(left)
        silence._seen.clear()
        began = time.monotonic()
        assert (await store.claim(run.id)).epoch == 2  # by name: it is watched for as long
        assert time.monotonic() - began > 0.5


def test_what_is_remembered_is_bounded() -> None:
    for number in range(silence._MOST + 50):
        silence.heard(f"r{number}", 1, 0.0)
    assert len(silence._seen) == silence._MOST
    silence._seen.clear()
