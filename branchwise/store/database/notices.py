"""Tell waiting workers of queued runs: NOTIFY and LISTEN, where the driver has them (docs/decisions/0082).

A notice is sent when its transaction commits, and nobody keeps it: whoever listens has to poll as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from branchwise.store.database.tables import runs

_DRIVER = "psycopg"
_CHANNEL = "branchwise_queue"
_AGAIN = 1.0
"""Seconds before the first attempt to listen again; doubled up to `_AGAIN_AT_MOST`."""
_AGAIN_AT_MOST = 60.0
_CHECK = 60.0
"""Seconds between checks of a connection that says nothing: the network may have dropped it."""
_ANSWER = 30.0
"""Seconds within which the server has to answer."""

_TELL = sa.select(sa.func.pg_notify(_CHANNEL, sa.bindparam("queue", type_=sa.String)))
_TELL_OF = sa.select(sa.func.pg_notify(_CHANNEL, runs.c.queue)).where(
    runs.c.id == sa.bindparam("run_id"), runs.c.queue.is_not(None)
)


def tell(connection: sa.Connection, queues: Iterable[str]) -> None:
    """Wake the workers of these queues when the transaction commits."""
    if connection.dialect.driver == _DRIVER:
        for queue in sorted(set(queues)):
            connection.execute(_TELL, {"queue": queue})


def tell_of(connection: sa.Connection, run_id: str) -> None:
    """Wake the workers of the run's queue, if it has one, when the transaction commits."""
    if connection.dialect.driver == _DRIVER:
        connection.execute(_TELL_OF, {"run_id": run_id})


async def listen(engine: sa.Engine, heard: Callable[[str | None], None]) -> None:
    """Listen over one connection of its own until cancelled; a lost one is replaced.

    Returns at once where there are no notices: other databases and drivers, and poolers, which pass them to nobody.

    Args:
        engine: Of the database.
        heard: Called with the queue of each notice, and with None whenever some may have been missed.
    """
    if engine.driver != _DRIVER:
        return
    driver: Any = engine.dialect.dbapi
    place, options = engine.dialect.create_connect_args(engine.url)
    options = {**options, "autocommit": True, "prepare_threshold": None}
    pause = _AGAIN
    while True:
        try:
            async with asyncio.timeout(_ANSWER):
                connection = await driver.AsyncConnection.connect(*place, **options)
            async with connection:
                async with asyncio.timeout(_ANSWER):
                    if await _is_pooled(connection):
                        return
                    await connection.execute(f"LISTEN {_CHANNEL}")
                pause = _AGAIN
                await _hear(connection, heard)
        except (driver.Error, OSError, TimeoutError):
            await asyncio.sleep(pause)
            pause = min(2 * pause, _AGAIN_AT_MOST)


async def _hear(connection: Any, heard: Callable[[str | None], None]) -> None:
    while True:
        heard(None)  # what was queued before LISTEN, or while the connection was checked
        async for notice in connection.notifies(timeout=_CHECK):
            heard(notice.payload)
        async with asyncio.timeout(_ANSWER):
            await connection.execute("SELECT 1")


async def _is_pooled(connection: Any) -> bool:
    """Whether the connection goes through a pooler; see `servers.prepare_without_pooler`."""
    found = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
    return bool(found[0] != connection.info.backend_pid)
