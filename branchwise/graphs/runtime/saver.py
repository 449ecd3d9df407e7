"""The checkpointer of a run: checkpoints and tasks' writes carry the visit counts of the graph's nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from branchwise.graphs.runtime.places import Places
from branchwise.store.checkpoints.codec import Allowed
from branchwise.store.checkpoints.fresh import FreshSaver
from branchwise.store.leases import Lease
from branchwise.store.store import Store

_VISITS = "visits"
_VISIT = "__branchwise_visit"
"""Channel of a write beside a task's own that says which visit the task was; LangGraph never sees it."""


class RunSaver(FreshSaver):
    """Writes a run's checkpoints under its lease, with the visit counts of its nodes."""

    def __init__(self, store: Store, lease: Lease, places: Places, *, allow: Allowed = ()) -> None:
        super().__init__(store.database, allow=allow, lease=lease)
        self._places = places
        if not lease.fresh:
            self._begun.set()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint, and restore the visit counts from it and from the writes of tasks that ended after it."""
        found = await super().aget_tuple(config)
        if found is None:
            return None
        counts = cast("Mapping[str, Any]", found.metadata).get(_VISITS, {})
        self._places.restore(str(found.config["configurable"].get("checkpoint_ns", "")), counts)
        writes = found.pending_writes or []
        for _, channel, value in writes:
            if channel == _VISIT:
                self._places.passed(*value)
        return found._replace(pending_writes=[one for one in writes if one[1] != _VISIT])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store a task's writes; LangGraph then does not run it again, so its visit is stored with them."""
        visit = self._places.step_of(task_id)
        if visit is not None and any(channel not in WRITES_IDX_MAP for channel, _ in writes):
            writes = [*writes, (_VISIT, list(visit))]
        await super().aput_writes(config, writes, task_id, task_path)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint with the visit counts up to its step."""
        namespace = str(config["configurable"].get("checkpoint_ns", ""))
        counts = self._places.counts(namespace, metadata.get("step", -1))
        noted = cast("CheckpointMetadata", {**metadata, _VISITS: counts}) if counts else metadata
        return await super().aput(config, checkpoint, noted, new_versions)
