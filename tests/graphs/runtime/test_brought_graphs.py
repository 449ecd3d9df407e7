"""Graphs that somebody brings, written for LangGraph alone: they run as there, or are refused at once."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.answer import answer
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.runtime.run import resume, run
from branchwise.graphs.runtime.sync import synchronous
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, CodeFailed
from branchwise.store.store import Store


class State(TypedDict, total=False):
    q: str
    said: str


async def _say(state: State, runtime: Runtime[Run]) -> State:
    return {"said": (await runtime.context.sample("say", state["q"])).text}


def _wait(state: State) -> State:
    return {"said": f"you said {interrupt('what?')}"}


def _graph(node: Any, context: Any = None, **more: Any) -> StateGraph[Any, Any, Any, Any]:
    graph = StateGraph(State, context_schema=context, **more)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    return graph


@dataclass
class Own:
    """A context of the user's own."""

    user: str


class OwnKeys(TypedDict):
    """A context of the user's own that allows no class check."""

    user: str


class Output(TypedDict):
    said: str


waiting_below = _graph(_graph(_wait).compile())
recording_below = _graph(_graph(_say, Run).compile())
stopped = _graph(_graph(_say, Run).compile(interrupt_before=["node"]))
stopped_at_all = _graph(_say, Run).compile(interrupt_before="*")
stopped_after = _graph(_say, Run).compile(interrupt_after=["node"])
contextual = _graph(lambda state: {}, Own)
contextual_by_keys = _graph(lambda state: {}, OwnKeys)
cut = _graph(_say, Run, output_schema=Output)


@pytest.fixture
async def memory() -> AsyncIterator[Store]:
    async with Store.opened("sqlite://") as opened:
        yield opened


async def test_an_interrupt_in_a_subgraph_is_answered_once_though_no_graph_knows_a_run(memory: Store) -> None:
    ended = await run(waiting_below, {"q": "x"}, model=scripted(["hi"]), store=memory)
    await answer(ended.run_id, "yes", store=memory)
    again = await resume(ended.run_id, store=memory, model=scripted(["hi"]))
    assert again.output["said"] == "you said yes"
    with pytest.raises(BadInput, match=r"LangGraph's `interrupt\(\)`"):
        await replay(ended.run_id, store=memory)


async def test_a_subgraph_records_its_calls_though_its_parent_knows_no_run(memory: Store) -> None:
    ended = await run(recording_below, {"q": "x"}, model=scripted(["hi"]), store=memory)
    assert [call.key for call in await memory.calls(ended.run_id)] == ["node/1/node/1/say"]


@pytest.mark.parametrize(
    ("graph", "key"),
    [(stopped, "node/1/node/1/interrupt_before"), (stopped_at_all, "node/1/interrupt_before")],
)
async def test_a_breakpoint_waits_for_a_person(memory: Store, graph: Any, key: str) -> None:
    model = scripted(["hi"])
    ended = await run(graph, {"q": "x"}, model=model, store=memory)
    assert [(one.key, one.question["state"]) for one in ended.waiting] == [(key, {"q": "x"})]
    assert model.calls == 0
    assert (await resume(ended.run_id, store=memory, model=model)).waiting == ended.waiting
    with pytest.raises(BadInput, match="takes an answer of this form"):
        await answer(ended.run_id, False, store=memory)
    await answer(ended.run_id, True, store=memory)
    assert (await resume(ended.run_id, store=memory, model=model)).output["said"] == "hi"
    assert (await replay(ended.run_id, store=memory)).exact


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (stopped_after, "interrupt_after"),
        (contextual, "take a `Own`"),
        (contextual_by_keys, "take a `OwnKeys`"),
    ],
)
async def test_what_a_run_cannot_keep_is_refused_at_once(memory: Store, graph: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        await run(graph, {"q": "x"}, model=scripted(["hi"]), store=memory)
    assert await memory.runs() == []


async def test_the_output_is_that_of_the_output_schema(memory: Store) -> None:
    ended = await run(cut, {"q": "x"}, model=scripted(["hi"]), store=memory)
    assert ended.output == {"said": "hi"}


@pytest.mark.parametrize(
    "prompt",
    [
        [SystemMessage("Be kind."), HumanMessage("hello")],
        [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}],
        [("system", "Be kind."), ("user", "hello")],
    ],
)
async def test_a_prompt_may_be_messages_of_any_form(memory: Store, prompt: Any) -> None:
    model = scripted(["hi"])
    await _asked(memory, model, prompt)
    assert [(one.role, one.content) for one in model.requests[0].messages] == [
        ("system", "Be kind."),
        ("user", "hello"),
    ]


@pytest.mark.parametrize("prompt", [[], None, 5, ["hello"], [{"role": "user"}], [("bard", "hello")]])
async def test_another_prompt_is_refused_by_its_call(memory: Store, prompt: Any) -> None:
    with pytest.raises(BadInput, match="The prompt of the call `say` is a text or messages"):
        await _asked(memory, scripted(["hi"]), prompt)


@pytest.mark.parametrize("sizes", [{"n": 0}, {"n": 1.5}, {"max_tokens": -1}])
async def test_sizes_are_whole_numbers_from_one(memory: Store, sizes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="of the call `say` is a whole number from 1"):
        await _asked(memory, scripted(["hi"]), "hello", **sizes)


PROMPTS: list[tuple[Any, dict[str, Any]]] = []


async def _ask(state: State, runtime: Runtime[Run]) -> State:
    prompt, sizes = PROMPTS[-1]
    return {"said": (await runtime.context.sample("say", prompt, **sizes)).text}


asked = _graph(_ask, Run)


async def _asked(store: Store, model: Any, prompt: Any, **sizes: Any) -> None:
    PROMPTS.append((prompt, sizes))
    await run(asked, {"q": "x"}, model=model, store=store)


SCRIPT = """
from branchwise import run_sync, solve_sync
from branchwise.models.scripted import scripted
from branchwise.tasks.text import text
from tests.graphs.runtime.test_brought_graphs import cut as _cut
import asyncio, branchwise
graph = _cut
task = text
"""


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "start",
    [
        "run_sync('unguarded:graph', {'q': 'x'}, model=scripted(['hi']), store='sqlite://')",
        """work = branchwise.run('unguarded:graph', {'q': 'x'}, model=scripted(['hi']), store='sqlite://')
try:
    asyncio.run(work)
finally:
    work.close()
""",
        "solve_sync('x', task='unguarded:task', model=scripted(['hi']), store='sqlite://')",
    ],
)
async def test_a_script_that_starts_itself_does_not_wait_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    (tmp_path / "unguarded.py").write_text(SCRIPT + start)
    monkeypatch.syspath_prepend(tmp_path)
    registry.forget()
    sys.modules.pop("unguarded", None)
    with pytest.raises(BadInput, match=r"`unguarded` starts a run while it is imported.*__main__"):
        synchronous(run)("unguarded:graph", {"q": "x"}, model=scripted(["hi"]), store="sqlite://")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": None}, "`model` is a name such as"),
        ({"store": 5}, "`store` is an open Store, a database URL or a file, not 5"),
        ({"seed": "a"}, "A seed is a whole number of 64 bits, not 'a'"),
        ({"durability": "never"}, "is one of exit, async, sync, not 'never'"),
        ({"prompts": "/nothing/there"}, "The prompts folder `/nothing/there` does not exist"),
        ({"run_id": ""}, "`run_id` is 1 to 64 printable"),
        ({"run_id": "two\nlines"}, "`run_id` is 1 to 64 printable"),
        ({"run_id": "last"}, "`run_id` is 1 to 64 printable"),
    ],
)
async def test_an_argument_of_the_wrong_kind_is_named(
    memory: Store, options: dict[str, Any], said: str
) -> None:
    given = {"model": scripted(["hi"]), "store": memory, **options}
    with pytest.raises(BadInput, match=re.escape(said)):
        await run(cut, {"q": "x"}, **given)
    assert await memory.runs() == []


async def test_what_is_no_workflow_is_named() -> None:
    with pytest.raises(BadInput, match="A workflow is given by its name or as a graph, not 5"):
        await run(5, {})


async def test_a_store_may_be_a_path(tmp_path: Path) -> None:
    ended = await run(cut, {"q": "x"}, model=scripted(["hi"]), store=tmp_path / "runs.sqlite")  # type: ignore[arg-type]
    assert (tmp_path / "runs.sqlite").exists()
    assert ended.output == {"said": "hi"}


def _raising(event: object) -> None:
    raise LookupError("own")


async def test_a_watcher_that_fails_is_named(memory: Store) -> None:
    with pytest.raises(CodeFailed, match=r"The watcher `_raising` failed, in .*: LookupError: own"):
        await run(cut, {"q": "x"}, model=scripted(["hi"]), store=memory, watch=_raising)
