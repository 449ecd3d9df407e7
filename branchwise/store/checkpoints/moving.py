"""Move threads from another LangGraph saver, so that a program can change its checkpointer and go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from branchwise.store.checkpoints.saver import SQLAlchemySaver


def move_threads(
    source: BaseCheckpointSaver[Any], target: SQLAlchemySaver, threads: Iterable[str] | None = None
) -> int:
    """Copy checkpoints with their pending writes; what is there already stays as it is, so it may be repeated.

    Run it while nobody writes to `source`. The order of tasks that have not been applied is their ids', for a saver
    does not give the tasks' paths away.

    Args:
        source: Any saver whose sync methods work; it is only read.
        target: Where the threads go.
        threads: Which ones; all of them without it.

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
