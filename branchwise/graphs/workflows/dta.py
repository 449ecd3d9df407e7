"""Divide-then-aggregate: rounds of independent tool calls that run at once (DTA-Llama, arXiv 2501.12432)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._prompting import data, filled, required, text
from branchwise.graphs.workflows._tool_calls import described, form, planned
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.tools import loading
from branchwise.tools.direct import failure
from branchwise.tools.protocol import AgentTool, ToolResult

_AT_ONCE = 8
"""Calls in flight."""
_LONGEST_RESULT = 1_024
"""Characters of a result that the model is shown."""


class DtaInput(TypedDict, total=False):
    """What a run is given."""

    task: str
    tools: list[str]
    """Names of tools, or `module:attribute`."""
    rounds: Annotated[int, Field(ge=1, le=12)]
    calls: Annotated[int, Field(ge=1, le=32)]
    """Different calls of the whole run; equal ones are made once."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class DtaState(DtaInput, total=False):
    """What the nodes read and write."""

    asked: list[dict[str, Any]]
    """The calls of the round that is under way."""
    done: list[list[dict[str, Any]]]
    """The calls of each round with their results."""
    answer: str | None


def check(given: Mapping[str, Any]) -> None:
    """Refuse an input without a task, or with tools that cannot be loaded."""
    required(given, "task", "tools")
    loading.check(given["tools"])


INFO = WorkflowInfo(
    paper="DTA-Llama, arXiv 2501.12432, section 3.2",
    check=check,
    imports=lambda given: loading.modules(map(str, given.get("tools") or ())),
)


async def process(state: DtaState, runtime: Runtime[Run]) -> DtaState:
    """Divide: the model plans the calls of the next round, or finishes."""
    run, done = runtime.context, state.get("done", [])
    made = {_named(call) for earlier in done for call in earlier if "tool" in call}
    left = state.get("calls", 32) - len(made)
    async with loading.opened(state["tools"]) as tools:
        last = len(done) >= state.get("rounds", 12) or left < 1
        schema = form(tools, 0 if last else left)
        asked = filled(
            run,
            "dta_finish" if last else "dta_process",
            task=state["task"],
            tools=described(tools),
            rounds="\n\n".join(f"Round {i}:\n{_results(calls)}" for i, calls in enumerate(done, 1)) or "none",
        )
        reply = await run.sample(
            "process",
            asked,
            output=schema if run.capabilities.schema else None,
            temperature=state.get("temperature", 0.0),
            max_tokens=state.get("max_tokens", 512),
        )
        try:
            said = planned(text(reply), [tool.spec.name for tool in tools], left)
        except BadInput as error:
            said = [] if last else [{"error": str(error)}]
    if isinstance(said, str):
        return {"answer": said.strip() or None, "asked": []}
    return {"asked": said, "answer": None}


async def threads(state: DtaState, runtime: Runtime[Run]) -> DtaState:
    """Run the round's calls at once, those that act one after another, and aggregate: results in the calls' order."""
    run, gate = runtime.context, asyncio.Semaphore(_AT_ONCE)
    async with loading.opened(state["tools"]) as tools:
        by_name = {tool.spec.name: tool for tool in tools}

        async def called(i: int, call: Mapping[str, Any]) -> ToolResult:
            if "error" in call:
                return failure(call["error"])
            async with gate:
                return await run.tool_caller()(f"call.{i}", by_name[call["tool"]], call["args"])

        found: dict[int, ToolResult] = {}
        reading = [i for i, call in enumerate(state["asked"]) if "error" in call or _reads(by_name, call)]
        results = await asyncio.gather(*(called(i, state["asked"][i]) for i in reading))
        found.update(zip(reading, results, strict=True))
        for i, call in enumerate(state["asked"]):
            if i not in found:
                found[i] = await called(i, call)
    result = [
        {**call, "result": found[i].text[: 2 * _LONGEST_RESULT]} for i, call in enumerate(state["asked"])
    ]
    return {"done": [*state.get("done", []), result], "asked": []}


def dta() -> StateGraph[DtaState, Run, DtaInput, DtaState]:
    """Divide-then-aggregate: rounds of independent tool calls that run at once."""
    graph = StateGraph(DtaState, context_schema=Run, input_schema=DtaInput)
    graph.add_node(process)
    graph.add_node(threads)
    graph.add_edge(START, "process")
    graph.add_conditional_edges(
        "process", lambda state: "threads" if state["asked"] else END, ["threads", END]
    )
    graph.add_edge("threads", "process")
    return graph


def _reads(tools: Mapping[str, AgentTool], call: Mapping[str, Any]) -> bool:
    return tools[call["tool"]].hints.read_only


def _named(call: Mapping[str, Any]) -> str:
    return to_json([call["tool"], call["args"]])


def _results(calls: Sequence[Mapping[str, Any]]) -> str:
    asked = ({name: value for name, value in call.items() if name in {"tool", "args"}} for call in calls)
    return "\n".join(
        f"{to_json(call, sort=False)}\n{data(done['result'], _LONGEST_RESULT)}"
        for call, done in zip(asked, calls, strict=True)
    )
