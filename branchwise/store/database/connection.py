"""The connection to a database: how each dialect is opened, and which faults that can meet."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc, pool

from branchwise.store.database.faults import explain
from branchwise.store.database.locate import in_memory, locate, missing_driver


@contextmanager
def connect(url: str | None = None, *, keep: bool = False) -> Iterator[sa.Engine]:
    """Give an engine for the database at `url`, whose schema nobody has looked at yet.

    Args:
        url: See `locate`.
        keep: Leave the engine open when all went well.

    Raises:
        StoreError: The database cannot be reached, read or written, or it is damaged.
    """
    where = locate(url)
    try:
        engine = _engine(where)
    except ImportError as error:
        raise missing_driver(where) from error
    try:
        if where.get_backend_name() == "sqlite" and not in_memory(where):
            _switch_to_wal(engine)
        yield engine
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        engine.dispose()
        raise explain(error, where) from error
    except BaseException:
        engine.dispose()
        raise
    if not keep:
        engine.dispose()


def _engine(url: sa.URL) -> sa.Engine:
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        kind = pool.StaticPool if in_memory(url) else pool.QueuePool
        engine = sa.create_engine(
            url, poolclass=kind, connect_args={"timeout": 30.0, "check_same_thread": False}
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # MySQL's default takes gap locks; both servers agree on what a committed row is.
    return sa.create_engine(url, isolation_level="READ COMMITTED", pool_recycle=1800)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout = 30000",
        "foreign_keys = ON",
        "synchronous = FULL",
        "wal_autocheckpoint = 256",
        "journal_size_limit = 1048576",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another has written.
    reading = connection.get_execution_options().get("branchwise_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _switch_to_wal(engine: sa.Engine) -> None:
    # The switch ignores the busy timeout, so processes that open a new file together would trip.
    raw = engine.raw_connection()
    try:
        for attempt in range(100):
            try:
                if raw.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                    return
            except Exception as error:
                if "locked" not in str(error) or attempt == 99:
                    raise
            time.sleep(0.05)
    finally:
        raw.close()
