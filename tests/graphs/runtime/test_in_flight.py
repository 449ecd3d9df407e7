"""Code that changes while a run is in flight, and state that comes back as it went in."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import importlib
import sys
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.run import resume, run
from branchwise.graphs.runtime.submit import submit_workflow
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput, BudgetSpent, RequestChanged
from branchwise.store.records import Budget
from branchwise.store.rows import Status
from branchwise.store.store import Store

SOURCE = '''
"""Three nodes."""
from typing import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from branchwise import Run

class State(TypedDict, total=False):
    said: list[str]

async def one(state, runtime: Runtime[Run]):
    """The first."""
    return {"said": [(await runtime.context.sample("one", "first")).text]}

async def two(state, runtime: Runtime[Run]):
    return {"said": [*state["said"], (await runtime.context.sample("two", "second")).text]}

async def three(state, runtime: Runtime[Run]):
    return {"said": [*state["said"], (await runtime.context.sample("three", "third")).text]}

graph = StateGraph(State, context_schema=Run)
graph.add_sequence([one, two, three])
graph.add_edge(START, "one")
'''
ZERO = """async def zero(state, runtime: Runtime[Run]):
    return {"said": [(await runtime.context.sample("zero", "none")).text]}"""
EDITS = {
    "comment": [('"""The first."""', '"""The very first."""  # and a comment')],
    "prompt of a finished node": [('"first"', '"1st"')],
    "prompt of a node to come": [('"third"', '"3rd"')],
    "node added": [
        ("graph = StateGraph", f"{ZERO}\n\ngraph = StateGraph"),
        ("[one, two, three]", "[zero, one, two, three]"),
        ('START, "one"', 'START, "zero"'),
    ],
    "node renamed": [("two(state", "zwei(state"), ("[one, two,", "[one, zwei,")],
}


def write(request: Any, seed: int) -> str:
    return f"{request.messages[-1].content}!"


def load(folder: Path, source: str) -> None:
    """Write the module, and have it imported anew."""
    (folder / "edited.py").write_text(source, encoding="utf-8")
    sys.modules.pop("edited", None)
    importlib.invalidate_caches()
    registry.forget()


@pytest.mark.parametrize(
    ("edit", "calls"),
    [
        ("comment", 1),
        ("prompt of a finished node", RequestChanged),
        ("prompt of a node to come", 1),
        ("node added", 2),
        ("node renamed", 2),
    ],
)
async def test_an_edit_buys_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: str, calls: int | type[Exception]
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    load(tmp_path, SOURCE)
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BudgetSpent):
            await run("edited:graph", {}, model=scripted(write), store=store, budget=Budget(calls=2))
        [left] = await store.runs()
        source = SOURCE
        for old, new in EDITS[edit]:
            assert old in source
            source = source.replace(old, new)
        load(tmp_path, source)
        model = scripted(write)
        if isinstance(calls, int):
            ended = await resume(left.id, store=store, model=model, budget=Budget(calls=5))
            assert model.calls == calls
            assert len(ended.output["said"]) == 3
            return
        with pytest.raises(calls, match="one/1/one"):
            await resume(left.id, store=store, model=model, budget=Budget(calls=5))
        assert model.calls == 0
        ended = await resume(left.id, store=store, model=model, budget=Budget(calls=5), on_change="fork")
        assert (model.calls, ended.output["said"]) == (2, ["1st!", "second!", "third!"])


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    when: dt.datetime


class Shape(BaseModel):
    points: list[Point]
    colour: Colour


class Held(TypedDict, total=False):
    shape: Shape
    day: dt.date
    seen: set[int]
    same: list[str]


SHAPE = Shape(points=[Point(1, dt.datetime(2026, 1, 2, tzinfo=dt.UTC))], colour=Colour.RED)
HELD: Held = {"shape": SHAPE, "day": dt.date(2026, 1, 2), "seen": {1, 2}}


async def hold(state: Held, runtime: Runtime[Run]) -> Held:
    return HELD


async def compare(state: Held, runtime: Runtime[Run]) -> Held:
    await runtime.context.ask("wait", "?")
    return {"same": [name for name, value in HELD.items() if state.get(name) != value]}


held = StateGraph(Held, context_schema=Run)
held.add_sequence([hold, compare])
held.add_edge(START, "hold")


class Bad(TypedDict, total=False):
    model: Scripted


bad = StateGraph(Bad, context_schema=Run)
bad.add_node("hold", hold)
bad.add_edge(START, "hold")


async def test_state_comes_back_from_a_checkpoint_as_it_went_in() -> None:
    from branchwise.graphs.runtime.answer import answer  # noqa: PLC0415

    name = f"{__name__}:held"
    sys.modules.setdefault(__name__, sys.modules[__name__])
    async with Store.opened("sqlite://") as store:
        ended = await run(name, {}, model=scripted(write), store=store)
        await answer(ended.run_id, 1, store=store)
        assert (await resume(ended.run_id, store=store, model=scripted(write))).output["same"] == []


async def test_state_that_could_not_come_back_is_refused_by_name() -> None:
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BadInput, match=r"`model` holds a `branchwise.models.scripted.Scripted`"):
            await run(f"{__name__}:bad", {}, model=scripted(write), store=store)
        assert await store.runs() == []


async def test_a_worker_claims_only_runs_that_it_may_load(url: str) -> None:
    async with Store.opened(url) as store:
        flow = "tests.graphs.runtime.flows:fanned"
        [mine] = await submit_workflow(flow, [{"question": "q"}], store=store, model="scripted:script")
        model = scripted(write)
        assert await work(store=store, model=model, until_empty=True) == 0
        assert (await store.run(mine)).status is Status.QUEUED
        modules = ["tests.graphs.runtime.flows"]
        assert await work(store=store, model=model, until_empty=True, imports=modules) == 1
        assert (await store.run(mine)).status is Status.DONE
        with pytest.raises(BadInput, match="cannot be imported"):
            await work(store=store, model=model, until_empty=True, imports=["no_such_module"])


async def test_a_run_whose_workflow_is_gone_is_refused_and_left_alone(tmp_path: Path) -> None:
    async with Store.opened("sqlite://") as store:
        row = store.describe(
            task="x",
            strategy="",
            model="m",
            spec={"workflow": "gone:graph", "input": {}},
            workflow="gone:graph",
        )
        [left] = await store.create_runs([row])
        with pytest.raises(BadInput, match="`gone:graph` cannot be imported"):
            await resume(left.id, store=store)
        assert await store.run(left.id) == left


def own_model() -> Scripted:
    """A model of the user's own, as `module:function` names it."""
    return scripted(write, name="own")


async def test_a_model_of_the_users_own_is_named_by_its_function() -> None:
    async with Store.opened("sqlite://") as store:
        flow = "tests.graphs.runtime.flows:fanned"
        ended = await run(flow, {"question": "q"}, model=f"{__name__}:own_model", store=store)
        assert ended.output["drafts"] == ["q!"] * 3
        [queued] = await submit_workflow(
            flow, [{"question": "q"}], store=store, model=f"{__name__}:own_model"
        )
        reports: list[WorkerLogLine] = []
        await work(
            store=store, until_empty=True, imports=["tests.graphs.runtime.flows"], watch=reports.append
        )
        assert (await store.run(queued)).status is Status.QUEUED
        assert [report.kind for report in reports] == ["claimed", "left"]
        assert f"--import {__name__}" in reports[-1].text
