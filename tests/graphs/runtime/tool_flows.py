"""Graphs that call tools, imported by name as a worker imports them."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

import branchwise
from branchwise import Run
from branchwise.tools import ToolHints, function_tool
from branchwise.tools.protocol import READ_ONLY

LOOKED: list[str] = []
SENT: list[str] = []


def look(word: str) -> str:
    """Look a word up."""
    LOOKED.append(word)
    _die("look")
    return f"{word} means nothing"


def send(to: str) -> str:
    """Send a letter."""
    SENT.append(to)
    _die("send")
    if to == "nobody":
        raise RuntimeError("no such address")
    return f"sent to {to}"


def _die(where: str) -> None:
    """End the process in the middle of a call, where a test asks for it."""
    if os.environ.get("TOOL_DIES") == where:
        os._exit(9)


LOOK = function_tool(look, hints=READ_ONLY)
SEND = function_tool(send, hints=ToolHints(destructive=False))


class State(TypedDict, total=False):
    word: str
    to: str
    said: list[str]


async def reading(state: State, runtime: Runtime[Run]) -> State:
    call = runtime.context.tool_caller()
    words = state["word"].split()
    found = await asyncio.gather(
        *(call(f"look/{i}", LOOK, {"word": words[i % len(words)]}) for i in range(4))
    )
    return {"said": [one.text for one in found]}


async def again(state: State, runtime: Runtime[Run]) -> State:
    found = await runtime.context.tool_caller()("other", LOOK, {"word": state["word"]})
    return {"said": [*state["said"], found.text]}


async def sending(state: State, runtime: Runtime[Run]) -> State:
    found = await runtime.context.tool_caller()("send", SEND, {"to": state["to"]})
    return {"said": [found.text]}


def looks() -> StateGraph[State, Run, State, State]:
    graph = StateGraph(State, context_schema=Run)
    graph.add_sequence([reading, again])
    graph.add_edge(START, "reading")
    return graph


def sends() -> StateGraph[State, Run, State, State]:
    graph = StateGraph(State, context_schema=Run)
    graph.add_node("sending", sending)
    graph.add_edge(START, "sending")
    return graph


async def bargaining(state: State, runtime: Runtime[Run]) -> State:
    call = runtime.context.tool_caller()
    said = [await call("before", LOOK, {"word": "x"}), await call("send", SEND, {"to": "ann"})]
    said += [await call("after", LOOK, {"word": "x"}), await call("again", LOOK, {"word": "x"})]
    return {"said": [one.text for one in said]}


async def looking(state: State, runtime: Runtime[Run]) -> State:
    found = await runtime.context.tool_caller()("look", LOOK, {"word": "x"})
    return {"said": [*state.get("said", []), found.text]}


def bargains() -> StateGraph[State, Run, State, State]:
    graph = StateGraph(State, context_schema=Run)
    graph.add_sequence([looking, bargaining, reading])
    graph.add_edge(START, "looking")
    return graph


if __name__ == "__main__":
    asyncio.run(branchwise.resume(sys.argv[1], store=sys.argv[2]))
