"""LangGraph's features in a workflow: each row of the table in docs/workflows.md."""

from __future__ import annotations

import operator
import re
from importlib import import_module
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


def chats(state: State, runtime: Runtime[Run]) -> State:
    return {"seen": [str(runtime.context.chat_model().invoke("hello").content)]}


synchronous = StateGraph(State, context_schema=Run)
synchronous.add_node("chats", chats)
synchronous.add_edge(START, "chats")


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


async def test_the_input_of_a_channel_with_a_reducer_is_not_validated() -> None:
    # `seen` is a list of texts whose reducer takes any list; `n` has no reducer and must be a number.
    assert await keys("commanded", {"seen": [7]}) == ["after/1/after", "jump/1/jump"]
    with pytest.raises(BadInput, match="`n`"):
        await keys("commanded", {"n": "many"})


async def test_a_synchronous_node_invokes_the_chat_model() -> None:
    [key] = await keys("synchronous")
    assert re.fullmatch(r"chats/1/chat\.[0-9a-f]{16}\.0", key)


def test_every_row_of_the_table_names_a_test_that_holds_it() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| (?:works|refused|with care) \|[^|]*\|([^|]*)\|$",
        TABLE.read_text(encoding="utf-8"),
        re.M,
    )
    assert len(rows) >= 16
    files = [path.stem for path in Path(__file__).parent.glob("test_*.py")]
    modules = [import_module(f"{__package__}.{stem}") for stem in files]
    tests = {name: value for module in modules for name, value in vars(module).items()}
    [worked] = [mark for mark in test_a_feature_works.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    features = {feature for feature, *_ in worked.args[1]}
    for feature, cell in rows:
        names = re.findall(r"`(test_\w+)`", cell)
        assert names, feature
        assert not [name for name in names if not callable(tests.get(name))], feature
        assert (test_a_feature_works.__name__ in names) is (feature in features), feature
