"""Many threads, tasks and processes' worth of writers on one database; none waits for a reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint

from branchwise.store import SQLAlchemySaver
from branchwise.store.checkpoints.rows import PAGE
from branchwise.store.database.database import Database


def config_for(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}


def state(**values: Any) -> Checkpoint:
    return {**empty_checkpoint(), "channel_values": values, "channel_versions": dict.fromkeys(values, "1")}


async def test_two_writers_of_one_thread_both_survive(url: str, thread: str) -> None:
    async with SQLAlchemySaver.from_url(url) as one, SQLAlchemySaver.from_url(url) as two:
        shared = await one.aput(config_for(thread), state(), {"step": -1}, {})
        contested = [("same", "task"), ("other", "task")]

        async def work(saver: SQLAlchemySaver, name: str) -> None:
            for step in range(20):
                config = await saver.aput(shared, state(), {"step": step, "run_id": f"{thread}-{name}"}, {})
                await saver.aput_writes(config, [("x", name)], f"task-{step}")
                await saver.aput_writes(shared, contested, "one task", "path")

        async with asyncio.TaskGroup() as group:
            for saver, name in ((one, "one"), (two, "two")):
                group.create_task(work(saver, name))
        listed = [found async for found in two.alist(config_for(thread))]
        found = await one.aget_tuple(shared)
    assert len(listed) == 41
    written = sorted(write[2] for tuple_ in listed[:40] for write in tuple_.pending_writes or ())
    assert written == ["one"] * 20 + ["two"] * 20
    assert found is not None
    assert found.pending_writes == [("one task", "same", "task"), ("one task", "other", "task")]


async def test_a_listing_may_be_interrupted_by_every_other_call(saver: SQLAlchemySaver, thread: str) -> None:
    config = config_for(thread)
    for step in range(PAGE + 5):
        config = await saver.aput(config, state(), {"step": step}, {})
    seen = 0
    async for found in saver.alist(config_for(thread)):
        seen += 1
        await saver.aput_writes(found.config, [("x", seen)], "task")
        await saver.aget_tuple(found.config)
        assert [inner async for inner in saver.alist(found.config)]
        await saver.aput(found.config, state(), {"step": 1000}, {})
    assert seen == PAGE + 5
    await saver.aprune([thread])
    assert len([found async for found in saver.alist(config_for(thread))]) == 1


def test_a_sync_listing_may_be_interrupted_too(saver: SQLAlchemySaver, thread: str) -> None:
    for step in range(3):
        saver.put(config_for(thread), state(), {"step": step}, {})
    for found in saver.list(config_for(thread)):
        saver.put_writes(found.config, [("x", 1)], "task")
        assert [*saver.list(found.config)]
    listing = saver.list(config_for(thread))
    next(listing)
    saver.delete_thread(thread)
    assert saver.get_tuple(config_for(thread)) is None
    assert len([*listing]) == 2


def test_sync_calls_work_from_any_thread_without_a_loop(saver: SQLAlchemySaver, thread: str) -> None:
    def work(number: int) -> list[Any]:
        config = saver.put(config_for(f"{thread}-{number}"), state(x=number), {"step": 0}, {"x": "1"})
        saver.put_writes(config, [("x", number)], "task")
        found = saver.get_tuple(config)
        assert found is not None
        return [found.checkpoint["channel_values"]["x"], *(found.pending_writes or ())]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(work, range(24)))
    assert answers == [[number, ("task", "x", number)] for number in range(24)]


async def test_sync_calls_work_inside_a_running_loop(saver: SQLAlchemySaver, thread: str) -> None:
    waiting = asyncio.create_task(saver.aput(config_for(thread), state(), {"step": 0}, {}))
    await asyncio.sleep(0)
    stored = saver.put(config_for(thread), state(x=1), {"step": 1}, {"x": "1"})
    assert saver.get_tuple(stored) is not None
    await waiting
    assert len([*saver.list(config_for(thread))]) == 2


async def test_a_cancelled_put_is_whole_or_nothing_and_harms_no_other(
    saver: SQLAlchemySaver, thread: str
) -> None:
    values = {f"channel-{number}": "x" * 100 for number in range(20)}
    versions: dict[str, Any] = dict.fromkeys(values, "1")
    puts = [
        asyncio.create_task(
            saver.aput(config_for(f"{thread}-{number}"), state(**values), {"step": 0}, versions)
        )
        for number in range(30)
    ]
    await asyncio.sleep(0)
    for task in puts[::2]:
        task.cancel()
    await asyncio.wait(puts)
    await saver.aput(config_for(thread), state(), {"step": 0}, {})
    for number in range(30):
        found = await saver.aget_tuple(config_for(f"{thread}-{number}"))
        assert found is None or found.checkpoint["channel_values"] == values
        assert found is not None or number % 2 == 0


async def test_a_failing_guard_of_one_saver_spares_the_others_of_its_group(
    database: Database, thread: str
) -> None:
    def refuse(_connection: object) -> None:
        raise ValueError("no")

    good, bad = SQLAlchemySaver(database), SQLAlchemySaver(database, guard=refuse)
    savers: list[Callable[..., Any]] = [good.aput, bad.aput] * 10
    puts = [
        asyncio.create_task(put(config_for(f"{thread}-{number}"), state(), {}, {}))
        for number, put in enumerate(savers)
    ]
    await asyncio.wait(puts)
    assert [isinstance(task.exception(), ValueError) for task in puts] == [False, True] * 10
    for number in range(20):
        found = await good.aget_tuple(config_for(f"{thread}-{number}"))
        assert (found is None) == bool(number % 2)
