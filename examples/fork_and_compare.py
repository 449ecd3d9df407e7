"""Fork a finished run at a node: calls before it are shared, calls from there on are made anew; compare the two.

A search: branchwise fork RUN --at 0.2.1 --strategy mcts. The scripted model stands in for a real one.
"""

from __future__ import annotations

import asyncio
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

import branchwise
from branchwise import Run
from branchwise.models.scripted import scripted
from branchwise.store.store import Store

ONE, OTHER = scripted(["a sad story"]), scripted(["a merry story"])


class State(TypedDict, total=False):
    """What the nodes read and write."""

    outline: str
    text: str


async def plan(state: State, runtime: Runtime[Run]) -> State:
    """Write an outline."""
    return {"outline": (await runtime.context.sample("plan", "Outline a story.")).text}


async def write(state: State, runtime: Runtime[Run]) -> State:
    """Write it out."""
    return {"text": (await runtime.context.sample("write", f"Write out: {state['outline']}")).text}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([plan, write])
graph.add_edge(START, "plan")


async def main() -> None:
    """Run, fork before the second node, answer with another script from there on, and print both."""
    async with Store.opened() as store:
        first = await branchwise.run("fork_and_compare:graph", {}, model=ONE, store=store)
        made = await branchwise.fork(first.run_id, at="write/1", store=store)
        second = await branchwise.resume(made.id, model=OTHER, store=store)
        for name, ended in (("first", first), ("fork", second)):
            print(f"{name:5} {ended.output}")
    print(f"calls made: {ONE.calls} and {OTHER.calls}")


if __name__ == "__main__":
    asyncio.run(main())
