"""The checkpointer of a run: each checkpoint includes the visit counts of the graph's nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple

from branchwise.graphs.runtime.places import Places
from branchwise.store.checkpoints.codec import Allowed
from branchwise.store.checkpoints.fresh import FreshSaver
from branchwise.store.leases import Lease
from branchwise.store.store import Store

_VISITS = "visits"


class RunSaver(FreshSaver):
    """Writes a run's checkpoints under its lease, with the visit counts of its nodes."""

    def __init__(self, store: Store, lease: Lease, places: Places, *, allow: Allowed = ()) -> None:
        super().__init__(store.database, allow=allow, lease=lease)
        self._places = places
        if not lease.fresh:
            self._begun.set()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint, and restore the visit counts from it."""
        found = await super().aget_tuple(config)
        if found is not None:
            counts = cast("Mapping[str, Any]", found.metadata).get(_VISITS, {})
            self._places.restore(str(found.config["configurable"].get("checkpoint_ns", "")), counts)
        return found

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
