"""Real graphs on the checkpointer: killed and resumed, pruned, forked, and how much they write."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
import sqlalchemy as sa
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from branchwise.store import SQLAlchemySaver
from branchwise.store.database.checkpoint_tables import TABLES
from branchwise.store.database.database import Database
from branchwise.store.errors import BadInput

SCRIPT = Path(__file__).with_name("interrupted.py")


def interrupted() -> Any:
    spec = importlib.util.spec_from_file_location("interrupted", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["interrupted"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_a_graph_goes_on_in_another_process_after_a_question_and_a_kill(url: str, thread: str) -> None:
    config = {"configurable": {"thread_id": thread}}
    codes = []
    for answer in ([], ["because"]):
        process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), url, thread, *answer)
        codes.append(await process.wait())
    assert codes == [0, -signal.SIGKILL]
    async with SQLAlchemySaver.from_url(url) as saver:
        graph = interrupted().build(saver, deadly=False)
        assert (await graph.aget_state(config)).next == ("die",)
        final = await graph.ainvoke(None, config, durability="sync")
        assert final["trail"] == [
            "think", "sample 0", "sample 1", "sample 2", "answer because", "survived"
        ]  # fmt: skip
        history = [state async for state in graph.aget_state_history(config)]
    assert [state.metadata["step"] for state in history] == list(range(len(history) - 2, -2, -1))


def _append(state: list[str], writes: list[list[str]]) -> list[str]:
    return [*state, *(word for write in writes for word in write)]


class Counted(TypedDict):
    count: int
    note: str
    words: Annotated[list[str], DeltaChannel(_append, snapshot_frequency=5)]


def counting(saver: BaseCheckpointSaver[Any] | None, steps: int) -> Any:
    def step(state: Counted) -> dict[str, Any]:
        return {"count": state["count"] + 1, "words": [f"word {state['count']}"]}

    graph = StateGraph(Counted)
    graph.add_node("step", step)
    graph.add_edge(START, "step")
    graph.add_conditional_edges("step", lambda state: END if state["count"] % steps == 0 else "step")
    return graph.compile(checkpointer=saver)


START_STATE = {"count": 0, "note": "x" * 2000, "words": []}


async def run_to(saver: BaseCheckpointSaver[Any], thread: str, steps: int) -> Any:
    graph = counting(saver, steps)
    config = {"configurable": {"thread_id": thread}, "recursion_limit": 1000}
    await graph.ainvoke(START_STATE, config, durability="sync")
    return graph


@pytest.mark.parametrize("steps", [3, 5, 13])
async def test_a_pruned_thread_still_rebuilds_its_history(
    saver: SQLAlchemySaver, thread: str, steps: int
) -> None:
    graph = await run_to(saver, thread, steps)
    config: Any = {"configurable": {"thread_id": thread}}
    words = [f"word {number}" for number in range(steps)]
    before = len([*saver.list(config)])
    assert (await graph.aget_state(config)).values["words"] == words
    await saver.aprune([thread])
    await saver.aprune([thread])
    assert (await graph.aget_state(config)).values == {"count": steps, "note": "x" * 2000, "words": words}
    kept = len([*saver.list(config)])
    assert kept == before if steps < 5 else kept < before
    again = await graph.ainvoke({"count": steps}, {**config, "recursion_limit": 1000}, durability="sync")
    assert again["words"] == [f"word {number}" for number in range(2 * steps)]


async def test_prune_leaves_one_checkpoint_where_no_channel_has_a_history(
    saver: SQLAlchemySaver, thread: str
) -> None:
    graph = interrupted().build(saver, deadly=False)
    config: Any = {"configurable": {"thread_id": thread}}
    await graph.ainvoke({"trail": [], "question": "why?"}, config, durability="sync")
    await saver.aprune([thread])
    assert len([*saver.list(config)]) == 1
    final = await graph.ainvoke(Command(resume="because"), config, durability="sync")
    assert final["trail"][-2:] == ["answer because", "survived"]


async def test_history_is_what_the_plain_walk_finds(saver: SQLAlchemySaver, thread: str) -> None:
    await run_to(saver, thread, 80)
    for found in [*saver.list({"configurable": {"thread_id": thread}})][::7]:
        wanted: Any = {"config": found.config, "channels": ["words", "note", "count", "never"]}
        walked = BaseCheckpointSaver.get_delta_channel_history(saver, **wanted)
        assert saver.get_delta_channel_history(**wanted) == walked
        assert await saver.aget_delta_channel_history(**wanted) == walked


async def test_runs_that_later_ones_are_rebuilt_from_cannot_be_deleted(
    saver: SQLAlchemySaver, thread: str
) -> None:
    graph = counting(saver, 2)
    for number in range(2):
        config: Any = {"configurable": {"thread_id": thread}, "metadata": {"run_id": f"{thread}-{number}"}}
        await graph.ainvoke(START_STATE if number == 0 else {"note": "y"}, config, durability="sync")
    words = (await graph.aget_state(config)).values["words"]
    with pytest.raises(BadInput, match="rebuilt from these runs"):
        await saver.adelete_for_runs([f"{thread}-0"])
    assert (await graph.aget_state(config)).values["words"] == words == [f"word {n}" for n in range(4)]
    await saver.adelete_for_runs([f"{thread}-0", f"{thread}-1"])
    assert await saver.aget_tuple(config) is None


async def test_a_fork_from_an_old_state_leaves_the_first_branch_alone(
    saver: SQLAlchemySaver, thread: str
) -> None:
    graph = await run_to(saver, thread, 4)
    config: Any = {"configurable": {"thread_id": thread}}
    states = [state async for state in graph.aget_state_history(config)]
    tip, old = states[0], states[2]
    fork = await graph.aupdate_state(old.config, {"note": "forked"})
    forked = await graph.ainvoke(None, fork, durability="sync")
    assert forked["note"] == "forked"
    assert forked["words"] == tip.values["words"]
    assert (await graph.aget_state(tip.config)).values == tip.values


def bytes_of(database: Database, thread: str) -> int:
    def work(connection: sa.Connection) -> int:
        total = 0
        for table in TABLES:
            data = [column for column in table.columns if isinstance(column.type, sa.LargeBinary)]
            size = sum((sa.func.length(column) for column in data), start=sa.literal(0))
            query = sa.select(sa.func.coalesce(sa.func.sum(size), 0)).where(table.c.thread_id == thread)
            total += int(connection.scalar(query) or 0)
        return total

    return database.read(work)


async def test_growth_is_linear_and_no_more_than_the_reference_saver_writes(
    saver: SQLAlchemySaver, database: Database, thread: str
) -> None:
    memory = InMemorySaver()
    await run_to(memory, thread, 40)
    reference = sum(len(data) for _, data in memory.blobs.values())
    for namespaces in memory.storage.values():
        for checkpoints in namespaces.values():
            for head, metadata, _ in checkpoints.values():
                reference += len(head[1]) + len(metadata[1])
    reference += sum(len(row[2][1]) for rows in memory.writes.values() for row in rows.values())
    sizes = []
    for steps in (20, 40):
        await run_to(saver, f"{thread}-{steps}", steps)
        sizes.append(bytes_of(database, f"{thread}-{steps}"))
    assert sizes[1] < 2.3 * sizes[0]
    assert sizes[1] <= reference
