from __future__ import annotations

import asyncio
import threading
from typing import Any

import sqlalchemy as sa

from branchwise.store.bulk import Bulk
from branchwise.store.errors import LeaseLost
from branchwise.store.store import Store
from branchwise.store.tables import texts
from branchwise.store.upsert import upsert
from tests.store.scripted_run import new_run


def _free(connection: sa.Connection) -> None: ...


def _lost(connection: sa.Connection) -> None:
    raise LeaseLost("taken over")


async def test_rows_queued_together_are_sent_as_one_and_one_refused_work_takes_no_other_with_it(
    url: str,
) -> None:
    async with Store.opened(url) as store:
        run_id = (await new_run(store)).id
        insert = upsert(texts, store.database.engine.dialect.name)
        sent: list[bool] = []
        sa.event.listen(
            store.database.engine,
            "before_cursor_execute",
            lambda c, cursor, statement, p, context, many: (
                sent.append(many) if "INTO texts" in statement else None
            ),
        )

        def writing(name: str, guard: Any = _free) -> Bulk:
            return Bulk(guard, [(insert, [{"run_id": run_id, "hash": name, "body": name}])])

        def counted(connection: sa.Connection) -> int:
            query = sa.select(sa.func.count()).where(texts.c.run_id == run_id)
            return connection.scalar(query) or 0

        async def together(*works: Any) -> list[Any]:
            """Queue works while the writer is busy, so that they land in one transaction."""
            busy = threading.Event()
            first = store.database.submit(lambda c: busy.wait(30))
            queued: list[asyncio.Future[Any]] = [store.database.promise(work) for work in works]
            busy.set()
            await asyncio.wrap_future(first)
            return await asyncio.gather(*queued, return_exceptions=True)

        said = await together(writing("a"), writing("b"), counted, writing("c"), counted)
        assert said == [None, None, 2, None, 3]
        assert sent == [True, False]

        *fine, refused = await together(writing("d"), writing("e"), writing("f", _lost))
        assert fine == [None, None]
        assert isinstance(refused, LeaseLost)
        assert await store.database.aread(counted) == 5
