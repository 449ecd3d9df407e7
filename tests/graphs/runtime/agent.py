"""LangChain's own agent in a node: its model and its tool are the run's."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime

from branchwise.graphs.runtime.context import Run


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def work(state: MessagesState, runtime: Runtime[Run]) -> dict[str, Any]:
    """Let the agent work."""
    run = runtime.context
    agent: Any = create_agent(run.chat_model(), [run.tool(add)])
    found = await agent.ainvoke({"messages": state["messages"]})
    return {"messages": [("ai", found["messages"][-1].content)]}


graph = StateGraph(MessagesState, context_schema=Run)
graph.add_node("work", work)
graph.add_edge(START, "work")
