"""Two connections stepped through each other: whatever the second does between two statements of the first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from branchwise.store.database.connection import connect
from branchwise.store.database.schema import HEAD, migrate
from branchwise.store.database.tables import runs
from branchwise.store.errors import BranchwiseError, LeaseLost
from branchwise.store.records import Node
from branchwise.store.rows import Status
from branchwise.store.store import Lease, Store
from tests.store.scripted_run import queued

Act = Callable[[Store], Awaitable[object]]
_WAIT = 0.15
"""Seconds after which the second is taken to wait for the first."""


class _Stepper:
    """Runs `second` on a store of its own before statement number `at` of what the first store writes."""

    def __init__(self, url: str, first: Store, second: Act, at: int) -> None:
        self._url, self._second, self._at, self._seen = url, second, at, 0
        self._engine = first.database.engine
        self.thread: threading.Thread | None = None
        self.came: object = None
        sa.event.listen(self._engine, "before_cursor_execute", self._before)

    def _before(self, connection: sa.Connection, *_: object) -> None:
        if not connection.get_execution_options().get("branchwise_reading") and self.thread is None:
            self._seen += 1
            if self._seen > self._at:
                self.start().join(_WAIT)

    def start(self) -> threading.Thread:
        self.thread = threading.Thread(target=lambda: asyncio.run(self._act()))
        self.thread.start()
        return self.thread

    async def _act(self) -> None:
        try:
            async with Store.opened(self._url) as store:
                self.came = await self._second(store)
        except BranchwiseError as error:
            self.came = error

    def end(self) -> bool:
        """Wait for the second; whether it began before the first had ended."""
        sa.event.remove(self._engine, "before_cursor_execute", self._before)
        between = self.thread is not None
        (self.thread or self.start()).join(60)
        return between


async def _stepped(
    url: str, prepare: Act, first: Act, second: Act, check: Callable[..., Awaitable[None]]
) -> None:
    async with Store.opened(url) as store:
        between, at = True, 0
        while between:
            await store.database.awrite(lambda c: c.execute(sa.delete(runs)) and None)
            await prepare(store)
            async with Store.opened(url) as own:
                stepper = _Stepper(url, own, second, at)
                try:
                    came: object = await first(own)
                except BranchwiseError as error:
                    came = error
                between = await asyncio.to_thread(stepper.end)
            await check(store, came, stepper.came)
            at += 1
        assert at > 2


async def _old(store: Store) -> None:
    await queued(store, id="victim")
    await store.cancel("victim")
    await store.database.awrite(lambda c: c.execute(sa.update(runs).values(created=1.0)) and None)


async def _waiting(store: Store) -> None:
    await queued(store, id="victim")


async def _claim(store: Store) -> Lease:
    return await store.claim("victim")


async def _prune(store: Store) -> list[str]:
    return await store.prune(older_than=10)


async def test_prune_and_resume(url: str) -> None:
    async def check(store: Store, pruned: object, lease: object) -> None:
        left = await store.runs()
        assert bool(left) is isinstance(lease, Lease), (pruned, lease)
        assert pruned == ([] if left else ["victim"])
        if isinstance(lease, Lease):
            await store.add_nodes(lease, [Node(id="0.0", parent="0")])

    async def other_way(store: Store, lease: object, pruned: object) -> None:
        await check(store, pruned, lease)

    await _stepped(url, _old, _prune, _claim, check)
    await _stepped(url, _old, _claim, _prune, other_way)


async def test_two_prunes(url: str) -> None:
    async def check(store: Store, one: object, two: object) -> None:
        assert await store.runs() == []
        assert sorted([one, two], key=str) == [["victim"], []] or sorted([one, two], key=str) == [
            [],
            ["victim"],
        ]

    await _stepped(url, _old, _prune, _prune, check)


async def test_cancel_and_claim(url: str) -> None:
    async def cancel(store: Store) -> object:
        return await store.cancel("victim")

    async def claim_next(store: Store) -> object:
        return await store.claim_next()

    async def check(store: Store, _cancelled: object, lease: object) -> None:
        run = await store.run("victim")
        assert run.status is Status.CANCELLED
        kinds = [event.kind for event in await store.events("victim")]
        assert kinds.count("cancelled") == 1
        if isinstance(lease, Lease):
            with pytest.raises(LeaseLost):
                await store.add_nodes(lease, [Node(id="0.0", parent="0")])
            assert run.epoch == lease.epoch + 1
            assert [event.epoch for event in await store.events("victim")] == [0, 1, 2]

    async def other_way(store: Store, lease: object, cancelled: object) -> None:
        await check(store, cancelled, lease)

    await _stepped(url, _waiting, cancel, claim_next, check)
    await _stepped(url, _waiting, claim_next, cancel, other_way)


async def test_two_claims(url: str) -> None:
    async def claim_next(store: Store) -> object:
        return await store.claim_next()

    async def check(store: Store, *came: object) -> None:
        assert sum(isinstance(one, Lease) for one in came) == 1
        run = await store.run("victim")
        assert (run.status, run.epoch, run.attempts) == (Status.RUNNING, 1, 0)

    await _stepped(url, _waiting, claim_next, claim_next, check)


async def test_import_and_import_and_prune(url: str) -> None:
    async with Store.opened(url) as store:
        await _old(store)
        text = await store.export("victim")

    async def restore(store: Store) -> object:
        return await store.restore(text)

    async def nothing(store: Store) -> None:
        pass

    async def once(store: Store, one: object, two: object) -> None:
        assert [run.id for run in await store.runs()] == ["victim"]
        [lost] = [str(came) for came in (one, two) if isinstance(came, BranchwiseError)]
        assert "There is a run `victim` already" in lost

    async def kept_or_gone(store: Store, imported: object, pruned: object) -> None:
        assert getattr(imported, "id", None) == "victim"
        assert bool(await store.runs()) is (pruned == [])

    await _stepped(url, nothing, restore, restore, once)
    await _stepped(url, nothing, restore, _prune, kept_or_gone)


async def test_upgrade_and_claim_and_another_upgrade(url: str) -> None:
    with connect(url) as engine:
        migrate(engine, "0006")
    others: list[object] = []

    def upgrade_too() -> None:
        try:
            with connect(url) as engine:
                others.append(migrate(engine))
        except Exception as error:
            others.append(error)

    thread = threading.Thread(target=upgrade_too)

    def start(*_: object) -> None:
        if not thread.ident:
            thread.start()
            thread.join(_WAIT)

    with connect(url) as engine:
        sa.event.listen(engine, "before_cursor_execute", start)
        assert migrate(engine) == "0006"
    thread.join(60)
    assert others in (["0006"], [HEAD])
    async with Store.opened(url) as store:
        await _waiting(store)
        assert await store.claim_next() is not None
