"""Workflows and models that the commands' tests name on their command lines."""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise.graphs.runtime.context import Run
from branchwise.models.scripted import Scripted, scripted


class State(TypedDict, total=False):
    """What the nodes know."""

    topic: str
    times: int
    said: list[str]
    noted: list[str]


HELPED = {"more": "more on"}
"""Read by a node; the hash of the code does not see it change."""


async def first(state: State, runtime: Runtime[Run]) -> State:
    return {"said": [(await runtime.context.sample("first", f"about {state['topic']}")).text]}


async def second(state: State, runtime: Runtime[Run]) -> State:
    reply = await runtime.context.sample("second", f"{HELPED['more']} {state['said'][0]}")
    return {"said": [*state["said"], reply.text]}


async def note(state: State, runtime: Runtime[Run]) -> State:
    run, times = runtime.context, state.get("times", 1)
    return {"noted": [await run.effect(f"note/{number}", written, number) for number in range(times)]}


def written(number: int) -> str:
    """The effect."""
    return f"noted {number}"


chain = StateGraph(State, context_schema=Run)
chain.add_sequence([first, second, note])
chain.add_edge(START, "first")


async def approve(state: State, runtime: Runtime[Run]) -> State:
    yes = await runtime.context.ask("approve", {"send?": state["said"]}, answer=bool)
    return {"noted": [f"said {yes}"]}


letter = StateGraph(State, context_schema=Run)
letter.add_sequence([first, approve])
letter.add_edge(START, "first")


def echo() -> Scripted:
    """A model that says what it was asked."""
    return scripted(lambda request, seed: f"{request.messages[-1].content}.", name="echo")


def loud() -> Scripted:
    """Another that shouts it."""
    return scripted(lambda request, seed: request.messages[-1].content.upper(), name="loud")
