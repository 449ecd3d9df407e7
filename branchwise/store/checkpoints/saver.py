"""LangGraph checkpointer on the SQL databases that branchwise supports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    get_checkpoint_id,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from branchwise.store.bulk import Bulk, Change
from branchwise.store.checkpoints.codec import Allowed, Codec, StrictSerializer
from branchwise.store.checkpoints.history import history
from branchwise.store.checkpoints.reading import Listing, config_of, read_checkpoint, scope_of
from branchwise.store.checkpoints.removal import copy_thread, prune_thread, remove_runs, remove_thread
from branchwise.store.checkpoints.rows import checkpoint_rows, write_rows
from branchwise.store.checkpoints.stamps import stamps
from branchwise.store.database.database import Database, callers_own
from branchwise.store.errors import BadInput

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
Guard = Callable[[sa.Connection], None]


class SQLAlchemySaver(BaseCheckpointSaver[str]):
    """A checkpointer for LangGraph on SQLite, PostgreSQL, MariaDB and MySQL.

        with SQLAlchemySaver.from_url("sqlite:///agent.sqlite") as saver:
            graph = builder.compile(checkpointer=saver)

    Safe to call from any thread, with or without an event loop. State is rebuilt from a closed set of types.

    Args:
        database: Where to keep checkpoints; the caller closes it.
        allow: More types that the state may hold.
        guard: Runs first in the transaction of every write; when it raises, nothing is written.
        serde: Another serialiser, an `EncryptedSerializer` for example; `allow` is then ignored.
    """

    def __init__(
        self,
        database: Database,
        *,
        allow: Allowed = (),
        guard: Guard | None = None,
        serde: SerializerProtocol | None = None,
    ) -> None:
        super().__init__(serde=serde or StrictSerializer(allow))
        self._database, self._guard = database, callers_own(guard)
        self._dialect = database.engine.dialect.name
        self._opened = False

    @classmethod
    def from_url(
        cls,
        url: str | None = None,
        *,
        allow: Allowed = (),
        guard: Guard | None = None,
        serde: SerializerProtocol | None = None,
    ) -> Self:
        """Open the database at `url`, or raise StoreError; `with` or `async with` closes it."""
        saver = cls(Database.open(url), allow=allow, guard=guard, serde=serde)
        saver._opened = True
        return saver

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened:
            self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened:
            await asyncio.to_thread(self._database.close)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read the checkpoint that `config` names, or the latest of its thread and namespace."""
        return self._database.read(lambda connection: read_checkpoint(connection, self._codec, config))

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Do what `get_tuple` does."""
        return await self._database.aread(lambda connection: read_checkpoint(connection, self._codec, config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's word
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Read checkpoints, newest first; no lock or transaction is held between two of them.

        Args:
            config: The thread, and if it names them the namespace and checkpoint; all threads without it.
            filter: What the metadata must contain, in the sense of PostgreSQL's `@>`.
            before: Only checkpoints older than this one.
            limit: How many at most.
        """
        listing = Listing(self._codec, config, filter, before, limit)
        while not listing.done:
            yield from listing.take(self._database.read(listing.page))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's word
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Do what `list` does."""
        listing = Listing(self._codec, config, filter, before, limit)
        while not listing.done:
            for found in listing.take(await self._database.aread(listing.page)):
                yield found

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint as the child of the one that `config` names, and return its own config."""
        self._database.write(self._putting(config, checkpoint, metadata, new_versions))
        return config_of(scope_of(config), checkpoint["id"])

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Do what `put` does."""
        await self._database.awrite(self._putting(config, checkpoint, metadata, new_versions))
        return config_of(scope_of(config), checkpoint["id"])

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store a task's writes under a checkpoint, which may be stored later; idempotent."""
        self._database.write(self._putting_writes(config, writes, task_id, task_path))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Do what `put_writes` does."""
        await self._database.awrite(self._putting_writes(config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """Remove a thread with all its namespaces."""
        self._database.write(self._guarded(lambda connection: remove_thread(connection, thread_id)))

    async def adelete_thread(self, thread_id: str) -> None:
        """Do what `delete_thread` does."""
        await self._database.awrite(self._guarded(lambda connection: remove_thread(connection, thread_id)))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Remove the checkpoints whose metadata name one of these runs, and the blobs only they used.

        Raises:
            BadInput: A remaining checkpoint is rebuilt from one to be removed; nothing was removed.
        """
        self._database.write(self._removing_runs(run_ids))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Do what `delete_for_runs` does."""
        await self._database.awrite(self._removing_runs(run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a whole thread, with every ancestor and pending write.

        Raises:
            BadInput: The target holds something already.
        """
        self._database.write(self._copying(source_thread_id, target_thread_id))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Do what `copy_thread` does."""
        await self._database.awrite(self._copying(source_thread_id, target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Remove all but the latest checkpoint of each namespace; "delete" removes the latest as well.

        Ancestors stay where a `DeltaChannel` of the latest is rebuilt from them. Prune idle threads only: a fork
        made from an old checkpoint at the same moment loses the values it shares with it.
        """
        self._database.write(self._pruning(thread_ids, strategy))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Do what `prune` does."""
        await self._database.awrite(self._pruning(thread_ids, strategy))

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Read what each `DeltaChannel` is rebuilt from, a page of ancestors in three queries."""
        return self._database.read(self._reading_history(config, channels))

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Do what `get_delta_channel_history` does."""
        return await self._database.aread(self._reading_history(config, channels))

    def get_next_version(self, current: str | None, channel: None) -> str:
        """The next version of a channel; a random part keeps the versions of two forks apart."""
        # Blobs are found by channel and version alone. A whole number comes from another saver's thread.
        count = int(str(current).split(".")[0]) + 1 if current is not None else 1
        return f"{count:010}.{stamps.getrandbits(48):012x}"

    @property
    def _codec(self) -> Codec:
        # LangGraph's `with_allowlist` copies the saver and gives the copy another serialiser.
        return Codec(self.serde)

    def _guarded(self, work: Work[T]) -> Work[T]:
        guard = self._guard
        if guard is None:
            return work

        def guarded(connection: sa.Connection) -> T:
            guard(connection)
            return work(connection)

        return guarded

    def _rows(self, changes: Sequence[Change]) -> Work[None]:
        return self._guarded(Bulk(None, changes, optional=True))

    # Serialise before returning: the caller may change the object afterwards.

    def _putting(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> Work[None]:
        head, blobs = self._codec.encode(config, checkpoint, metadata, new_versions)
        return self._rows(checkpoint_rows(self._dialect, scope_of(config), head, blobs))

    def _putting_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> Work[None]:
        checkpoint_id = config["configurable"]["checkpoint_id"]
        encoded = self._codec.encode_writes(writes)
        task = (task_id, task_path)
        return self._rows(write_rows(self._dialect, scope_of(config), checkpoint_id, task, encoded))

    def _removing_runs(self, run_ids: Sequence[str]) -> Work[None]:
        return self._guarded(partial(remove_runs, run_ids=run_ids, dissect=self._codec.dissect))

    def _copying(self, source: str, target: str) -> Work[None]:
        return self._guarded(partial(copy_thread, source=source, target=target))

    def _pruning(self, thread_ids: Sequence[str], strategy: str) -> Work[None]:
        if strategy not in {"keep_latest", "delete"}:
            raise BadInput(f"Unknown prune strategy `{strategy}`: use keep_latest or delete.")

        def prune_all(connection: sa.Connection) -> None:
            for thread_id in thread_ids:
                if strategy == "delete":
                    remove_thread(connection, thread_id)
                else:
                    prune_thread(connection, thread_id, self._codec.dissect)

        return self._guarded(prune_all)

    def _reading_history(
        self, config: RunnableConfig, channels: Sequence[str]
    ) -> Work[dict[str, DeltaChannelHistory]]:
        scope, checkpoint_id = scope_of(config), get_checkpoint_id(config) or None
        return lambda connection: history(connection, self._codec, scope, checkpoint_id, channels)
