"""Tasks and strategies given as objects to `solve`, `submit` and `Run.solve` are stored by name, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint
from typing import Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.registry import Allowed, NotAllowed
from branchwise.graphs.runtime.run import run
from branchwise.graphs.runtime.subruns import child_id
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.submit import submit
from branchwise.graphs.strategies.best_of_n import best_of_n
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT
from branchwise.store.rows import Status
from branchwise.store.store import Store
from branchwise.store.tree import Tree
from branchwise.tasks import load
from branchwise.tasks.task import Task

HERE = "tests.graphs.search.test_objects"
INFO = StrategyInfo(paper="none", grain="solution")
MINE = replace(load("text"), name="mine")


def made() -> Task:
    return MINE


def twice(tree: Tree, budget: int, *, seed: int, width: int = 2) -> Allocation:
    """Two solutions, and no more."""
    return {} if tree.children(ROOT) else {ROOT: width}


class State(TypedDict, total=False):
    answer: str | None


async def search(state: State, runtime: Runtime[Run]) -> State:
    found = await runtime.context.solve("search", "Which?", task=made, strategy=twice)
    return {"answer": found.text}


nested = StateGraph(State, context_schema=Run)
nested.add_node("search", search)
nested.add_edge(START, "search")


@pytest.mark.parametrize(
    ("task", "strategy", "stored"),
    [
        (MINE, twice, (f"{HERE}:MINE", f"{HERE}:twice")),
        (made, best_of_n, (f"{HERE}:made", "best_of_n")),
        (load("text"), "best_of_n", ("text", "best_of_n")),
    ],
    ids=["a task and a strategy", "a function and a built-in", "a built-in task"],
)
async def test_objects_of_a_module_are_stored_by_name_and_resumed(
    task: Task | Callable[[], Task], strategy: str | Callable[..., Allocation], stored: tuple[str, str]
) -> None:
    async with Store.opened("sqlite://") as store:
        model = scripted(["Answer: 1", "Answer: 2"])
        result = await solve("Which?", task=task, strategy=strategy, knobs={}, model=model, store=store)
        run = await store.run(result.run_id)
        assert (run.task, run.strategy) == stored
        assert await resume(run.id, model=model, store=store) == result
        if strategy is twice:
            assert result.nodes == 2


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"task": replace(load("text"), about="nowhere")}, "task"),
        ({"strategy": lambda tree, budget, *, seed: {}}, "strategy"),
        ({"strategy": partial(twice, width=3)}, "strategy"),
    ],
    ids=["a task of a function", "a lambda", "a partial"],
)
async def test_an_object_that_no_module_has_is_refused_before_anything_is_stored(
    asked: dict[str, Any], what: str
) -> None:
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BadInput, match=f"A {what} is found again by its name"):
            await solve("Which?", model=scripted(["Answer: 1"]), store=store, **asked)
        assert await store.runs() == []


async def test_a_queue_carries_names_that_a_worker_imports_where_it_may() -> None:
    async with Store.opened("sqlite://") as store:
        own = {"problem": "Or?", "strategy": partial(twice, width=3)}
        with pytest.raises(BadInput, match=r"Problem 2: A strategy is found again by its name"):
            await submit(["Which?", own], store=store)
        assert await store.runs() == []
        model = scripted(["Answer: 1", "Answer: 2"])
        asked: dict[str, Any] = {"task": MINE, "model": model.name, "store": store}
        [queued] = await submit([{"problem": "Which?", "strategy": twice}], **asked)
        stored = await store.run(queued)
        assert (stored.task, stored.strategy) == (f"{HERE}:MINE", f"{HERE}:twice")
        reports: list[WorkerLogLine] = []
        assert await work(store=store, model=model, until_empty=True, watch=reports.append) == 0
        assert (await store.run(queued)).status is Status.QUEUED
        assert [report.kind for report in reports] == ["claimed", "left"]
        assert f"--import {HERE}" in reports[-1].text
        assert await work(store=store, model=model, until_empty=True, imports=[HERE]) == 1
        assert (await store.run(queued)).status is Status.DONE


async def test_a_node_searches_with_objects_and_its_sub_run_has_their_names() -> None:
    async with Store.opened("sqlite://") as store:
        model = scripted(["Answer: 1", "Answer: 2"])
        ended = await run(nested, {}, model=model, store=store)
        below = await store.run(child_id(ended.run_id, "search/1/search"))
        assert (below.task, below.strategy) == (f"{HERE}:made", f"{HERE}:twice")
        assert ended.output["answer"] in {"Answer: 1", "Answer: 2"}


async def test_a_sub_runs_row_cannot_have_a_worker_import_more_than_its_parents_code_names() -> None:
    async with Store.opened("sqlite://") as store:
        model = scripted(["Answer: 1", "Answer: 2"])
        [queued] = await submit([{}], workflow=nested, model=model.name, store=store)
        below = child_id(queued, "search/1/search")
        options = {"strategy": "antigravity:theft", "knobs": {}}
        spec = {"workflow": "solve", "problem": "Which?", "task": f"{HERE}:made", "options": options}
        row = {"id": below, "parent": queued, "workflow": "solve"}
        await store.create_run(task="x", strategy="x", model=model.name, spec=spec, **row)  # type: ignore[arg-type]
        reports: list[WorkerLogLine] = []
        await work(store=store, model=model, until_empty=True, imports=[HERE], watch=reports.append)
        assert [report.kind for report in reports] == ["claimed", "left"]
        assert "--import antigravity" in reports[-1].text
        assert (await store.run(queued)).status is Status.QUEUED


@pytest.mark.parametrize(
    ("workflow", "asked"),
    [
        ("solve", {"problem": "Which?", "options": {"strategy": "elsewhere:part", "knobs": {}}}),
        ("solve", {"problem": "Which?", "options": {"verifier": "elsewhere:part"}}),
        ("solve", {"problem": "Which?", "options": {"aggregation": "elsewhere:part"}}),
        ("web", {"goal": "out", "environment": "scripted", "environment_spec": {"name": "elsewhere:part"}}),
        ("web", {"goal": "out", "environment": "scripted", "options": {"strategy": "elsewhere:part"}}),
    ],
    ids=["strategy", "verifier", "aggregation", "environment", "strategy on the web"],
)
async def test_a_row_cannot_have_a_worker_import_a_part(workflow: str, asked: dict[str, Any]) -> None:
    async with Store.opened("sqlite://") as store:
        model = scripted(["Answer: 1"])
        asked = asked if workflow == "solve" else {"input": asked}
        spec: Any = {"workflow": workflow, "model": model.name, **asked}
        row: dict[str, Any] = {"id": "row", "workflow": workflow, "queue": "default"}
        await store.create_run(task="x", strategy="x", model=model.name, spec=spec, **row)
        reports: list[WorkerLogLine] = []
        await work(store=store, model=model, until_empty=True, watch=reports.append)
        assert [report.kind for report in reports] == ["claimed", "left"]
        assert "--import elsewhere" in reports[-1].text


def test_modules_whose_parts_are_installed_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAllowed, match=f"--import {HERE}"):
        Allowed().check({HERE})
    point = EntryPoint(name="twice", value=f"{HERE}:twice", group="branchwise.strategies")
    monkeypatch.setattr(
        "branchwise.store.parts.entry_points", lambda group: [point] * (group == "branchwise.strategies")
    )
    Allowed().check({HERE})
    with pytest.raises(NotAllowed):
        Allowed().check({HERE, "antigravity"})
