"""Checkpointer for a newly created run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple

from branchwise.store.bulk import Bulk, Change
from branchwise.store.checkpoints.codec import Allowed
from branchwise.store.checkpoints.saver import SQLAlchemySaver
from branchwise.store.database.database import Database
from branchwise.store.leases import Lease

T = TypeVar("T")


class FreshSaver(SQLAlchemySaver):
    """Skips reads until the first write: a new run has no checkpoints, and a read costs as much as a write."""

    def __init__(self, database: Database, *, allow: Allowed = (), lease: Lease | None = None) -> None:
        super().__init__(database, allow=allow, guard=lease.guard if lease is not None else None)
        self._lease = lease
        self._begun = threading.Event()  # shared by the copies that LangGraph makes

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read the checkpoint that `config` names; None before the first write."""
        return super().get_tuple(config) if self._begun.is_set() else None

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Do what `get_tuple` does."""
        return await super().aget_tuple(config) if self._begun.is_set() else None

    def _guarded(self, work: Callable[[sa.Connection], T]) -> Callable[[sa.Connection], T]:
        self._begun.set()  # every other write passes through here
        return super()._guarded(work)

    def _rows(self, changes: Sequence[Change]) -> Callable[[sa.Connection], None]:
        self._begun.set()
        return Bulk(self._lease, changes, optional=True)  # its lease is checked with those of other runs
