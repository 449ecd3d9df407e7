from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.store.bulk import Bulk
from branchwise.store.database.dialects import upsert
from branchwise.store.database.tables import texts
from branchwise.store.errors import LeaseLost
from branchwise.store.leases import Lease
from branchwise.store.store import Status, Store
from tests.store.scripted_run import new_lease


async def test_rows_queued_together_are_sent_as_one_and_one_refused_work_takes_no_other_with_it(
    url: str,
) -> None:
    async with Store.opened(url) as store:
        lease, other = await new_lease(store), await new_lease(store)
        lost = replace(lease, epoch=lease.epoch - 1)
        insert = upsert(texts, store.database.engine.dialect.name)
        sent: list[bool] = []
        sa.event.listen(
            store.database.engine,
            "before_cursor_execute",
            lambda c, cursor, statement, p, context, many: (
                sent.append(many) if "INTO texts" in statement else None
            ),
        )

        def writing(name: str, lease: Lease) -> Bulk:
            return Bulk(lease, [(insert, [{"run_id": lease.run_id, "hash": name, "body": name}])])

        def counted(connection: sa.Connection) -> int:
            query = sa.select(sa.func.count()).where(texts.c.run_id.in_([lease.run_id, other.run_id]))
            return connection.scalar(query) or 0

        async def together(*works: Any) -> list[Any]:
            """Queue works while the writer is busy, so that they land in one transaction."""
            busy = threading.Event()
            first = store.database.submit(lambda c: busy.wait(30))
            queued: list[asyncio.Future[Any]] = [store.database.promise(work) for work in works]
            busy.set()
            await asyncio.wrap_future(first)
            return await asyncio.gather(*queued, return_exceptions=True)

        said = await together(writing("a", lease), writing("b", other), counted, writing("c", other), counted)
        assert said == [None, None, 2, None, 3]
        assert sent == [True, False]

        *fine, refused = await together(writing("d", lease), writing("e", other), writing("f", lost))
        assert fine == [None, None]
        assert isinstance(refused, LeaseLost)
        assert await store.database.aread(counted) == 5


async def test_what_comes_after_a_refused_write_is_refused_too(url: str) -> None:
    """Writes are queued without waiting for those before them, so a gap would leave a call without its cause."""
    async with Store.opened(url) as store:
        lease, other = await new_lease(store), await new_lease(store)
        insert = upsert(texts, store.database.engine.dialect.name)

        def writing(lease: Lease, body: str | None) -> asyncio.Future[None]:
            row: dict[str, object] = {"run_id": lease.run_id, "hash": f"{body}", "body": body}
            return store.database.promise(Bulk(lease, [(insert, [row])]))

        before, refused, after, beside = await asyncio.gather(
            writing(lease, "before"),
            writing(lease, None),
            writing(lease, "after"),
            writing(other, "beside"),
            return_exceptions=True,
        )
        assert (before, beside) == (None, None)
        assert isinstance(refused, sa.exc.IntegrityError)
        assert isinstance(after, LeaseLost)
        with pytest.raises(LeaseLost, match="refused a write"):
            lease.check()
        with pytest.raises(LeaseLost, match="refused a write"):
            await store.finish(lease, "an answer")
        await store.finish(lease, status=Status.PAUSED)
        again = await store.claim(lease.run_id)
        await writing(again, "after")
        await store.finish(again, "an answer")
