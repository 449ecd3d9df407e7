"""Write history of `DeltaChannel`s, from which their values are rebuilt."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from langgraph.checkpoint.base import DeltaChannelHistory

from branchwise.store.checkpoints.codec import Codec, stamps
from branchwise.store.checkpoints.rows import (
    Scope,
    ancestors,
    blobs_of,
    find_checkpoint,
    writes_of,
)
from branchwise.store.database.dialects import hold_still


def history(
    connection: sa.Connection, codec: Codec, scope: Scope, checkpoint_id: str | None, channels: Sequence[str]
) -> dict[str, DeltaChannelHistory]:
    """Collect each channel's writes, oldest first, since its last stored value above the checkpoint."""
    hold_still(connection)
    histories: dict[str, DeltaChannelHistory] = {channel: {"writes": []} for channel in channels}
    target = find_checkpoint(connection, scope, checkpoint_id)
    remaining = set(channels)
    for rows in ancestors(connection, scope, target[0].parent_id if target else None):
        heads = {row.checkpoint_id: codec.open_head(row) for row in rows}
        named = {stamp for head in heads.values() for stamp in stamps(head) if stamp[0] in remaining}
        blobs = blobs_of(connection, scope, named)
        writes = writes_of(connection, scope, heads)
        for key, head in heads.items():
            asked = [row for row in reversed(writes.get(key, ())) if row.channel in remaining]
            for write in codec.open_writes(asked):
                histories[write[1]]["writes"].append(write)
            inline = {name: value for name, value in head["channel_values"].items() if name in remaining}
            stored = {stamp[0]: blobs[stamp] for stamp in stamps(head) if stamp in blobs}
            for channel in remaining & (inline.keys() | stored.keys()):
                value = inline[channel] if channel in inline else codec.serde.loads_typed(stored[channel])
                histories[channel]["seed"] = value
                remaining.discard(channel)
        if not remaining:
            break
    for history in histories.values():
        history["writes"].reverse()
    return histories
