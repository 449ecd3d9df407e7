"""A node that searches: the search is a run of its own, found again after a crash, paid by this one's budget.

branchwise run nested:graph -i '{"topic": "addition"}' --tokens 20000
"""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run


class State(TypedDict, total=False):
    """What the nodes read and write."""

    topic: str
    problem: str
    solution: str
    summary: str


async def pose(state: State, runtime: Runtime[Run]) -> State:
    """Make up a problem."""
    reply = await runtime.context.sample(
        "pose", f"State a short problem about {state['topic']}.", max_tokens=40
    )
    return {"problem": reply.text.strip() or "What is 1 + 1?"}


async def search(state: State, runtime: Runtime[Run]) -> State:
    """Search for its solution; `branchwise show` names the sub-run."""
    found = await runtime.context.solve(
        "plan", state["problem"], strategy="best_of_n", knobs={"n": 2}, budget={"tokens": 8_000}
    )
    return {"solution": found.text}


async def tell(state: State, runtime: Runtime[Run]) -> State:
    """Sum it up."""
    reply = await runtime.context.sample("tell", f"Sum up in a line: {state['solution']}", max_tokens=30)
    return {"summary": reply.text}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([pose, search, tell])
graph.add_edge(START, "pose")
