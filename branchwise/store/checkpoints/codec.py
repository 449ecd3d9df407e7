"""Serialise checkpoints, and deserialise them to a closed set of types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    PendingWrite,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from branchwise.store.checkpoints.removal import Anatomy
from branchwise.store.checkpoints.rows import Head, Payload, Rows, Stamp, Write
from branchwise.store.errors import Damaged

Allowed: TypeAlias = Iterable[type | tuple[str, ...]]
"""Types, or their (module, name)."""

_FORMS = frozenset({"null", "bytes", "bytearray", "msgpack"})
_SHORT = 64
"""Longest text stored inline in a checkpoint, in characters; a blob's key is longer than this."""


class StrictSerializer(JsonPlusSerializer):
    """LangGraph's serialiser restricted to the types LangGraph calls safe and those of `allow`.

    A value of any other type is returned as plain data, with a warning in the log, so that write access to
    the database does not let anyone import or call code in a worker.
    """

    def __init__(self, allow: Allowed = ()) -> None:
        # Set explicitly: the default depends on LANGGRAPH_STRICT_MSGPACK; an empty list is strict.
        super().__init__(allowed_msgpack_modules=tuple(allow))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:  # any state LangGraph may hold
        """Deserialise a value.

        Raises:
            Damaged: It is in a form that this serialiser never writes, such as pickle, or it is damaged.
        """
        if data[0] not in _FORMS:
            raise Damaged(f"A checkpoint holds `{data[0]}` data, which is never written here; it is refused.")
        try:
            return super().loads_typed(data)
        except Exception as error:  # bytes of a row: each layer below has errors of its own for damaged ones
            raise Damaged(f"A checkpoint cannot be read ({type(error).__name__}): it is damaged.") from error


class Codec:
    """Converts checkpoints to rows and back with one serialiser."""

    def __init__(self, serde: SerializerProtocol) -> None:
        self.serde = serde

    def encode(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> tuple[Head, dict[Stamp, Payload]]:
        """Split a checkpoint: small values stay inline, others become blobs if their version is new."""
        values = checkpoint["channel_values"]
        inline = {channel: value for channel, value in values.items() if _is_small(value)}
        blobs = {
            (channel, str(version)): self.serde.dumps_typed(values[channel])
            for channel, version in new_versions.items()
            if channel in values and channel not in inline
        }
        full = get_serializable_checkpoint_metadata(config, metadata)
        head = Head(
            checkpoint_id=checkpoint["id"],
            parent_id=config["configurable"].get("checkpoint_id"),
            columns=searchable(full),
            checkpoint=self.serde.dumps_typed({**checkpoint, "channel_values": inline}),
            metadata=self.serde.dumps_typed(full),
        )
        return head, blobs

    def encode_writes(self, writes: Iterable[tuple[str, Any]]) -> list[Write]:
        """Number a task's writes by position; errors, interrupts and similar get indices below 0."""
        numbered = {
            WRITES_IDX_MAP.get(channel, position): (channel, value)
            for position, (channel, value) in enumerate(writes)
        }
        return [
            Write(idx, channel, self.serde.dumps_typed(value)) for idx, (channel, value) in numbered.items()
        ]

    def open_head(self, row: Any) -> Checkpoint:  # Any: a row's columns have no static type
        """Deserialise a checkpoint without its blobs."""
        head: Checkpoint = self.serde.loads_typed((row.checkpoint_type, row.checkpoint))
        return head

    def open_metadata(self, row: Any) -> CheckpointMetadata:
        """Deserialise a checkpoint's metadata."""
        metadata: CheckpointMetadata = self.serde.loads_typed((row.metadata_type, row.metadata))
        return metadata

    def open_writes(self, rows: Rows) -> list[PendingWrite]:
        """Deserialise pending writes, in the order of the rows."""
        return [
            (row.task_id, row.channel, self.serde.loads_typed((row.value_type, row.value))) for row in rows
        ]

    def dissect(self, row: Any) -> Anatomy:
        """List what a checkpoint depends on; used when others are removed."""
        head = self.open_head(row)
        deltas = self.open_metadata(row).get("counters_since_delta_snapshot") or {}
        return Anatomy(frozenset(head["channel_values"]), dict(stamps(head)), frozenset(deltas))


def stamps(head: Checkpoint) -> list[Stamp]:
    """List the channels whose values are stored as blobs."""
    inline = head["channel_values"]
    return [
        (channel, str(version))
        for channel, version in head["channel_versions"].items()
        if channel not in inline
    ]


def searchable(metadata: Mapping[str, Any]) -> dict[str, str | int | None]:
    """Select the entries of the metadata, or of a filter, that have their own column."""
    step = metadata.get("step")
    return {
        "source": _word(metadata.get("source"), 32),
        "step": step if type(step) is int and abs(step) < 2**31 else None,
        "run_id": _word(metadata.get("run_id"), 255),
    }


def contains(have: Any, wanted: Any) -> bool:
    """Whether `have` contains `wanted` in the sense of PostgreSQL's `@>` (object entries, list elements)."""
    if isinstance(wanted, Mapping):
        return isinstance(have, Mapping) and all(
            key in have and contains(have[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return isinstance(have, list | tuple) and all(
            any(contains(element, value) for element in have) for value in wanted
        )
    return isinstance(have, bool) is isinstance(wanted, bool) and bool(have == wanted)


def _word(value: object, limit: int) -> str | None:
    # Printable text has neither NUL nor lone surrogates, which databases refuse.
    fits = isinstance(value, str) and value.isprintable() and len(value.encode()) <= limit
    return str(value) if fits else None


def _is_small(value: object) -> bool:
    return value is None or type(value) in {bool, int, float} or (type(value) is str and len(value) <= _SHORT)
