"""Detect, create and upgrade the schema revision of a database."""

from __future__ import annotations

import threading
from importlib import resources

import sqlalchemy as sa

import branchwise.store.database.checkpoint_tables
import branchwise.store.database.key_tables  # noqa: F401 - `metadata` learns of both
from branchwise.store.database.dialects import check_encoding, schema_lock, schema_of
from branchwise.store.database.tables import metadata
from branchwise.store.database.views import create_views
from branchwise.store.errors import SchemaMismatch

HEAD = "0010"
"""The revision that this code reads and writes; the last file of `migrations/versions`."""
VERSION_TABLE = "branchwise_schema"
_UNKNOWN = "0000"

_ALEMBIC = threading.Lock()
"""Alembic keeps the current upgrade in a global: a second thread would use the first one's database."""


def ensure(engine: sa.Engine) -> None:
    """Create the tables of a new database; refuse one of another revision without changing it.

    Raises:
        SchemaMismatch: The database is of an earlier or a later revision.
    """
    with engine.execution_options(branchwise_reading=True).connect() as connection:
        check_encoding(connection)
        found = revision(connection)
    if found in {None, _UNKNOWN}:  # new, or another process is creating it
        with schema_lock(engine) as connection:
            found = revision(connection) or _make(connection)
    _refuse(found)


def check(connection: sa.Connection) -> None:
    """Refuse a database that was upgraded, or replaced, since it was opened.

    Raises:
        SchemaMismatch: The database is of another revision now.
    """
    version = sa.table(VERSION_TABLE)
    _refuse(connection.scalar(sa.select(sa.column("version_num")).select_from(version)))


def _refuse(found: str | None) -> None:
    if found == HEAD:
        return
    if found in {None, _UNKNOWN}:
        raise SchemaMismatch(
            "The database has tables named like branchwise's but no revision: another program made them, or the "
            "first start was cut off; name an empty database with --store."
        )
    place = f"The database is of schema revision {found}, this branchwise needs {HEAD}"
    if str(found) < HEAD:
        raise SchemaMismatch(f"{place}: run `branchwise db upgrade`.")
    raise SchemaMismatch(f"{place}: it was written by a newer branchwise; upgrade yours.")


def revision(connection: sa.Connection) -> str | None:
    """The database's revision: None without our tables, "0000" with tables but without a revision."""
    there, schema = sa.inspect(connection), schema_of(connection)
    if there.has_table(VERSION_TABLE, schema=schema):
        table = sa.table(VERSION_TABLE, schema=schema)
        return connection.scalar(sa.select(sa.column("version_num")).select_from(table))
    return _UNKNOWN if there.has_table("runs", schema=schema) else None


def migrate(engine: sa.Engine, to: str = "head") -> str | None:
    """Migrate the database to revision `to` step by step; returns the previous revision.

    Other processes that upgrade at the same time wait. On SQLite and PostgreSQL a step that fails leaves the
    database as it was; MariaDB commits each statement that changes a table.

    Raises:
        SchemaMismatch: The database is of a later revision, or of none that is known.
    """
    from alembic import command  # noqa: PLC0415 - slow to import, needed for migrations only
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    with (
        _ALEMBIC,
        schema_lock(engine) as connection,
        resources.as_file(resources.files("branchwise.store.database.migrations")) as steps,
    ):
        found = revision(connection)
        if found is not None and (found == _UNKNOWN or found > HEAD):
            raise SchemaMismatch(f"The database is of schema revision {found}, this branchwise knows {HEAD}.")
        config.set_main_option("script_location", str(steps))
        config.attributes["connection"] = connection
        config.attributes["schema"] = schema_of(connection)
        command.upgrade(config, to)
    return found


def _make(connection: sa.Connection) -> str:
    # Without a schema name, tables of another schema on the search path would be found.
    metadata.create_all(connection, checkfirst=schema_of(connection) is None)
    create_views(connection)
    version = sa.Table(
        VERSION_TABLE,
        sa.MetaData(),
        sa.Column("version_num", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    )
    version.create(connection)
    connection.execute(sa.insert(version).values(version_num=HEAD))
    return HEAD
