"""ChatBranchwise: answers, tools, structured output, and what its messages tell of the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from branchwise.integrations.langchain import ChatBranchwise
from branchwise.models.protocol import Sample, SampleRequest, ToolCall
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput, NoAnswer
from branchwise.store.store import Store
from tests.server.running import is_judging, nice


class Pair(BaseModel):
    """Two numbers."""

    a: int
    b: int


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def chat(store: Path, model: Scripted | None = None, **more: Any) -> ChatBranchwise:
    options = {"strategy": "best_of_n", "knobs": {"n": 4}, **more}
    return ChatBranchwise(model=model or scripted(nice), store=str(store / "s.sqlite"), **options)


async def test_a_call_is_a_search_and_a_recorded_run(tmp_path: Path) -> None:
    said = await chat(tmp_path).ainvoke([SystemMessage("Be kind."), HumanMessage("Say something nice.")])
    assert said.content == "Something nice, number 2."
    about = said.response_metadata
    assert (about["strategy"], about["verified_by"], about["finish_reason"]) == ("best_of_n", "model", "stop")
    async with Store.opened(str(tmp_path / "s.sqlite")) as db:
        usage = await db.usage(about["run_id"])
    assert said.usage_metadata is not None
    assert said.usage_metadata["total_tokens"] == usage.prompt_tokens + usage.completion_tokens > 0


def test_it_also_works_without_a_loop_and_streams_its_answer(tmp_path: Path) -> None:
    model = chat(tmp_path)
    assert model.invoke("Say something nice.").content == "Something nice, number 2."
    parts = list(model.stream("Say something nice."))
    assert "".join(str(part.content) for part in parts) == "Something nice, number 2."


async def test_several_answers_come_from_one_search(tmp_path: Path) -> None:
    model = scripted(nice)
    found = await chat(tmp_path, model).agenerate([[HumanMessage("Say something nice.")]], n=3)
    texts = [one.text for one in found.generations[0]]
    assert (texts[0], len(set(texts))) == ("Something nice, number 2.", 3)
    async with Store.opened(str(tmp_path / "s.sqlite")) as db:
        assert len(await db.runs()) == 1


def calling(request: SampleRequest, seed: int) -> str | Sample:
    if is_judging(request):
        return "Fine.\nScore: 80"
    if request.messages[-1].role == "tool":
        return f"It is {request.messages[-1].content}."
    call = ToolCall(id=f"c{seed}", name="add", arguments='{"a": 2, "b": 3}')
    return Sample(text="", tool_calls=(call,), tokens=5)


async def test_tools_are_called_and_their_results_come_back(tmp_path: Path) -> None:
    model = scripted(calling)
    bound = chat(tmp_path, model).bind_tools([add], tool_choice="any")
    asked: list[Any] = [HumanMessage("What is 2 + 3?")]
    said = await bound.ainvoke(asked)
    [call] = said.tool_calls
    assert (call["name"], call["args"]) == ("add", {"a": 2, "b": 3})
    assert said.response_metadata["finish_reason"] == "tool_calls"
    result = ToolMessage(str(add.invoke(call["args"])), tool_call_id=call["id"])
    assert (await bound.ainvoke([*asked, said, result])).content == "It is 5."
    assert {one.tool_choice for one in model.requests if one.tools} == {"required"}


async def test_an_agent_of_langgraph_uses_it(tmp_path: Path) -> None:
    model = chat(tmp_path, scripted(calling)).bind_tools([add])

    async def think(state: MessagesState) -> dict[str, list[Any]]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    def act(state: MessagesState) -> dict[str, list[Any]]:
        last = state["messages"][-1]
        assert isinstance(last, AIMessage)
        calls = last.tool_calls
        return {
            "messages": [ToolMessage(str(add.invoke(one["args"])), tool_call_id=one["id"]) for one in calls]
        }

    graph = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("act", act)
    graph.add_node("tell", think)
    graph.add_edge(START, "think")
    graph.add_edge("think", "act")
    graph.add_edge("act", "tell")
    ended = await graph.compile().ainvoke({"messages": [HumanMessage("What is 2 + 3?")]})
    assert ended["messages"][-1].content == "It is 5."


def written(request: SampleRequest, seed: int) -> str:
    """The third sample is the only one that keeps the schema."""
    if is_judging(request):
        return "Fine.\nScore: 50"
    return json.dumps({"a": 2, "b": 1} if seed % 4 == 2 else {"a": "many"})


async def test_structured_output_is_a_requirement(tmp_path: Path) -> None:
    model = chat(tmp_path, scripted(written))
    assert await model.with_structured_output(Pair).ainvoke("Two numbers.") == Pair(a=2, b=1)
    raw = await model.with_structured_output(Pair, include_raw=True).ainvoke("Two numbers.")
    assert isinstance(raw, dict)
    assert raw["parsed"] == Pair(a=2, b=1)
    assert raw["raw"].response_metadata["verified_by"] == "program"
    schema = {"title": "pair", "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert await model.with_structured_output(schema).ainvoke("Two numbers.") == {"a": 2, "b": 1}
    with pytest.raises(NoAnswer, match="breaks a requirement"):
        await chat(tmp_path, scripted(["no JSON"])).with_structured_output(Pair).ainvoke("Two numbers.")


async def test_bad_input_costs_nothing(tmp_path: Path) -> None:
    model = scripted(nice)
    for wrong in ({"strategy": "nothing"}, {"knobs": {"m": 1}}, {"task": "nothing"}):
        with pytest.raises(BadInput):
            await chat(tmp_path, model, **wrong).ainvoke("x")
    with pytest.raises(BadInput):
        await chat(tmp_path, model).bind_tools([add], tool_choice="subtract").ainvoke("x")
    assert model.calls == 0


async def test_a_budget_holds(tmp_path: Path) -> None:
    said = await chat(tmp_path, budget_tokens=60, knobs={"n": 32}, max_tokens=8).ainvoke(
        "Say something nice."
    )
    assert said.usage_metadata is not None
    assert 0 < said.usage_metadata["total_tokens"] <= 60
