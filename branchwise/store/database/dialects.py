"""Differences between SQLite, PostgreSQL, MariaDB and MySQL; no other module depends on the dialect."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event, pool
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from branchwise.store.database import servers
from branchwise.store.errors import StoreError

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_MYSQL = ("mysql", "mariadb")
_LOCK = 0x6272616E6368
"""The id of the advisory lock for schema changes: arbitrary, equal in every process and release."""
_LOCK_SECONDS = 60
_SQLITE_SECONDS = 30.0  # that a connection waits for another process's transaction

IN_MEMORY = "sqlite://"
"""The URL of a database that lives in this process only."""
WITHOUT_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}
"""Options of a table whose rows are its key's own index: half the pages to write."""
LONG_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)
COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # counted up by the database


def where(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Options of an index over the rows that meet `condition`, where the database has such indexes."""
    return {"sqlite_where": condition, "postgresql_where": condition}


def name_type(dialect: sa.Dialect, length: int) -> sa.types.TypeEngine[str]:
    """A text of at most `length` characters, compared and sorted by code point, trailing spaces included."""
    if dialect.name == "postgresql":
        return postgresql.VARCHAR(length, collation="C")
    if dialect.name in _MYSQL:
        return mysql.VARCHAR(length, charset="utf8mb4", collation=_collation(dialect))
    return sa.String(length)


def bytes_key_type(dialect: sa.Dialect, length: int) -> sa.types.TypeEngine[Any]:  # text or bytes
    """A key of at most `length` bytes of UTF-8; MySQL stores bytes, and its indexes hold at most 3,072."""
    if dialect.name == "sqlite":  # where a length means nothing, and changing it would copy the table
        return sa.String()
    return sa.VARBINARY(length) if keeps_bytes(dialect) else name_type(dialect, length)


def keeps_bytes(dialect: sa.Dialect) -> bool:
    """Whether `bytes_key_type` is bytes, not text."""
    return dialect.name in _MYSQL


def long_text_type(dialect: sa.Dialect) -> sa.types.TypeEngine[str]:
    """A text of any length, compared like `name_type`."""
    if dialect.name in _MYSQL:
        return mysql.LONGTEXT(charset="utf8mb4", collation=_collation(dialect))
    return postgresql.TEXT(collation="C") if dialect.name == "postgresql" else sa.Text()


def _collation(dialect: sa.Dialect) -> str:
    # The only two that neither pad with spaces nor fold case or accents; each server lacks the other's.
    return "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


class now(FunctionElement[float]):  # noqa: N801 - reads as SQL
    """The database's clock in seconds since 1970, UTC; the only clock all workers share."""

    type = sa.Double()
    inherit_cache = True


_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(extract(epoch from clock_timestamp()) AS double precision)",
    # `unix_timestamp(now(6))` goes through local time, in which an hour comes twice a year.
    "mysql": "(timestampdiff(MICROSECOND, '1970-01-01 00:00:00', utc_timestamp(6)) / 1e6)",
}


@compiles(now)
def _now(_element: now, compiler: Any, **_options: Any) -> str:
    return _NOW["mysql" if compiler.dialect.name in _MYSQL else compiler.dialect.name]


class occurs_in(FunctionElement[bool]):  # noqa: N801 - reads as SQL
    """Whether the first text is a substring of the second, byte by byte; LIKE folds case on SQLite."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(occurs_in)
def _occurs_in(element: occurs_in, compiler: Any, **options: Any) -> str:
    part, whole = (compiler.process(clause, **options) for clause in element.clauses)
    function = "strpos" if compiler.dialect.name == "postgresql" else "instr"
    return f"({function}({whole}, {part}) > 0)"


@cache
def upsert(table: sa.Table, dialect: str, update: Collection[str] = ()) -> sa.Insert:
    """Build a statement that inserts into `table`, or updates the columns `update` of an existing row.

    Without `update`, a tuple of names, the old row stays as it is. Errors other than the primary key's still surface,
    which `INSERT IGNORE` would hide.
    """
    if dialect in _MYSQL:
        insert = mysql.insert(table)
        keys = [column.name for column in table.primary_key]
        return insert.on_duplicate_key_update({name: insert.inserted[name] for name in update or keys[:1]})
    on_conflict = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    if not update:
        return on_conflict.on_conflict_do_nothing(index_elements=list(table.primary_key))
    return on_conflict.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: on_conflict.excluded[name] for name in update}
    )


def hold_still(connection: sa.Connection) -> None:
    """Read from one snapshot of the database until the transaction ends."""
    if connection.dialect.name != "sqlite":  # where every transaction does
        connection.execution_options(isolation_level="REPEATABLE READ")


def each_clock_its_own(dialect: str) -> bool:
    """Whether `now` is the client's clock, because the database has no server."""
    return dialect == "sqlite"


def in_memory(url: sa.URL) -> bool:
    """Whether `url` names an SQLite database that lives in this process only."""
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def url_of(path: Path) -> str:
    """The URL of the database in a file."""
    return f"sqlite:///{path}"


def file_of(url: sa.URL) -> Path | None:
    """The file of the database at `url`; None on a server, in memory, or if `url` names the file by a URI."""
    if url.get_backend_name() != "sqlite" or in_memory(url) or (url.database or "").startswith("file:"):
        return None
    return Path(url.database or "").absolute()


def read_only(url: sa.URL, path: Path) -> sa.URL:
    """The URL that opens the file without writing."""
    # Without its log SQLite reads such a file only as `immutable`, which assumes no other writer.
    log = path.with_name(f"{path.name}-wal")
    how = {"mode": "ro"} if log.exists() and log.stat().st_size else {"mode": "ro", "immutable": "1"}
    return url.set(database=f"file:{quote(str(path))}").update_query_dict({**how, "uri": "true"})


def product(connection: sa.Connection) -> str:
    """The name and version of the database's program."""
    dialect = connection.dialect
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL"}
    name = "MariaDB" if getattr(dialect, "is_mariadb", False) else names[dialect.name]
    return f"{name} {'.'.join(map(str, dialect.server_version_info or ()))}"


def schema_of(connection: sa.Connection) -> str | None:
    """The schema for new tables; None where a database has only one; StoreError without any.

    Tables elsewhere on PostgreSQL's `search_path` are visible but not ours.
    """
    if connection.dialect.name != "postgresql":
        return None
    schema: str | None = connection.scalar(sa.select(sa.func.current_schema()))
    if schema is None:
        raise StoreError("No schema of the connection's search_path exists: create it, or name another.")
    return schema


def check_encoding(connection: sa.Connection) -> None:
    """Raise StoreError for a database whose encoding cannot store every text."""
    if connection.dialect.name == "postgresql":
        encoding = connection.scalar(sa.text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise StoreError(f"The database's encoding is {encoding}: create one with ENCODING UTF8.")


@contextmanager
def schema_lock(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that locks the schema; StoreError when another process holds the lock for a minute."""
    if engine.dialect.name in _MYSQL:
        with _named_lock(engine) as connection:
            yield connection
        return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


@contextmanager
def _named_lock(engine: sa.Engine) -> Iterator[sa.Connection]:
    # Statements that change tables end a transaction here, but not this lock. What came after the last of
    # them is committed before the lock is released, or the next process would not see the revision.
    with engine.connect() as connection:
        if connection.scalar(sa.select(sa.func.get_lock(str(_LOCK), _LOCK_SECONDS))) != 1:
            raise StoreError(
                f"Another process has been changing the tables for {_LOCK_SECONDS} seconds; try again when it is done."
            )
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(sa.select(sa.func.release_lock(str(_LOCK))))
            connection.commit()


def make_engine(url: sa.URL) -> sa.Engine:
    """Make an engine that configures each connection; none is opened yet."""
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        return _sqlite_engine(url)
    if dialect == "postgresql":
        place = url.difference_update_query(["prepare_threshold"])
        psycopg = (
            {"prepare_threshold": servers.prepare_threshold(url)}
            if url.get_driver_name() == "psycopg"
            else {}
        )
        engine = sa.create_engine(
            place, isolation_level="READ COMMITTED", pool_recycle=1800, connect_args=psycopg
        )
        if psycopg and "prepare_threshold" not in url.query:
            event.listen(engine, "connect", servers.prepare_without_pooler)
        return engine
    # The server's default level takes gap locks, and the others have none.
    engine = sa.create_engine(url, isolation_level="READ COMMITTED", pool_recycle=1800)
    event.listen(engine, "connect", servers.ask_largest)
    event.listen(engine, "before_cursor_execute", servers.refuse_larger)
    return engine


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    kind = pool.StaticPool if in_memory(url) else pool.QueuePool
    settings = {"timeout": _SQLITE_SECONDS, "check_same_thread": False}
    engine = sa.create_engine(url, poolclass=kind, connect_args=settings)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(_SQLITE_SECONDS * 1000)}",
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


def prepare_file(engine: sa.Engine) -> None:
    """Switch an SQLite file to write-ahead logging, so that readers do not wait for writers."""
    url = engine.url
    read_only = url.query.get("mode") == "ro" or "immutable" in url.query
    if url.get_backend_name() != "sqlite" or in_memory(url) or read_only:
        return
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
