"""What the public suite leaves out: order, repetition, early writes, forks, unusual names, the guard."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    empty_checkpoint,
    writes_sort_key,
)
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME

from branchwise.store import SQLAlchemySaver
from branchwise.store.checkpoints.codec import contains
from branchwise.store.checkpoints.rows import PAGE
from branchwise.store.database.checkpoint_tables import lg_blobs, lg_checkpoints, lg_writes
from branchwise.store.database.database import Database
from branchwise.store.errors import BadInput, LeaseLost, StoreError


def config_for(thread: str, checkpoint_id: str | None = None, namespace: str = "") -> RunnableConfig:
    named = {} if checkpoint_id is None else {"checkpoint_id": checkpoint_id}
    return {"configurable": {"thread_id": thread, "checkpoint_ns": namespace, **named}}


def checkpoint_of(versions: dict[str, Any] | None = None, **values: Any) -> Checkpoint:
    return {**empty_checkpoint(), "channel_values": values, "channel_versions": versions or {}}


def metadata_of(step: int = 0, **more: Any) -> CheckpointMetadata:
    metadata: Any = {"source": "loop", "step": step, "parents": {}, **more}
    return metadata  # type: ignore[no-any-return]


def latest(saver: SQLAlchemySaver, thread: str) -> CheckpointTuple:
    found = saver.get_tuple(config_for(thread))
    assert found is not None
    return found


def test_pending_writes_come_in_the_order_a_live_run_applies_them(
    saver: SQLAlchemySaver, thread: str
) -> None:
    stored = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    paths = ["", "~__pregel_pull, a", "~__pregel_pull, B", "~__pregel_push, 0000000010", "ähnlich", "Z z"]
    tasks = [(f"task-{number:02}", path) for number, path in enumerate(paths * 2)]
    random.Random(7).shuffle(tasks)
    for task, path in tasks:
        saver.put_writes(stored, [("first", f"{task}/0"), ("second", f"{task}/1")], task, path)
    expected = sorted((writes_sort_key(path, task, idx) for task, path in tasks for idx in (0, 1)))
    pending = latest(saver, thread).pending_writes
    assert pending is not None
    assert [value for _, _, value in pending] == [f"{task}/{idx}" for _, task, idx in expected]


def test_a_repeated_write_changes_nothing_and_a_special_one_replaces(
    saver: SQLAlchemySaver, thread: str
) -> None:
    stored = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    saver.put_writes(stored, [("a", 1), ("b", 2)], "task")
    saver.put_writes(stored, [("a", 10), ("b", 20), ("c", 30)], "task")
    for special in (ERROR, INTERRUPT, RESUME):
        saver.put_writes(stored, [(special, "old")], "task")
        saver.put_writes(stored, [(special, "new")], "task")
    pending = {channel: value for _, channel, value in latest(saver, thread).pending_writes or ()}
    assert pending == {"a": 1, "b": 2, "c": 30, ERROR: "new", INTERRUPT: "new", RESUME: "new"}


def test_writes_may_come_before_their_checkpoint(saver: SQLAlchemySaver, thread: str) -> None:
    later = checkpoint_of()
    saver.put_writes(config_for(thread, later["id"]), [("a", "early")], "task")
    assert saver.get_tuple(config_for(thread)) is None
    saver.prune([thread])
    saver.put(config_for(thread), later, metadata_of(), {})
    assert latest(saver, thread).pending_writes == [("task", "a", "early")]


def test_prune_keeps_writes_that_came_before_their_checkpoint(saver: SQLAlchemySaver, thread: str) -> None:
    first = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    second = saver.put(first, checkpoint_of(), metadata_of(1), {})
    third = checkpoint_of()
    saver.put_writes(first, [("a", "old")], "task")
    saver.put_writes(config_for(thread, third["id"]), [("a", "early")], "task")
    saver.prune([thread])
    assert saver.get_tuple(first) is None
    saver.put(second, third, metadata_of(2), {})
    assert latest(saver, thread).pending_writes == [("task", "a", "early")]


def test_two_forks_that_count_alike_keep_their_own_values(saver: SQLAlchemySaver, thread: str) -> None:
    version = saver.get_next_version(None, None)
    root = saver.put(
        config_for(thread), checkpoint_of({"x": version}, x=["root"]), metadata_of(), {"x": version}
    )
    forks = {}
    for name in ("left", "right"):
        forked = saver.get_next_version(version, None)
        assert forked > version
        state = checkpoint_of({"x": forked}, x=[name])
        forks[name] = saver.put(root, state, metadata_of(1), {"x": forked})
    for name, config in forks.items():
        found = saver.get_tuple(config)
        assert found is not None
        assert found.checkpoint["channel_values"] == {"x": [name]}
        assert found.parent_config == root


@pytest.mark.parametrize("current", [None, 3, "0000000003.abc", f"{3:032}.0123456789"])
def test_versions_grow_whatever_they_grew_from(saver_versions: SQLAlchemySaver, current: Any) -> None:
    version, seen = current, []
    for _ in range(12):
        version = saver_versions.get_next_version(version, None)
        seen.append(version)
    assert seen == sorted(seen)
    assert len(set(seen)) == 12
    assert not isinstance(current, str) or seen[0] > current


def test_only_new_versions_are_written_and_small_values_need_no_blob(
    saver: SQLAlchemySaver, database: Database, thread: str
) -> None:
    values: dict[str, Any] = {
        "long": "x" * 1000, "short": "y", "number": 3, "flag": True, "none": None, "gone": [1]
    }  # fmt: skip
    versions: ChannelVersions = dict.fromkeys(values, "1")
    first = saver.put(config_for(thread), checkpoint_of(versions, **values), metadata_of(), versions)
    kept = {name: value for name, value in values.items() if name != "gone"}
    changed = {**kept, "number": 4}
    saver.put(
        first,
        checkpoint_of({**versions, "number": "2", "gone": "2"}, **changed),
        metadata_of(1),
        {"number": "2", "gone": "2"},
    )
    assert latest(saver, thread).checkpoint["channel_values"] == changed
    before = saver.get_tuple(first)
    assert before is not None
    assert before.checkpoint["channel_values"] == values
    blobs = database.read(
        lambda connection: connection.execute(
            sa.select(lg_blobs.c.channel, lg_blobs.c.version).where(lg_blobs.c.thread_id == thread)
        ).all()
    )
    assert {tuple(row) for row in blobs} == {("long", "1"), ("gone", "1")}


@pytest.mark.parametrize(
    "name", ["a'b\"c", "'; DROP TABLE lg_checkpoints; --", "Grüße 😀", "A", "a ", "%", "_", "x" * 200]
)
def test_any_name_is_a_thread_of_its_own(saver: SQLAlchemySaver, thread: str, name: str) -> None:
    mine, near = f"{thread}{name}", f"{thread}{name.swapcase().strip()}!"
    for other in (mine, near):
        saver.put(config_for(other, namespace=name), checkpoint_of(), metadata_of(), {})
    config = config_for(mine, namespace=name)
    found = saver.get_tuple(config)
    assert found is not None
    assert found.config["configurable"]["thread_id"] == mine
    assert len([*saver.list(config)]) == 1
    saver.delete_thread(mine)
    assert saver.get_tuple(config) is None
    assert saver.get_tuple(config_for(near, namespace=name)) is not None


def test_threads_that_differ_in_case_are_two(saver: SQLAlchemySaver, thread: str) -> None:
    saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    assert saver.get_tuple(config_for(thread.upper())) is None


def test_listing_pages_in_order_to_the_end(saver: SQLAlchemySaver, thread: str) -> None:
    config, made = config_for(thread), []
    for step in range(PAGE + 10):
        config = saver.put(config, checkpoint_of(), metadata_of(step, tenth=step % 10 == 0), {})
        made.append(config["configurable"]["checkpoint_id"])
    listed = [found.config["configurable"]["checkpoint_id"] for found in saver.list(config_for(thread))]
    assert listed == made[::-1]
    tenths = [found.metadata["step"] for found in saver.list(config_for(thread), filter={"tenth": True})]
    assert tenths == [70, 60, 50, 40, 30, 20, 10, 0]
    some = saver.list(
        config_for(thread), filter={"tenth": True}, limit=2, before=config_for(thread, made[60])
    )
    assert [found.metadata["step"] for found in some] == [50, 40]
    assert [*saver.list(config_for(thread), limit=0)] == []
    assert [found.config["configurable"]["thread_id"] for found in saver.list(None)].count(thread) == len(
        made
    )


def test_a_filter_finds_what_the_metadata_contain(saver: SQLAlchemySaver, thread: str) -> None:
    saver.put(
        config_for(thread), checkpoint_of(), metadata_of(1, tags=["a", "b"], user={"id": 7, "on": True}), {}
    )

    def hits(**wanted: Any) -> int:
        return len([*saver.list(config_for(thread), filter=wanted)])

    assert hits(tags=["b"]) == hits(user={"id": 7}) == hits(step=1.0) == hits() == 1
    assert hits(tags=["c"]) == hits(user={"id": 8}) == hits(step=True) == hits(user={"on": 1}) == 0
    assert hits(missing=None) == hits(source="loop\x00") == hits(source="\ud800") == 0


@pytest.mark.parametrize(
    ("have", "wanted", "answer"),
    [({"a": 1, "b": 2}, {"a": 1}, True), ({"a": 1}, {"a": 1, "b": 2}, False), ([1, [2]], [[2]], True),
     (1, True, False), (None, None, True), ("1", 1, False), ([], [], True), ({"a": {}}, {"a": {"b": 1}}, False)],
)  # fmt: skip
def test_contains(have: Any, wanted: Any, answer: bool) -> None:
    assert contains(have, wanted) is answer


def test_a_copy_has_everything_and_goes_its_own_way(saver: SQLAlchemySaver, thread: str) -> None:
    first = saver.put(config_for(thread), checkpoint_of({"x": "1"}, x=[1]), metadata_of(), {"x": "1"})
    saver.put_writes(first, [("x", [2])], "task", "path")
    saver.put(config_for(thread, namespace="sub"), checkpoint_of(), metadata_of(), {})
    copy = f"{thread}-copy"
    saver.copy_thread(thread, copy)
    saver.delete_thread(thread)
    found = latest(saver, copy)
    assert found.checkpoint["channel_values"] == {"x": [1]}
    assert found.pending_writes == [("task", "x", [2])]
    assert saver.get_tuple(config_for(copy, namespace="sub")) is not None
    with pytest.raises(BadInput, match="copy to a new one"):
        saver.copy_thread(thread, copy)


def test_delete_for_runs_leaves_no_orphans(saver: SQLAlchemySaver, database: Database, thread: str) -> None:
    config = config_for(thread)
    for number, run in enumerate([f"{thread}-r1", f"{thread}-r2"]):
        version = str(number)
        state = checkpoint_of({"x": version}, x=[number])
        config = saver.put(config, state, metadata_of(number, run_id=run), {"x": version})
        saver.put_writes(config, [("x", [number])], f"task-{number}")
    saver.delete_for_runs([f"{thread}-r1", "never"])

    def count(connection: sa.Connection) -> dict[str, int | None]:
        tables = (lg_checkpoints, lg_blobs, lg_writes)
        counts = {table: sa.select(sa.func.count()).where(table.c.thread_id == thread) for table in tables}
        return {table.name: connection.scalar(query) for table, query in counts.items()}

    rows = database.read(count)
    assert rows == {"lg_checkpoints": 1, "lg_blobs": 1, "lg_writes": 1}
    assert latest(saver, thread).checkpoint["channel_values"] == {"x": [1]}


def test_the_guard_decides_over_every_write(database: Database, saver: SQLAlchemySaver, thread: str) -> None:
    def lost(_connection: sa.Connection) -> None:
        raise LeaseLost("Another worker holds this run.")

    stored = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    fenced = SQLAlchemySaver(database, guard=lost)
    with pytest.raises(LeaseLost):
        fenced.put(stored, checkpoint_of(), metadata_of(1), {})
    with pytest.raises(LeaseLost):
        fenced.put_writes(stored, [("a", 1)], "task")
    with pytest.raises(LeaseLost):
        fenced.delete_thread(thread)
    with pytest.raises(LeaseLost):
        fenced.delete_for_runs(["run"])
    with pytest.raises(LeaseLost):
        fenced.copy_thread(thread, f"{thread}-copy")
    with pytest.raises(LeaseLost):
        fenced.prune([thread], strategy="delete")
    found = latest(saver, thread)
    assert found.config == stored
    assert found.pending_writes == []


async def test_a_saver_closes_only_the_database_it_opened(database: Database, thread: str) -> None:
    with SQLAlchemySaver(database) as saver:
        saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    async with SQLAlchemySaver(database) as saver:
        assert await saver.aget_tuple(config_for(thread)) is not None
    assert latest(SQLAlchemySaver(database), thread).pending_writes == []
    with SQLAlchemySaver.from_url("sqlite://") as saver:
        pass
    with pytest.raises(StoreError, match="closed"):
        saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})


def test_misuse_is_told(saver: SQLAlchemySaver, thread: str) -> None:
    with pytest.raises(BadInput, match="names no thread"):
        saver.get_tuple({"configurable": {}})
    with pytest.raises(BadInput, match="keep_latest or delete"):
        saver.prune([thread], strategy="keep_all")


@pytest.fixture(scope="module")
def saver_versions() -> Iterator[SQLAlchemySaver]:
    with SQLAlchemySaver.from_url("sqlite://") as saver:
        yield saver
