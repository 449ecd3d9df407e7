"""The three tables of the checkpointer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from branchwise.store.database.tables import metadata


class Key(sa.types.TypeDecorator[str]):
    """A key that any program may choose, compared byte by byte on every database.

    Without this MySQL would take `a` and `A` for one thread, and PostgreSQL would sort by the server's locale.
    """

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:  # text or bytes
        """Pick the column type; a MySQL key is bytes, and an index of it holds at most 3,072."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.VARCHAR(self.length, collation="C"))
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(sa.VARBINARY(self.length))
        return dialect.type_descriptor(sa.String(self.length))

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> object:
        """Encode for MySQL."""
        return value.encode() if value is not None and dialect.name in {"mysql", "mariadb"} else value

    def process_result_value(self, value: object, dialect: sa.Dialect) -> str | None:
        """Decode what MySQL gives."""
        return bytes(value).decode() if isinstance(value, bytes | bytearray) else value  # type: ignore[return-value]


_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def _scope() -> tuple[sa.Column[str], sa.Column[str]]:
    """A thread and a namespace in it: the root graph's is empty, a subgraph's names the way to it."""
    return (
        sa.Column("thread_id", Key(255), primary_key=True),
        sa.Column("checkpoint_ns", Key(1024), primary_key=True),
    )


def _payload(name: str) -> tuple[sa.Column[str], sa.Column[bytes]]:
    """A serialised value: the serialiser's name for its form, and the bytes."""
    return sa.Column(f"{name}_type", Key(64), nullable=False), sa.Column(name, _BYTES, nullable=False)


lg_checkpoints = sa.Table(
    "lg_checkpoints",
    metadata,
    *_scope(),
    sa.Column("checkpoint_id", Key(128), primary_key=True),  # time ordered: the greatest is the latest
    sa.Column("parent_id", Key(128)),
    sa.Column("run_id", Key(255)),  # these three repeat entries of the metadata, for SQL
    sa.Column("source", Key(32)),
    sa.Column("step", sa.Integer),
    *_payload("checkpoint"),  # the values of small channels included
    *_payload("metadata"),
    sqlite_with_rowid=False,  # the rows are the key's own index: half the pages to write
)
_runs = lg_checkpoints.c.run_id
sa.Index(
    "ix_lg_checkpoints_run_id", _runs, sqlite_where=_runs.is_not(None), postgresql_where=_runs.is_not(None)
)

lg_blobs = sa.Table(
    "lg_blobs",
    metadata,
    *_scope(),
    sa.Column("channel", Key(512), primary_key=True),
    sa.Column("version", Key(128), primary_key=True),
    *_payload("value"),
    sqlite_with_rowid=False,
)

# Writes may come before the checkpoint they belong to, so nothing here refers to lg_checkpoints.
lg_writes = sa.Table(
    "lg_writes",
    metadata,
    *_scope(),
    sa.Column("checkpoint_id", Key(128), primary_key=True),
    sa.Column("task_id", Key(128), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("task_path", Key(2048), nullable=False),
    sa.Column("channel", Key(512), nullable=False),
    *_payload("value"),
    sqlite_with_rowid=False,
)

TABLES = (lg_checkpoints, lg_blobs, lg_writes)


def values_of(table: sa.Table) -> tuple[str, ...]:
    """Name the columns that are not in the key: what a second writing replaces."""
    return tuple(column.name for column in table.columns if not column.primary_key)
