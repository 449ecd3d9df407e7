"""A workflow of two plain LangGraph nodes: one asks the model, the other writes the answer to a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise.graphs.runtime.context import Run


class State(TypedDict, total=False):
    """What travels between the nodes."""

    log: str
    """A file that notes each effect."""
    draft: str


def note(log: str, line: str) -> str:
    """Append a line to the file: an effect that must happen once."""
    with Path(log).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return line


async def first(state: State, runtime: Runtime[Run]) -> State:
    """Ask the model and note it."""
    reply = await runtime.context.sample("draft", "Name a colour.", max_tokens=8)
    await runtime.context.effect("note", note, state["log"], "first")
    return {"draft": reply.text}


async def second(state: State, runtime: Runtime[Run]) -> State:
    """Wait where the demo kills the process, then note the second step."""
    await asyncio.to_thread(Path(f"{state['log']}.begun").touch)
    await asyncio.sleep(float(os.environ.get("TWO_STEPS_WAIT", "0")))
    await runtime.context.effect("note", note, state["log"], "second")
    return {"draft": state["draft"]}


workflow = StateGraph(State, context_schema=Run)
workflow.add_node("first", first)
workflow.add_node("second", second)
workflow.add_edge(START, "first")
workflow.add_edge("first", "second")
