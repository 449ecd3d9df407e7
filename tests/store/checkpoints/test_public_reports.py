"""Faults that were reported of LangGraph's and others' savers, tried on ours; each test names its report."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from operator import add
from typing import Annotated, Any, TypedDict

import pytest
import sqlalchemy as sa
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt

from branchwise.store import SQLAlchemySaver
from branchwise.store.database.checkpoint_tables import TABLES, lg_blobs, lg_checkpoints
from branchwise.store.database.database import Database
from branchwise.store.errors import BadInput, StoreError
from tests.store.checkpoints.test_saver_writes import checkpoint_of, config_for, metadata_of


class State(TypedDict, total=False):
    foo: str
    bar: Annotated[list[Any], add]


def _graph() -> Any:
    return StateGraph(State)


def _two_steps(saver: SQLAlchemySaver, *, ask: bool = False) -> Any:
    def first(state: State) -> State:
        return {"foo": interrupt("go on?") if ask else "a", "bar": ["a"]}

    def second(state: State) -> State:
        return {"foo": "b", "bar": ["b"]}

    built = _graph().add_node("first", first).add_node("second", second)
    built.add_edge(START, "first").add_edge("first", "second").add_edge("second", END)
    return built.compile(checkpointer=saver)


def _rows(database: Database, thread: str) -> int:
    def count(connection: sa.Connection) -> int:
        return sum(
            connection.scalar(sa.select(sa.func.count()).where(table.c.thread_id == thread)) or 0
            for table in TABLES
        )

    return database.read(count)


def test_nul_characters_come_back(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#1878: UntranslatableCharacter, in values and in metadata."""
    text = "what's the \x00 weather in nyc 🌧"
    versions: Any = {"messages": saver.get_next_version(None, None)}
    checkpoint = checkpoint_of(versions, messages=[HumanMessage(text)])
    config = saver.put(config_for(thread), checkpoint, metadata_of(note="a\x00b"), versions)
    saver.put_writes(config, [("messages", "c\x00d")], "task\x01")
    found = saver.get_tuple(config)
    assert found is not None
    assert found.checkpoint["channel_values"]["messages"][0].content == text
    assert found.metadata["note"] == "ab"  # type: ignore[typeddict-item]  # LangGraph itself takes it out
    assert found.pending_writes == [("task\x01", "messages", "c\x00d")]


async def test_concurrent_puts_meet_no_lock(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#8136, xerrors/Yuxi#875: database is locked."""
    await asyncio.gather(
        *(
            saver.aput(config_for(f"{thread}{i % 4}"), checkpoint_of(foo=i), metadata_of(i), {})
            for i in range(40)
        )
    )
    assert len([one async for one in saver.alist(config_for(f"{thread}0"))]) == 10


async def test_a_paused_listing_blocks_no_write(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#8558: alist holds the lock while it yields."""
    stored = await saver.aput(config_for(thread), checkpoint_of(), metadata_of(), {})
    listing = saver.alist(stored)
    assert await anext(listing)
    await asyncio.wait_for(saver.aput(config_for(thread), checkpoint_of(), metadata_of(1), {}), 20)
    assert [one async for one in listing] == []


async def test_sync_calls_inside_a_loop_neither_hang_nor_fail(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#7857, #3019, #4193; lfnovo/open-notebook#509: one saver is sync or async, never both."""
    config = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    saver.put_writes(config, [("foo", 1)], "t")
    assert saver.get_tuple(config) == await saver.aget_tuple(config)
    assert list(saver.list(config)) == [one async for one in saver.alist(config)]


def test_one_saver_serves_many_event_loops(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#1761: a saver is bound to the loop in which it was made."""
    graph = _two_steps(saver)
    for number in range(3):
        config = {"configurable": {"thread_id": f"{thread}{number}"}}
        assert asyncio.run(graph.ainvoke({"foo": "", "bar": []}, config))["bar"] == ["a", "b"]
    assert graph.get_state({"configurable": {"thread_id": f"{thread}0"}}).values["foo"] == "b"


def test_a_deleted_thread_leaves_nothing(saver: SQLAlchemySaver, database: Database, thread: str) -> None:
    """langchain-ai/langgraphjs#1272, aegra/aegra#499: blobs and writes outlive their thread."""
    graph = _two_steps(saver, ask=True)
    graph.invoke({"foo": "x" * 200, "bar": []}, {"configurable": {"thread_id": thread}})
    assert _rows(database, thread) > 3
    saver.delete_thread(thread)
    saver.delete_thread(thread)
    assert _rows(database, thread) == 0


def test_late_writes_bring_no_deleted_thread_back(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#7206: what a task of a deleted thread still writes is no state."""
    config = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    saver.delete_thread(thread)
    saver.put_writes(config, [("foo", 1)], "late")
    assert saver.get_tuple(config_for(thread)) is None
    assert list(saver.list(config_for(thread))) == []


def test_an_interrupt_that_is_written_twice_replaces_the_first(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#6040: duplicate key when a node asks again."""
    config = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    for question in ("when?", "when, please?"):
        saver.put_writes(config, [(INTERRUPT, question)], "t")
    found = saver.get_tuple(config)
    assert found is not None
    assert found.pending_writes == [("t", INTERRUPT, "when, please?")]


def test_after_time_travel_the_thread_goes_on_from_there(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#4987: after an old checkpoint was invoked, the latest does not change any more."""
    graph, config = _two_steps(saver), {"configurable": {"thread_id": thread}}
    graph.invoke({"foo": "", "bar": []}, config)
    before = graph.get_state(config).config["configurable"]["checkpoint_id"]
    old = next(s for s in graph.get_state_history(config) if s.next == ("second",))
    assert graph.invoke(None, old.config)["bar"] == ["a", "b"]
    after = graph.get_state(config)
    assert after.config["configurable"]["checkpoint_id"] > before
    assert graph.invoke({"foo": "more"}, config)["bar"] == ["a", "b", "a", "b"]


def test_an_edit_of_the_past_leaves_the_first_branch_readable(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraphjs#2738: two branches count their versions alike and share values."""
    graph, config = _two_steps(saver), {"configurable": {"thread_id": thread}}
    graph.invoke({"foo": "", "bar": []}, config)
    last = graph.get_state(config).config
    old = next(s for s in graph.get_state_history(config) if s.next == ("second",))
    fork = graph.update_state(old.config, {"bar": ["edited"]})
    assert graph.invoke(None, fork)["bar"] == ["a", "edited", "b"]
    assert graph.get_state(last).values["bar"] == ["a", "b"]


def test_a_question_in_a_subgraph_is_resumed(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#6165, #7498: state of nested graphs is looked for in the wrong namespace."""
    inner = _graph().add_node("ask", lambda state: {"bar": [interrupt("?")]})
    inner.add_edge(START, "ask")
    outer = _graph().add_node("inner", inner.compile()).add_node("end", lambda state: {"bar": ["end"]})
    outer.add_edge(START, "inner").add_edge("inner", "end")
    graph, config = outer.compile(checkpointer=saver), config_for(thread)
    graph.invoke({"bar": []}, config)
    nested = graph.get_state(config, subgraphs=True).tasks[0].state
    assert nested.next == ("ask",)
    assert graph.invoke(Command(resume="yes"), config)["bar"] == ["yes", "end"]
    assert (
        len(
            {
                one.config["configurable"]["checkpoint_ns"]
                for one in saver.list({"configurable": {"thread_id": thread}})
            }
        )
        == 2
    )


def test_twenty_two_graphs_within_each_other_are_named(saver: SQLAlchemySaver, thread: str) -> None:
    """tjni/langgraph-checkpoint-mysql#39, #40: Data too long for column 'checkpoint_ns'."""
    namespace = "|".join(f"a_subgraph:{number:036}" for number in range(22))
    config = saver.put(config_for(thread, namespace=namespace), checkpoint_of(foo=1), metadata_of(), {})
    assert saver.get_tuple(config) is not None
    with pytest.raises(BadInput, match="bytes; at most 1408"):
        saver.put(config_for(thread, namespace=namespace * 2), checkpoint_of(), metadata_of(), {})


def test_a_thread_name_is_refused_in_words_when_it_is_too_long(saver: SQLAlchemySaver) -> None:
    """langchain-ai/langgraph#6239: index row size exceeds the maximum, in PostgreSQL's words or none."""
    with pytest.raises(BadInput, match="bytes; at most 512"):
        saver.put(config_for("X" * 5000), checkpoint_of(), metadata_of(), {})
    saver.put(config_for("X" * 300), checkpoint_of(), metadata_of(), {})
    assert saver.get_tuple(config_for("X" * 300)) is not None


def test_threads_with_accents_are_stored_and_told_apart(saver: SQLAlchemySaver, thread: str) -> None:
    """tjni/langgraph-checkpoint-mysql#55, #81, langchain-ai/langgraph#6003: illegal mix of collations."""
    names = [f"{thread}{name}" for name in ("größe", "grosse", "GRÖSSE", "größe ", "名前")]
    for name in names:
        saver.put(config_for(name), checkpoint_of(foo=name), metadata_of(), {})
    for name in names:
        [only] = saver.list(config_for(name))
        assert only.checkpoint["channel_values"] == {"foo": name}


def test_any_metadata_can_be_filtered_by(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraphjs#2504, #1591, #582; BetterDB-inc/monitor#117: filters are dropped, or with a limit."""
    for tenant in ("acme", "globex", "acme"):
        saver.put(config_for(thread), checkpoint_of(), metadata_of(tenant=tenant, thread=thread), {})
    wanted = {"tenant": "globex", "thread": thread}
    assert len(list(saver.list(None, filter=wanted))) == 1
    assert len(list(saver.list(config_for(thread), filter=wanted, limit=1))) == 1
    assert len(list(saver.list(config_for(thread), filter={"tenant": "acme"}, limit=1))) == 1
    assert list(saver.list(config_for(thread), filter={"tenant": "nobody"}, limit=1)) == []


def test_a_filters_key_is_never_sql(saver: SQLAlchemySaver, thread: str) -> None:
    """CVE-2025-67644, CVE-2025-8709, langchain-ai/langgraph#5666: keys of a filter reach the statement."""
    saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    for key in ("x') OR 1=1 --", "source' OR '1'='1", "a.b", '"', "\x00", "%s", ":x"):
        assert list(saver.list(config_for(thread), filter={key: "loop"})) == []


def test_an_empty_namespace_and_a_cursor_are_conditions(saver: SQLAlchemySaver, thread: str) -> None:
    """redis-developer/langgraph-redis#186: the root's namespace taken for none; `before` for ids of one sort."""
    inner = saver.put(config_for(thread, namespace="inner:1"), checkpoint_of(), metadata_of(), {})
    outer = [saver.put(config_for(thread), checkpoint_of(), metadata_of(i), {}) for i in range(3)]
    assert len(list(saver.list(config_for(thread)))) == 3
    assert len(list(saver.list({"configurable": {"thread_id": thread}}))) == 4
    assert len(list(saver.list(config_for(thread), before=outer[2]))) == 2
    assert saver.get_tuple(inner) is not None
    saver.prune([])


class Phase(Enum):
    QUERY = "query_ready"


def test_values_come_back_as_they_were(database: Database, thread: str) -> None:
    """langchain-ai/langgraph#6718: nested enumerations turn to None; #3953: tuples as keys, dates, decimals."""
    saver = SQLAlchemySaver(database, allow=[Phase])
    value = {
        "phase": [Phase.QUERY],
        ("a", 1): Decimal("1.10"),
        "at": datetime(2026, 11, 30, tzinfo=UTC),
        "bytes": b"\x00\xff",
        "big": 2**63,
        "message": AIMessage("hi", id="1"),
        "set": {1, 2},
        "nothing": None,
    }
    versions: Any = {"v": saver.get_next_version(None, None)}
    config = saver.put(config_for(thread), checkpoint_of(versions, v=value), metadata_of(), versions)
    found = saver.get_tuple(config)
    assert found is not None
    assert found.checkpoint["channel_values"]["v"] == value


def test_a_value_that_cannot_be_written_writes_nothing(
    saver: SQLAlchemySaver, database: Database, thread: str
) -> None:
    """langchain-ai/langgraph#8185, #8326, #8705: types without a form; what matters is that nothing is half stored."""
    versions: Any = {"v": saver.get_next_version(None, None)}
    for value in (Fraction(1, 3), complex(1, 2), range(3), object()):
        with pytest.raises(TypeError):
            saver.put(config_for(thread), checkpoint_of(versions, v=[value]), metadata_of(), versions)
        with pytest.raises(TypeError):
            saver.put_writes(config_for(thread, "1"), [("v", [value])], "t")
    assert _rows(database, thread) == 0


def test_a_reconnection_is_not_the_users_affair(
    saver: SQLAlchemySaver, database: Database, thread: str
) -> None:
    """langchain-ai/langgraph#6107, #5675, JoshuaC215/agent-service-toolkit#212: the connection is closed."""
    config = saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    kind = database.engine.dialect.name
    if kind != "sqlite":
        kill = {
            "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        }.get(kind)
        with database.engine.connect() as connection:
            if kill is None:
                query = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
                for number in connection.exec_driver_sql(query).scalars().all():
                    connection.exec_driver_sql(f"KILL {number}")
            else:
                connection.exec_driver_sql(kill)
    saver.put_writes(config, [("foo", 1)], "t")
    assert saver.get_tuple(config) is not None


def test_a_closed_saver_says_so(url: str, thread: str) -> None:
    """langchain-ai/langgraph#2030, #1589: "the connection is closed" out of the depths."""
    with SQLAlchemySaver.from_url(url) as saver:
        saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    with pytest.raises(StoreError, match="The database is closed"):
        saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})


def test_a_saver_needs_no_setup_and_minds_none(saver: SQLAlchemySaver, url: str, thread: str) -> None:
    """langchain-ai/langgraph#4937, tjni/langgraph-checkpoint-mysql#51: setup half done, or forgotten."""
    for _ in range(2):
        with SQLAlchemySaver.from_url(url) as another:
            another.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    assert len(list(saver.list(config_for(thread)))) == 2


def test_a_static_value_is_stored_once(saver: SQLAlchemySaver, database: Database, thread: str) -> None:
    """pizza-bot-app/pizza-bot#58, bytedance/deer-flow#4138: full state in every checkpoint, quadratic growth."""
    versions: Any = {"files": saver.get_next_version(None, None)}
    config = config_for(thread)
    for step in range(20):
        checkpoint = checkpoint_of(versions, files=["x" * 50_000], step=step)
        config = saver.put(config, checkpoint, metadata_of(step), versions if step == 0 else {})

    def size(connection: sa.Connection) -> int:
        blobs = connection.scalars(sa.select(lg_blobs.c.value).where(lg_blobs.c.thread_id == thread))
        heads = connection.scalars(
            sa.select(lg_checkpoints.c.checkpoint).where(lg_checkpoints.c.thread_id == thread)
        )
        return sum(map(len, blobs)) + sum(map(len, heads))

    assert database.read(size) < 100_000
    saver.prune([thread])
    assert len(list(saver.list(config_for(thread)))) == 1


def test_reads_do_not_wait_for_each_other(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#7259: one lock around every operation, even over a pool."""
    saver.put(config_for(thread), checkpoint_of(), metadata_of(), {})
    listing = saver.list(config_for(thread))
    next(listing)
    done: list[object] = []
    readers = [
        threading.Thread(target=lambda: done.append(saver.get_tuple(config_for(thread)))) for _ in range(4)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    assert len(done) == 4


def test_parallel_tasks_keep_what_each_of_them_wrote(saver: SQLAlchemySaver, thread: str) -> None:
    """langchain-ai/langgraph#976, #8039: finished siblings of a failed task are run again."""
    ran: list[int] = []

    def work(number: int) -> State:
        ran.append(number)
        if number == 3 and ran.count(3) == 1:
            time.sleep(0.3)
            raise ValueError(number)
        return {"bar": [number]}

    built = _graph().add_node("work", work)
    built.add_conditional_edges(START, lambda state: [Send("work", number) for number in range(4)], ["work"])
    graph, config = built.compile(checkpointer=saver), {"configurable": {"thread_id": thread}}
    with pytest.raises(ValueError, match="3"):
        graph.invoke({"bar": []}, config)
    assert graph.invoke(None, config)["bar"] == [0, 1, 2, 3]
    assert sorted(ran) == [0, 1, 2, 3, 3]
