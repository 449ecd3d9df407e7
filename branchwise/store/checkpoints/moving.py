"""Migrate threads from another LangGraph saver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from branchwise.store.checkpoints.saver import SQLAlchemySaver


def move_threads(
    source: BaseCheckpointSaver[Any], target: SQLAlchemySaver, threads: Iterable[str] | None = None
) -> int:
    """Copy checkpoints with their pending writes. Existing ones are not changed, so repeating is safe.

    Run it while nothing writes to `source`. Tasks not yet applied are ordered by id, because a saver does
    not expose the tasks' paths.

    Args:
        source: Any saver whose sync methods work; it is only read.
        target: The saver that receives the threads.
        threads: Thread ids to copy; default all.

    Returns:
        How many checkpoints were copied.

    Raises:
        BadInput: A name is longer than a database keeps.
        StoreError: The target cannot be written.
    """
    if threads is None:
        found = list(source.list(None))
    else:
        found = [one for thread in threads for one in source.list({"configurable": {"thread_id": thread}})]
    for one in sorted(found, key=lambda kept: kept.checkpoint["id"]):
        _copy(one, target)
    return len(found)


def _copy(one: CheckpointTuple, target: SQLAlchemySaver) -> None:
    here = one.config["configurable"]
    parent = (one.parent_config or {}).get("configurable", {}).get("checkpoint_id")
    above = {"thread_id": here["thread_id"], "checkpoint_ns": here.get("checkpoint_ns", "")}
    config = target.put(
        {"configurable": above if parent is None else {**above, "checkpoint_id": parent}},
        one.checkpoint,
        one.metadata,
        one.checkpoint["channel_versions"],
    )
    by_task: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
    for task, channel, value in one.pending_writes or ():
        by_task[task].append((channel, value))
    for task, writes in by_task.items():
        target.put_writes(config, writes, task)
