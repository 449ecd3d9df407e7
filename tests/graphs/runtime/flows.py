"""Workflows that the tests of the runtime run, kill and resume."""

from __future__ import annotations

import asyncio
import operator
import os
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.config import get_config
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime, get_runtime
from langgraph.types import Send, interrupt

from branchwise.graphs.runtime.context import Run


class State(TypedDict, total=False):
    question: str
    drafts: list[str]
    answer: str
    rounds: int
    parts: Annotated[list[str], operator.add]
    number: int


async def draft(state: State, runtime: Runtime[Run]) -> State:
    reply = await runtime.context.sample("draft", state["question"], n=3)
    return {"drafts": [sample.text for sample in reply.samples]}


async def part(state: State, runtime: Runtime[Run]) -> State:
    reply = await runtime.context.sample("part", f"part {state['number']} of {state['question']}")
    return {"parts": [reply.text]}


async def fuse(state: State, runtime: Runtime[Run]) -> State:
    rounds = state.get("rounds", 0)
    reply = await runtime.context.sample("fuse", f"fuse {rounds}: {sorted(state['parts'])}")
    return {"answer": reply.text, "rounds": rounds + 1}


def _parts(state: State) -> list[Send]:
    return [Send("part", {"number": i, "question": state["question"]}) for i in range(3)]


fanned = StateGraph(State, context_schema=Run)
for node in (draft, part, fuse):
    fanned.add_node(node.__name__, node)
fanned.add_edge(START, "draft")
fanned.add_conditional_edges("draft", _parts, ["part"])
fanned.add_edge("part", "fuse")
fanned.add_conditional_edges("fuse", lambda state: "fuse" if state["rounds"] < 2 else END, ["fuse", END])


def outbox(text: str) -> str:
    """Append a line to a file; the effect of the tests."""
    with Path(os.environ["OUTBOX"]).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
    if os.environ.get("DIE_IN_OUTBOX"):
        os.kill(os.getpid(), 9)
    return "sent"


async def approve(state: State, runtime: Runtime[Run]) -> State:
    run = runtime.context
    letter = (await run.sample("letter", f"letter about {state['question']}")).text
    if not await run.ask("approve", {"send?": letter}, answer=bool):
        return {"answer": "no"}
    return {"answer": await run.effect("mail", outbox, letter, at_most_once=True)}


approval = StateGraph(State, context_schema=Run)
approval.add_node("approve", approve)
approval.add_edge(START, "approve")


async def swallow(state: State, runtime: Runtime[Run]) -> State:
    try:
        for number in range(3):
            await runtime.context.sample(f"ask/{number}", "anything")
        return {"answer": str(await runtime.context.ask("sure", "sure?"))}
    except Exception:  # what the test is about
        return {"answer": "swallowed"}


swallowing = StateGraph(State, context_schema=Run)
swallowing.add_node("swallow", swallow)
swallowing.add_edge(START, "swallow")


def _plain(state: State) -> State:
    return {"answer": f"you said {interrupt('say something')}"}


plain = StateGraph(State)
plain.add_node("plain", _plain)
plain.add_edge(START, "plain")


@task
async def think(number: int) -> str:
    return (await get_runtime(Run).context.sample("think", f"way {number}")).text


@entrypoint(context_schema=Run)
async def functional(count: int) -> dict[str, Any]:
    """Think in several ways at once."""
    return {"thoughts": await asyncio.gather(*(think(number) for number in range(count)))}


inner = StateGraph(State, context_schema=Run)
inner.add_node("fuse", fuse)
inner.add_edge(START, "fuse")


async def called(state: State, runtime: Runtime[Run]) -> State:
    first = await _inner.ainvoke({"parts": ["x"], "rounds": 7})
    second = await _inner.ainvoke({"parts": ["y"], "rounds": 8})
    return {"answer": f"{first['answer']} {second['answer']}"}


_inner = inner.compile()
nested = StateGraph(State, context_schema=Run)
nested.add_node("sub", inner.compile())
nested.add_node("called", called)
nested.add_edge(START, "sub")
nested.add_conditional_edges(
    "sub", lambda state: "sub" if state["rounds"] < 2 else "called", ["sub", "called"]
)

_again = StateGraph(State, context_schema=Run)
_again.add_node("fuse", fuse)
_again.add_edge(START, "fuse")
_again.add_conditional_edges("fuse", lambda state: "fuse" if state["rounds"] < 2 else END, ["fuse", END])
looped = StateGraph(State, context_schema=Run)
looped.add_node("sub", _again.compile())
looped.add_edge(START, "sub")


async def names(state: State, runtime: Runtime[Run]) -> State:
    await runtime.context.sample("same", "one")
    await runtime.context.sample("same", "one")
    await runtime.context.sample("same", "another")
    return {}


misnamed = StateGraph(State, context_schema=Run)
misnamed.add_node("names", names)
misnamed.add_edge(START, "names")


async def two_questions(state: State, runtime: Runtime[Run]) -> State:
    first, second = await asyncio.gather(
        runtime.context.ask("first", 1, answer=int), runtime.context.ask("second", 2, answer=int)
    )
    return {"answer": str(first + second)}


async def late(state: State, runtime: Runtime[Run]) -> State:
    return {
        "answer": await runtime.context.ask("late", "in time?", answer=str, timeout=0.3, default="nobody")
    }


asking = StateGraph(State, context_schema=Run)
asking.add_node("two_questions", two_questions)
asking.add_edge(START, "two_questions")
timed = StateGraph(State, context_schema=Run)
timed.add_node("late", late)
timed.add_edge(START, "late")


async def parent(state: State, runtime: Runtime[Run]) -> State:
    run = runtime.context
    before = (await run.sample("before", "before")).text
    found = await run.call("child", "tests.graphs.runtime.flows:fanned", {"question": before}, budget=10_000)
    after = (await run.sample("after", found["answer"])).text
    return {"answer": after}


calling = StateGraph(State, context_schema=Run)
calling.add_node("parent", parent)
calling.add_edge(START, "parent")


async def parent_of_asking(state: State, runtime: Runtime[Run]) -> State:
    return {
        "answer": (await runtime.context.call("child", "tests.graphs.runtime.flows:asking", {}))["answer"]
    }


asking_below = StateGraph(State, context_schema=Run)
asking_below.add_node("parent", parent_of_asking)
asking_below.add_edge(START, "parent")


def metadata() -> dict[str, Any]:
    """What LangGraph says of the node that is running."""
    return dict(get_config()["metadata"])
