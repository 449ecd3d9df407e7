"""Read and write the checkpointer's rows; independent of LangGraph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from branchwise.store.bulk import Change
from branchwise.store.database.batch import Row
from branchwise.store.database.checkpoint_tables import lg_blobs, lg_checkpoints, lg_writes, values_of
from branchwise.store.database.dialects import upsert

Payload: TypeAlias = tuple[str, bytes]
"""A serialised value: the serialiser's type name and the bytes."""
Stamp: TypeAlias = tuple[str, str]
"""A channel and its version: the key of a blob."""
Rows: TypeAlias = Sequence[sa.Row[Any]]  # columns differ in type; readers name them

PAGE = 64
"""Checkpoints per page while listing or walking."""
_MANY = 400
"""Values in one IN list; databases limit the parameters of a statement."""


class Scope(NamedTuple):
    """A thread and a namespace in it."""

    thread_id: str
    checkpoint_ns: str


class Head(NamedTuple):
    """One checkpoint as it is written."""

    checkpoint_id: str
    parent_id: str | None
    columns: Mapping[str, str | int | None]
    """The metadata that SQL can search: `run_id`, `source`, `step`."""
    checkpoint: Payload
    metadata: Payload


class Write(NamedTuple):
    """One pending write as it is written."""

    idx: int
    """Position among the task's writes; below 0 for the kinds a task has once, which replace each other."""
    channel: str
    value: Payload


def in_scope(table: sa.Table, scope: Scope) -> sa.ColumnElement[bool]:
    """The SQL condition that a row of `table` belongs to `scope`."""
    return sa.and_(table.c.thread_id == scope.thread_id, table.c.checkpoint_ns == scope.checkpoint_ns)


def checkpoint_rows(dialect: str, scope: Scope, head: Head, blobs: Mapping[Stamp, Payload]) -> list[Change]:
    """The rows of a checkpoint and of the blobs that are new with it; a version once written never changes."""
    new: list[Row] = [
        {**scope._asdict(), "channel": channel, "version": version, "value_type": kind, "value": value}
        for (channel, version), (kind, value) in blobs.items()
    ]
    row: Row = {
        **scope._asdict(),
        "checkpoint_id": head.checkpoint_id,
        "parent_id": head.parent_id,
        **head.columns,
        "checkpoint_type": head.checkpoint[0],
        "checkpoint": head.checkpoint[1],
        "metadata_type": head.metadata[0],
        "metadata": head.metadata[1],
    }
    return [
        (upsert(lg_blobs, dialect), new),
        (upsert(lg_checkpoints, dialect, values_of(lg_checkpoints)), [row]),
    ]


def write_rows(
    dialect: str, scope: Scope, checkpoint_id: str, task: tuple[str, str], writes: Sequence[Write]
) -> list[Change]:
    """The rows of a task (id, path); storing them again replaces only the kinds a task has once."""
    changes: list[Change] = []
    for special in (False, True):
        rows: list[Row] = [
            {
                **scope._asdict(),
                "checkpoint_id": checkpoint_id,
                "task_id": task[0],
                "task_path": task[1],
                "idx": write.idx,
                "channel": write.channel,
                "value_type": write.value[0],
                "value": write.value[1],
            }
            for write in writes
            if (write.idx < 0) is special
        ]
        changes.append((upsert(lg_writes, dialect, values_of(lg_writes) if special else ()), rows))
    return changes


def find_checkpoint(connection: sa.Connection, scope: Scope, checkpoint_id: str | None) -> Rows:
    """Read one checkpoint, by default the latest; empty if there is none."""
    query = sa.select(lg_checkpoints).where(in_scope(lg_checkpoints, scope))
    if checkpoint_id is None:
        query = query.order_by(lg_checkpoints.c.checkpoint_id.desc()).limit(1)
    else:
        query = query.where(lg_checkpoints.c.checkpoint_id == checkpoint_id)
    return connection.execute(query).all()


def page_of_checkpoints(
    connection: sa.Connection, wanted: Sequence[sa.ColumnElement[bool]], after: sa.Row[Any] | None
) -> Rows:
    """Read the next checkpoints matching `wanted`, newest first, after the row `after`."""
    table = lg_checkpoints.c
    order = (table.checkpoint_id, table.thread_id, table.checkpoint_ns)
    query = (
        sa.select(lg_checkpoints).where(*wanted).order_by(*(column.desc() for column in order)).limit(PAGE)
    )
    if after is not None:
        last = [sa.literal(getattr(after, column.name), column.type) for column in order]
        query = query.where(
            sa.or_(
                order[0] < last[0],
                sa.and_(order[0] == last[0], order[1] < last[1]),
                sa.and_(order[0] == last[0], order[1] == last[1], order[2] < last[2]),
            )
        )
    return connection.execute(query).all()


def ancestors(connection: sa.Connection, scope: Scope, start: str | None) -> Iterator[Rows]:
    """Iterate from the checkpoint `start` over its parents to the root, one page per query."""
    table = lg_checkpoints
    while start is not None:
        first = sa.select(table.c.checkpoint_id, table.c.parent_id, sa.literal(1).label("depth")).where(
            in_scope(table, scope), table.c.checkpoint_id == start
        )
        chain = first.cte("chain", recursive=True)
        above = sa.select(table.c.checkpoint_id, table.c.parent_id, chain.c.depth + 1).where(
            in_scope(table, scope), table.c.checkpoint_id == chain.c.parent_id, chain.c.depth < PAGE
        )
        chain = chain.union_all(above)
        query = (
            sa.select(table)
            .join(chain, table.c.checkpoint_id == chain.c.checkpoint_id)
            .where(in_scope(table, scope))
            .order_by(chain.c.depth)
        )
        rows = connection.execute(query).all()
        yield rows
        start = rows[-1].parent_id if len(rows) == PAGE else None


def blobs_of(connection: sa.Connection, scope: Scope, stamps: Collection[Stamp]) -> dict[Stamp, Payload]:
    """Read the blobs of `stamps`; an empty channel has none."""
    table = lg_blobs.c
    found: dict[Stamp, Payload] = {}
    for some in portions(sorted(stamps)):
        query = sa.select(lg_blobs).where(
            in_scope(lg_blobs, scope), sa.tuple_(table.channel, table.version).in_(some)
        )
        for row in connection.execute(query):
            found[row.channel, row.version] = (row.value_type, row.value)
    return found


def writes_of(connection: sa.Connection, scope: Scope, checkpoint_ids: Collection[str]) -> dict[str, Rows]:
    """Read the pending writes of each checkpoint, in the order in which a live run applies them."""
    found: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
    for some in portions(sorted(checkpoint_ids)):
        query = sa.select(lg_writes).where(in_scope(lg_writes, scope), lg_writes.c.checkpoint_id.in_(some))
        for row in connection.execute(query):
            found[row.checkpoint_id].append(row)
    # LangGraph's `writes_sort_key`, compared as Python compares.
    return {
        key: sorted(rows, key=lambda row: (row.task_path, row.task_id, row.idx))
        for key, rows in found.items()
    }


def portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Split values into lists within a statement's parameter limit."""
    for start in range(0, len(values), _MANY):
        yield values[start : start + _MANY]
