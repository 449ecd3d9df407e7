"""The three tables of the checkpointer."""

from __future__ import annotations

import sqlalchemy as sa

from branchwise.store.database.columns import ByteKey
from branchwise.store.database.dialects import LONG_BYTES, WITHOUT_ROWID, where
from branchwise.store.database.tables import metadata

# Bytes of UTF-8. Together they fit into an index: 3,072 bytes on MySQL, 2,704 on PostgreSQL.
THREAD_ID = ByteKey(512)
NAMESPACE = ByteKey(1408)  # some 28 subgraphs, each in the other


def _scope() -> tuple[sa.Column[str], sa.Column[str]]:
    """Columns of a thread and a namespace: empty for the root graph, the path for a subgraph."""
    return (
        sa.Column("thread_id", THREAD_ID, primary_key=True),
        sa.Column("checkpoint_ns", NAMESPACE, primary_key=True),
    )


def _payload(name: str) -> tuple[sa.Column[str], sa.Column[bytes]]:
    """Columns of a serialised value: the serialiser's type name and the bytes."""
    return sa.Column(f"{name}_type", ByteKey(64), nullable=False), sa.Column(name, LONG_BYTES, nullable=False)


lg_checkpoints = sa.Table(
    "lg_checkpoints",
    metadata,
    *_scope(),
    sa.Column("checkpoint_id", ByteKey(128), primary_key=True),  # time ordered: the greatest is the latest
    sa.Column("parent_id", ByteKey(128)),
    sa.Column("run_id", ByteKey(255)),  # these three repeat entries of the metadata, for SQL
    sa.Column("source", ByteKey(32)),
    sa.Column("step", sa.Integer),
    *_payload("checkpoint"),  # the values of small channels included
    *_payload("metadata"),
    **WITHOUT_ROWID,
)
_runs = lg_checkpoints.c.run_id
sa.Index("ix_lg_checkpoints_run_id", _runs, **where(_runs.is_not(None)))

lg_blobs = sa.Table(
    "lg_blobs",
    metadata,
    *_scope(),
    sa.Column("channel", ByteKey(512), primary_key=True),
    sa.Column("version", ByteKey(128), primary_key=True),
    *_payload("value"),
    **WITHOUT_ROWID,
)

# Writes may come before the checkpoint they belong to, so nothing here refers to lg_checkpoints.
lg_writes = sa.Table(
    "lg_writes",
    metadata,
    *_scope(),
    sa.Column("checkpoint_id", ByteKey(128), primary_key=True),
    sa.Column("task_id", ByteKey(128), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("task_path", ByteKey(2048), nullable=False),
    sa.Column("channel", ByteKey(512), nullable=False),
    *_payload("value"),
    **WITHOUT_ROWID,
)

TABLES = (lg_checkpoints, lg_blobs, lg_writes)


def values_of(table: sa.Table) -> tuple[str, ...]:
    """The names of the columns outside the key: those an upsert replaces."""
    return tuple(column.name for column in table.columns if not column.primary_key)
