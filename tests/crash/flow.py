"""A workflow of a user's for the campaign: parallel nodes, a loop, and an effect."""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from branchwise.graphs.runtime.context import Run


class State(TypedDict, total=False):
    question: str
    number: int
    rounds: int
    parts: Annotated[list[str], operator.add]
    noted: str


async def part(state: State, runtime: Runtime[Run]) -> State:
    reply = await runtime.context.sample("part", f"Part {state['number']} of: {state['question']}", n=2)
    return {"parts": [sample.text for sample in reply.samples]}


async def fuse(state: State, runtime: Runtime[Run]) -> State:
    rounds = state.get("rounds", 0) + 1
    asked = f"Round {rounds} on {state['question']}: {sorted(state['parts'])}"
    reply = await runtime.context.sample("fuse", asked)
    return {"parts": [reply.text], "rounds": rounds}


async def note(state: State, runtime: Runtime[Run]) -> State:
    return {"noted": await runtime.context.effect("note", _noted, state["question"], len(state["parts"]))}


async def _noted(question: str, parts: int) -> str:
    return f"{question} {parts}"


def _parts(state: State) -> list[Send]:
    return [Send("part", {"question": state["question"], "number": number}) for number in range(4)]


graph = StateGraph(State, context_schema=Run)
for node in (part, fuse, note):
    graph.add_node(node.__name__, node)
graph.add_conditional_edges(START, _parts, ["part"])
graph.add_edge("part", "fuse")
graph.add_conditional_edges("fuse", lambda state: "fuse" if state["rounds"] < 3 else "note", ["fuse", "note"])
graph.add_edge("note", END)
