"""Assemble LangGraph checkpoints from their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple, get_checkpoint_id

from branchwise.store.checkpoints.codec import Codec, contains, searchable, stamps
from branchwise.store.checkpoints.rows import (
    PAGE,
    Rows,
    Scope,
    Stamp,
    blobs_of,
    find_checkpoint,
    page_of_checkpoints,
    writes_of,
)
from branchwise.store.database.checkpoint_tables import lg_checkpoints
from branchwise.store.database.dialects import hold_still
from branchwise.store.errors import BadInput

Page: TypeAlias = tuple[Rows, Sequence[CheckpointTuple]]
"""All rows of the page, and the matching checkpoints among them."""


def scope_of(config: RunnableConfig) -> Scope:
    """Read the thread and namespace that `config` names.

    Raises:
        BadInput: It does not name a thread.
    """
    configurable = config.get("configurable", {})
    if "thread_id" not in configurable:
        raise BadInput('The config names no thread: pass {"configurable": {"thread_id": ...}}.')
    return Scope(str(configurable["thread_id"]), configurable.get("checkpoint_ns") or "")


def config_of(scope: Scope, checkpoint_id: str) -> RunnableConfig:
    """Build LangGraph's config for a checkpoint."""
    return {"configurable": {**scope._asdict(), "checkpoint_id": checkpoint_id}}


def read_checkpoint(
    connection: sa.Connection, codec: Codec, config: RunnableConfig
) -> CheckpointTuple | None:
    """Read the checkpoint that `config` names, or the latest of its thread and namespace."""
    hold_still(connection)
    rows = find_checkpoint(connection, scope_of(config), get_checkpoint_id(config) or None)
    return _assemble(connection, codec, rows)[0] if rows else None


class Listing:
    """A paged listing: its filter and its position."""

    def __init__(
        self,
        codec: Codec,
        config: RunnableConfig | None,
        entries: Mapping[str, Any] | None,
        before: RunnableConfig | None,
        limit: int | None,
    ) -> None:
        self._codec, self._entries = codec, dict(entries or {})
        self._wanted = _conditions(config, self._entries, before)
        self._left = limit
        self._last: sa.Row[Any] | None = None
        self.done = limit is not None and limit <= 0

    def page(self, connection: sa.Connection) -> Page:
        """Read the next page; reading the same page twice changes nothing."""
        hold_still(connection)
        rows = page_of_checkpoints(connection, self._wanted, self._last)
        fitting = [row for row in rows if not self._entries or self._fits(row)]
        return rows, _assemble(connection, self._codec, fitting[: self._left])

    def take(self, page: Page) -> Sequence[CheckpointTuple]:
        """Advance past a page and return its matches."""
        rows, found = page
        self._last = rows[-1] if rows else None
        if self._left is not None:
            self._left -= len(found)
        self.done = len(rows) < PAGE or self._left == 0
        return found

    def _fits(self, row: sa.Row[Any]) -> bool:
        return contains(self._codec.open_metadata(row), self._entries)


def _conditions(
    config: RunnableConfig | None, entries: Mapping[str, Any], before: RunnableConfig | None
) -> list[sa.ColumnElement[bool]]:
    """The filter's SQL conditions; other metadata entries are compared row by row."""
    table = lg_checkpoints.c
    wanted: list[sa.ColumnElement[bool]] = []
    if config is not None:
        wanted.append(table.thread_id == scope_of(config).thread_id)
        if (namespace := config["configurable"].get("checkpoint_ns")) is not None:
            wanted.append(table.checkpoint_ns == namespace)
        if checkpoint_id := get_checkpoint_id(config):
            wanted.append(table.checkpoint_id == checkpoint_id)
    if before is not None and (cursor := get_checkpoint_id(before)):
        wanted.append(table.checkpoint_id < cursor)
    for name, value in searchable(entries).items():
        if value is not None:
            wanted.append(sa.or_(table[name] == value, table[name].is_(None)))
    return wanted


def _assemble(connection: sa.Connection, codec: Codec, rows: Rows) -> list[CheckpointTuple]:
    """Assemble checkpoints, with two queries for each scope."""
    heads = [codec.open_head(row) for row in rows]
    stamped: defaultdict[Scope, set[Stamp]] = defaultdict(set)
    keys: defaultdict[Scope, list[str]] = defaultdict(list)
    for row, head in zip(rows, heads, strict=True):
        scope = Scope(row.thread_id, row.checkpoint_ns)
        stamped[scope].update(stamps(head))
        keys[scope].append(row.checkpoint_id)
    blobs = {scope: blobs_of(connection, scope, some) for scope, some in stamped.items()}
    writes = {scope: writes_of(connection, scope, some) for scope, some in keys.items()}
    found = []
    for row, head in zip(rows, heads, strict=True):
        scope = Scope(row.thread_id, row.checkpoint_ns)
        for stamp in stamps(head):
            if stamp in blobs[scope]:
                head["channel_values"][stamp[0]] = codec.serde.loads_typed(blobs[scope][stamp])
        found.append(
            CheckpointTuple(
                config=config_of(scope, row.checkpoint_id),
                checkpoint=head,
                metadata=codec.open_metadata(row),
                parent_config=config_of(scope, row.parent_id) if row.parent_id else None,
                pending_writes=codec.open_writes(writes[scope].get(row.checkpoint_id, ())),
            )
        )
    return found
