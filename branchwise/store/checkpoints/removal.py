"""Remove and copy checkpoints, keeping the ancestors that others are rebuilt from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from branchwise.store.checkpoints.rows import Scope, in_scope, portions
from branchwise.store.database.checkpoint_tables import TABLES, lg_blobs, lg_checkpoints, lg_writes
from branchwise.store.errors import BadInput


class Anatomy(NamedTuple):
    """The parts of one checkpoint."""

    inline: frozenset[str]
    """Channels whose value is stored inline."""
    versions: Mapping[str, str]
    """Version of each other channel; its value, if it has one, is a blob."""
    deltas: frozenset[str]
    """Channels that store a history of writes and only occasional values."""


Dissect = Callable[[sa.Row[Any]], Anatomy]


def remove_thread(connection: sa.Connection, thread_id: str) -> None:
    """Remove a thread in every namespace."""
    for table in TABLES:
        connection.execute(sa.delete(table).where(table.c.thread_id == thread_id))


def remove_runs(connection: sa.Connection, run_ids: Sequence[str], dissect: Dissect) -> None:
    """Remove the checkpoints that these runs made.

    Raises:
        BadInput: A remaining later checkpoint is rebuilt from one to be removed.
    """
    table = lg_checkpoints.c
    doomed = set(run_ids)
    affected: set[Scope] = set()
    for some in portions(sorted(doomed)):
        scopes = sa.select(table.thread_id, table.checkpoint_ns).where(table.run_id.in_(some)).distinct()
        affected.update(Scope(*row) for row in connection.execute(scopes))
    for scope in sorted(affected):
        family = _Family(connection, scope, dissect)
        gone = {key for key, member in family.members.items() if member.run_id in doomed}
        needed = family.needed(set(family.members) - gone)
        if needed & gone:
            raise BadInput(
                f"Thread `{scope.thread_id}` has later checkpoints that are rebuilt from these runs' writes; "
                "delete the later runs too, or the whole thread."
            )
        family.remove(gone, writes=gone)


def prune_thread(connection: sa.Connection, thread_id: str, dissect: Dissect) -> None:
    """Keep the latest checkpoint of each namespace and the ancestors that it is rebuilt from."""
    table = lg_checkpoints.c
    scopes = sa.select(table.thread_id, table.checkpoint_ns).where(table.thread_id == thread_id).distinct()
    for row in connection.execute(scopes).all():
        family = _Family(connection, Scope(*row), dissect)
        latest = max(family.members)
        kept = family.needed({latest})
        # Writes to a newer checkpoint can arrive before the checkpoint itself.
        past = {key for key in family.written if key < latest}
        family.remove(set(family.members) - kept, writes=past - kept)


def copy_thread(connection: sa.Connection, source: str, target: str) -> None:
    """Copy a whole thread: every namespace, ancestor and pending write.

    Raises:
        BadInput: The target thread is not empty.
    """
    for table in TABLES:
        held = sa.select(sa.literal(1)).select_from(table).where(table.c.thread_id == target).limit(1)
        if connection.execute(held).first() is not None:
            raise BadInput(f"Thread `{target}` holds checkpoints already; copy to a new one.")
    for table in TABLES:
        others = [column for column in table.columns if column.name != "thread_id"]
        rows = sa.select(sa.literal(target, table.c.thread_id.type), *others)
        copied = sa.insert(table).from_select(
            ["thread_id", *(column.name for column in others)], rows.where(table.c.thread_id == source)
        )
        connection.execute(copied)


class _Family:
    """All checkpoints of one scope with their dependencies.

    Blobs are read before checkpoints: a checkpoint committed in between may own blobs that were seen, but no
    blob that was seen can belong to a checkpoint that was not.
    """

    def __init__(self, connection: sa.Connection, scope: Scope, dissect: Dissect) -> None:
        self._connection = connection
        self._scope = scope
        self._dissect = dissect
        self._stamps = {
            (row.channel, row.version)
            for row in connection.execute(
                sa.select(lg_blobs.c.channel, lg_blobs.c.version).where(in_scope(lg_blobs, scope))
            )
        }
        self.written = set(
            connection.scalars(
                sa.select(lg_writes.c.checkpoint_id).where(in_scope(lg_writes, scope)).distinct()
            )
        )
        rows = connection.execute(sa.select(lg_checkpoints).where(in_scope(lg_checkpoints, scope)))
        self.members = {row.checkpoint_id: row for row in rows}
        self._anatomies = {key: dissect(row) for key, row in self.members.items()}

    def needed(self, kept: Collection[str]) -> set[str]:
        """Add to `kept` the ancestors back to the last stored value of each channel that has a history."""
        needed = set(kept)
        for key in kept:
            missing, cursor = (
                self._without_value(self._anatomies[key].deltas, key),
                self.members[key].parent_id,
            )
            while missing and cursor in self.members:
                needed.add(cursor)
                missing, cursor = self._without_value(missing, cursor), self.members[cursor].parent_id
        return needed

    def remove(self, checkpoints: Collection[str], *, writes: Collection[str]) -> None:
        """Remove checkpoints, the writes of `writes`, and the blobs that no other checkpoint names."""
        staying = (self._anatomies[key] for key in self.members if key not in checkpoints)
        live = {stamp for anatomy in staying for stamp in anatomy.versions.items()}
        self._delete(lg_checkpoints, [{"checkpoint_id": key} for key in sorted(checkpoints)])
        self._delete(lg_writes, [{"checkpoint_id": key} for key in sorted(writes)])
        unused = sorted(self._stamps - live)
        self._delete(lg_blobs, [{"channel": channel, "version": version} for channel, version in unused])

    def _without_value(self, channels: Collection[str], key: str) -> set[str]:
        inline, versions, _ = self._anatomies[key]
        return {
            channel
            for channel in channels
            if channel not in inline and (channel, versions.get(channel)) not in self._stamps
        }

    def _delete(self, table: sa.Table, keys: list[dict[str, str]]) -> None:
        if keys:
            named = [table.c[name] == sa.bindparam(f"old_{name}") for name in keys[0]]
            statement = sa.delete(table).where(in_scope(table, self._scope), *named)
            self._connection.execute(
                statement, [{f"old_{name}": value for name, value in key.items()} for key in keys]
            )
