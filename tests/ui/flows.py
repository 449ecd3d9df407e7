"""A workflow of the tests of the page: it writes, then asks whether to send."""

from __future__ import annotations

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run
from tests.server.flows import State, write


async def send(state: State, runtime: Runtime[Run]) -> State:
    """Send it, if a person agrees."""
    return {"sent": await runtime.context.ask("send", {"send?": state["draft"]}, answer=bool)}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([write, send])
graph.add_edge(START, "write")
