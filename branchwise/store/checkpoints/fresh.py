"""Checkpointer for a newly created run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple

from branchwise.store.checkpoints.codec import Allowed
from branchwise.store.checkpoints.saver import Guard, SQLAlchemySaver
from branchwise.store.database.database import Database

T = TypeVar("T")


class FreshSaver(SQLAlchemySaver):
    """Skips reads until the first write: a new run has no checkpoints, and a read costs as much as a write."""

    def __init__(self, database: Database, *, allow: Allowed = (), guard: Guard | None = None) -> None:
        super().__init__(database, allow=allow, guard=guard)
        self._begun = threading.Event()  # shared by the copies that LangGraph makes

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read the checkpoint that `config` names; None before the first write."""
        return super().get_tuple(config) if self._begun.is_set() else None

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Do what `get_tuple` does."""
        return await super().aget_tuple(config) if self._begun.is_set() else None

    def _guarded(self, work: Callable[[sa.Connection], T]) -> Callable[[sa.Connection], T]:
        self._begun.set()  # every write passes through here
        return super()._guarded(work)
