"""LangGraph's features in a workflow: each row of the table in docs/workflows.md."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pytest
from langgraph.cache.memory import InMemoryCache
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.memory import InMemoryStore
from langgraph.types import CachePolicy, Command, RetryPolicy

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.run import run
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput
from branchwise.store.store import Store

TABLE = Path(__file__).parents[3] / "docs/workflows.md"
FLOWS = "tests.graphs.runtime.flows"


class State(TypedDict, total=False):
    n: int
    seen: Annotated[list[str], operator.add]


async def jump(state: State, runtime: Runtime[Run]) -> Command[Literal["after"]]:
    said = (await runtime.context.sample("jump", "jump")).text
    return Command(update={"seen": [said]}, goto="after")


async def after(state: State, runtime: Runtime[Run]) -> State:
    return {"seen": [(await runtime.context.sample("after", "after")).text]}


commanded = StateGraph(State, context_schema=Run)
commanded.add_node("jump", jump)
commanded.add_node("after", after)
commanded.add_edge(START, "jump")

FAILURES: list[int] = []


async def flaky(state: State, runtime: Runtime[Run]) -> State:
    said = (await runtime.context.sample("flaky", "flaky")).text
    FAILURES.append(1)
    if len(FAILURES) < 3:
        raise ConnectionError
    return {"seen": [said]}


retried = StateGraph(State, context_schema=Run)
retried.add_node("flaky", flaky, retry_policy=RetryPolicy(initial_interval=0.01, jitter=False))
retried.add_edge(START, "flaky")

_cached = StateGraph(State, context_schema=Run)
_cached.add_node("after", after, cache_policy=CachePolicy())
_cached.add_edge(START, "after")
cached = _cached.compile(cache=InMemoryCache())

deferred = StateGraph(State, context_schema=Run)
deferred.add_node("short", after)
deferred.add_node("long", after)
deferred.add_node("longer", after)
deferred.add_node("last", after, defer=True)
deferred.add_edge(START, "short")
deferred.add_edge(START, "long")
deferred.add_edge("long", "longer")
deferred.add_edge("short", "last")
deferred.add_edge("longer", "last")
deferred.add_edge("last", END)


async def remember(state: State, runtime: Runtime[Run]) -> State:
    assert runtime.store is not None
    await runtime.store.aput(("a",), "b", {"c": 1})
    found = await runtime.store.aget(("a",), "b")
    return {"n": found.value["c"] if found else 0}


_stored = StateGraph(State, context_schema=Run)
_stored.add_node("remember", remember)
_stored.add_edge(START, "remember")
stored = _stored.compile(store=InMemoryStore())

_own = StateGraph(State, context_schema=Run)
_own.add_node("after", after)
_own.add_edge(START, "after")
own_saver = StateGraph(State, context_schema=Run)
own_saver.add_node("sub", _own.compile(checkpointer=InMemorySaver()))
own_saver.add_edge(START, "sub")


def stand_alone(state: State) -> State:
    return {"n": 1}


without_run = StateGraph(State)
without_run.add_node("stand_alone", stand_alone)
without_run.add_edge(START, "stand_alone")


async def keys(name: str, given: Any = None) -> list[str]:
    """The keys of a workflow's run, executed twice under one id: the second time nothing is asked."""
    FAILURES.clear()
    model = scripted(lambda request, seed: request.messages[-1].content)
    async with Store.opened("sqlite://") as store:
        flow = name if ":" in name else f"{__name__}:{name}"
        ended = await run(flow, given or {}, model=model, store=store)
        assert not ended.waiting
        return sorted(call.key for call in await store.calls(ended.run_id))


@pytest.mark.parametrize(
    ("feature", "flow", "expected"),
    [
        ("Command(goto, update)", "commanded", ["after/1/after", "jump/1/jump"]),
        ("RetryPolicy", "retried", ["flaky/1/flaky"]),
        ("CachePolicy", "cached", ["after/1/after"]),
        (
            "deferred nodes",
            "deferred",
            ["last/1/after", "long/1/after", "longer/1/after", "short/1/after"],
        ),
        ("store", "stored", []),
        ("a graph without `Run`", "without_run", []),
    ],
)
async def test_a_feature_works(feature: str, flow: str, expected: list[str]) -> None:
    assert f"| {feature} |" in TABLE.read_text(encoding="utf-8")
    assert await keys(flow) == expected


async def test_a_subgraph_with_a_checkpointer_of_its_own_is_refused() -> None:
    with pytest.raises(BadInput, match="checkpointer of its own"):
        await keys("own_saver")


def test_every_row_of_the_table_says_whether_it_works() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (works|refused|with care) \|", TABLE.read_text(encoding="utf-8"), re.M)
    assert len(rows) >= 14
