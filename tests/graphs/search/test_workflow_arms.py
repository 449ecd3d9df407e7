"""Workflows as arms of a search: chosen, paid, learnt from and resumed like strategies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run, tasks
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options, SearchEvent
from branchwise.models.protocol import Capabilities, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput, UnknownName, Unsupported
from branchwise.store.records import Budget, Constraints, Verdict, VerifiedBy
from branchwise.store.store import Store
from branchwise.tasks.task import Task


def answers() -> Task:
    """A task whose right answer is 14."""

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict:
        right = text.strip() == "14"
        said = "It is right." if right else "It is wrong."
        return Verdict(
            score=100 if right else -100,
            accepted=right,
            feedback=said,
            verified_by=VerifiedBy.PROGRAM,
            verifier="answers",
        )

    return replace(
        tasks.load("text"),
        name="answers",
        check=check,
        answer=str.strip,
        read_constraints=lambda problem: Constraints(source="program"),
    )


class State(TypedDict, total=False):
    """What the node reads and writes."""

    problem: str
    drafts: int
    answer: str


async def think(state: State, runtime: Runtime[Run]) -> State:
    """Ask so often, and give the last reply."""
    said = [
        (await runtime.context.sample(f"draft/{i}", f"Think about {state['problem']}", max_tokens=50)).text
        for i in range(state.get("drafts", 1))
    ]
    return {"answer": said[-1]}


graph = StateGraph(State, context_schema=Run)
graph.add_node(think)
graph.add_edge(START, "think")
MINE = f"workflow:{__name__}:graph"


def model(*, works: str = "14", samples: str = "13", **more: Any) -> Scripted:
    """A model that answers with one number in the workflow, and with another one elsewhere."""

    def write(request: SampleRequest, seed: int) -> str:
        return works if "Think about" in request.messages[-1].content else samples

    return scripted(write, **more)


async def solved(said: Scripted, **more: Any) -> Any:
    given: dict[str, Any] = {
        "task": f"{__name__}:answers",
        "options": Options(arms=("best_of_n", MINE), probes=0),
        "budget": Budget(calls=20),
        "store": "sqlite://",
    }
    return await solve("What is 17 - 3?", model=said, **{**given, **more})


async def test_auto_turns_to_the_workflow_where_sampling_fails(tmp_path: Path) -> None:
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        said, events = model(), list[Any]()
        result = await solved(said, store=store, watch=events.append)
        assert {type(event) for event in events} == {SearchEvent}
        assert (result.solved, result.answer, result.verified_by) == (True, "14", "program")
        nodes = {node.id: node for node in await store.nodes(result.run_id)}
        assert nodes[str(result.node)].strategy == MINE
        picked: list[Any] = [d.payload for d in await store.decisions(result.run_id) if d.kind == "select"]
        assert [one["strategy"] for one in picked] == ["best_of_n", MINE]
        assert result.usage.calls == said.calls
        assert (await replay(result.run_id, store=store)).exact
        [child] = await store.below(result.run_id)
        assert (await store.run(child)).workflow == MINE.removeprefix("workflow:")


async def test_rewards_of_workflows_are_learnt_like_those_of_strategies(tmp_path: Path) -> None:
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        for arm in ("best_of_n", MINE):
            alone = Options(arms=(arm,), probes=0)
            await solved(model(), store=store, options=alone, budget=Budget(calls=4))
        options = Options(arms=("best_of_n", MINE), probes=0, memory=True, prior="uniform")
        result = await solved(model(), store=store, options=options)
        decided: dict[str, Any] = {d.key: d.payload for d in await store.decisions(result.run_id)}
        assert decided["memory"] == {"best_of_n": [1, 0.0], MINE: [1, 1.0]}
        assert decided["t1/select"]["strategy"] == MINE


async def test_one_budget_pays_for_both_and_the_workflow_leaves_a_part() -> None:
    inputs: Any = {MINE.removeprefix("workflow:"): {"drafts": 50}}
    options = Options(arms=(MINE, "best_of_n"), probes=0, prior="uniform", inputs=inputs)
    said = model(samples="14")
    result = await solved(said, options=options, budget=Budget(calls=21))
    assert (result.solved, result.answer) == (True, "14")
    assert 10 < said.calls <= 21
    assert result.usage.calls == said.calls


async def test_a_workflow_alone_has_the_whole_budget() -> None:
    said = model()
    result = await solved(said, strategy=MINE, options=None, budget=Budget(calls=3))
    assert (result.answer, said.calls, result.nodes) == ("14", 1, 1)
    wrong = await solved(model(works="15"), strategy=MINE, options=None, budget=Budget(calls=3))
    assert (wrong.solved, wrong.answer) == (False, "15")


async def test_killed_in_the_workflow_it_resumes_there(tmp_path: Path) -> None:
    inputs: Any = {MINE.removeprefix("workflow:"): {"drafts": 4}}
    options = Options(arms=(MINE,), probes=0, inputs=inputs)

    class Gone(Exception):
        """The process is gone."""

    def dies(request: SampleRequest, seed: int) -> str:
        if broken.calls == 3:
            raise Gone
        return "14"

    broken, whole = scripted(dies), model()
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        with pytest.raises(Gone):
            await solved(broken, store=store, options=options)
        [parent] = [run for run in await store.runs() if run.parent is None]
        result = await resume(parent.id, store=store, model=whole)
        assert (result.answer, whole.calls, result.usage.calls) == ("14", 2, 4 + 1)


async def test_what_cannot_be_an_arm_is_refused_before_a_call() -> None:
    said = model()
    with pytest.raises(UnknownName, match="There is no workflow `nothing`"):
        await solved(said, strategy="workflow:nothing", options=None)
    with pytest.raises(BadInput, match="none of the workflows among the arms"):
        await solved(said, options=Options(inputs={"archon": {}}))
    with pytest.raises(BadInput, match="either `documents`"):
        await solved(said, strategy="workflow:drag", options=None)
    with pytest.raises(Unsupported, match="The workflow `start` needs"):
        await solved(model(capabilities=Capabilities()), strategy="workflow:start", options=None)
    assert not said.calls


async def test_a_paper_s_workflow_is_an_arm() -> None:
    layers: Any = [[{"type": "generator", "samples": 3}], [{"type": "ranker", "top_k": 1}]]

    def write(request: SampleRequest, seed: int) -> str:
        asked = request.messages[-1].content
        if "Order them" in asked:
            return "[2] > [1]"
        return ("13", "14", "15")[(seed - (request.seed or 0)) % 3] if asked == "What is 17 - 3?" else "12"

    options = Options(arms=("workflow:archon",), probes=0, inputs={"archon": {"layers": layers}})
    assert (await solved(scripted(write), options=options)).answer == "14"
