"""Plain LangGraph: generate (one request with n), verify, choose; its own SQLite saver on disk.

Arguments: URL INSTANCES N.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from typing import TypedDict

import aiohttp
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from turns import questions, reward, take_turns


class State(TypedDict, total=False):
    """What the nodes hand on."""

    problem: str
    samples: list[str]
    scores: list[float]
    answer: str


def _graph(url, session, n, saver):
    async def generate(state: State) -> State:
        body = {"model": "fake", "n": n, "messages": [{"role": "user", "content": state["problem"]}]}
        async with session.post(f"{url}/chat/completions", json=body) as reply:
            said = json.loads(await reply.read())
        return {"samples": [choice["message"]["content"] for choice in said["choices"]]}

    async def verify(state: State) -> State:
        return {"scores": [reward(sample) for sample in state["samples"]]}

    async def choose(state: State) -> State:
        return {"answer": state["samples"][state["scores"].index(max(state["scores"]))]}

    graph = StateGraph(State)
    graph.add_node("generate", generate)
    graph.add_node("verify", verify)
    graph.add_node("choose", choose)
    graph.add_edge(START, "generate")
    graph.add_edge("generate", "verify")
    graph.add_edge("verify", "choose")
    graph.add_edge("choose", END)
    return graph.compile(checkpointer=saver)


async def _all(graph, asked):
    results = await asyncio.gather(
        *(graph.ainvoke({"problem": problem}, {"configurable": {"thread_id": problem}}) for problem in asked)
    )
    assert all(result["answer"] for result in results)
    return len(results)


def main() -> None:
    """Take turns with one open saver and one open session."""
    base, count, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:

        async def opened():
            saving = AsyncSqliteSaver.from_conn_string(f"{folder}/checkpoints.sqlite")
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
            return saving, session, _graph(base, session, width, await saving.__aenter__())

        saving, session, graph = runner.run(opened())
        take_turns(
            lambda salt: runner.run(_all(graph, questions(count, salt))),
            ["langgraph", "langgraph-checkpoint-sqlite", "aiohttp"],
        )
        runner.run(session.close())
        runner.run(saving.__aexit__(None, None, None))


if __name__ == "__main__":
    main()
