"""Runs a second through the whole graph with a model that takes no time, beside LangGraph's own savers.

    python -m benchmarks.store_runs [--runs 64] [--postgres]

A run is Best of 8 with a model as its verifier: ten calls. Ours goes through the graph, the ledger, the rows of tree,
verdicts and decisions, and one checkpoint at its end. The rival is a plain LangGraph program of the same three agents,
whose saver keeps it from repeating a finished task: a checkpoint every step (`durability="sync"`), the candidates in
its state, each judged by a task of its own; it keeps no calls, costs or decisions. It needs
`langgraph-checkpoint-sqlite` and `langgraph-checkpoint-postgres`; `--postgres` starts a server of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import operator
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from importlib import import_module
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from branchwise import tasks
from branchwise.agents.constraint import constraint
from branchwise.agents.generator import generator
from branchwise.agents.verifiers.llm import llm
from branchwise.graphs.search.run import solve
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.records import Constraints
from branchwise.store.store import Store
from tests.crash.postgres import own_postgres

_WIDTH = 8
Run = Callable[[int], Awaitable[object]]


def _write(request: SampleRequest, seed: int) -> str:
    if '"Score: "' in request.messages[-1].content:
        return "It could be better.\nScore: 40"
    return f"On Monday at {seed % 997} everybody is free, so the meeting begins there.\nAnswer: {seed % 997}"


class _State(TypedDict, total=False):
    problem: str
    constraints: Constraints
    plans: list[str]
    scores: Annotated[list[float], operator.add]


class _Bare:
    """The model as agents call it, and nothing kept."""

    def __init__(self, model: Scripted) -> None:
        self._model, self.capabilities = model, model.capabilities

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        return await self._model.sample(request)


def _plain(model: Scripted) -> StateGraph[Any]:
    sample, task = _Bare(model), tasks.load("text")
    read, propose_, judge = constraint(sample, task), generator(sample, task), llm(sample, task)

    async def constraints(state: _State) -> _State:
        return {"constraints": (await read({"problem": state["problem"], "path": "t0"}))["constraints"]}

    async def propose(state: _State) -> _State:
        known = {"problem": state["problem"], "path": "r1", "constraints": state["constraints"], "text": ""}
        ask = {**known, "n": _WIDTH, "grain": "solution", "previous": "", "feedback": ""}
        return {"plans": [one.text for one in (await propose_(ask))["samples"]]}  # type: ignore[arg-type]

    async def verify(state: dict[str, Any]) -> _State:
        return {"scores": [(await judge({**state, "path": "r1", "complete": True}))["verdict"].score or 0.0]}  # type: ignore[typeddict-item]

    graph = StateGraph(_State)
    for node in (constraints, propose, verify):
        graph.add_node(node.__name__, node)  # type: ignore[call-overload]
    graph.add_edge(START, "constraints")
    graph.add_edge("constraints", "propose")
    graph.add_conditional_edges(
        "propose",
        lambda state: [
            Send("verify", {"problem": state["problem"], "constraints": state["constraints"], "plan": plan})
            for plan in state["plans"]
        ],
        ["verify"],
    )
    graph.add_edge("verify", END)
    return graph


def _plainly(model: Scripted, saver: Any) -> Run:
    graph = _plain(model).compile(checkpointer=saver)

    async def run(number: int) -> object:
        config: Any = {"configurable": {"thread_id": str(number)}}
        return await graph.ainvoke({"problem": f"Question {number}?"}, config, durability="sync")

    return run


@asynccontextmanager
async def _ours(url: str, model: Scripted) -> AsyncIterator[Run]:
    async with Store.opened(url) as store:
        yield lambda number: solve(
            f"Question {number}?",
            model=model,
            store=store,
            strategy="best_of_n",
            knobs={"n": _WIDTH},
            policy="none",
        )


@asynccontextmanager
async def _rival(kind: str, url: str, model: Scripted) -> AsyncIterator[Run]:
    async with AsyncExitStack() as stack:
        if kind == "InMemorySaver":
            saver: Any = InMemorySaver()
        elif kind == "AsyncSqliteSaver":
            home = import_module("langgraph.checkpoint.sqlite.aio")
            saver = await stack.enter_async_context(home.AsyncSqliteSaver.from_conn_string(url))
        else:
            connecting = {
                "autocommit": True,
                "prepare_threshold": 0,
                "row_factory": import_module("psycopg.rows").dict_row,
            }
            pool = import_module("psycopg_pool").AsyncConnectionPool(
                url, max_size=20, open=False, kwargs=connecting
            )
            await stack.enter_async_context(pool)
            saver = import_module("langgraph.checkpoint.postgres.aio").AsyncPostgresSaver(pool)
            await saver.setup()
        yield _plainly(model, saver)


async def _measure(name: str, run: Run, model: Scripted, runs: int, concurrency: int) -> dict[str, object]:
    turn = asyncio.Semaphore(concurrency)

    async def one(number: int) -> None:
        async with turn:
            await run(number)

    await one(-1)  # what is imported, compiled or connected first is not counted
    model.requests.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(number) for number in range(runs)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "store": name,
        "concurrency": concurrency,
        "runs": runs,
        "calls_a_run": model.calls / runs,
        "runs_a_second": round(runs / wall, 1),
        "cpu_ms_a_run": round(cpu / runs * 1e3, 1),
    }


async def _compare(runs: int, concurrency: int, server: str | None, folder: str) -> None:
    def places() -> dict[str, Any]:
        model = scripted(_write)
        found = {
            "branchwise, SQLite": (_ours(f"sqlite:///{folder}/ours{concurrency}.sqlite", model), model),
            "AsyncSqliteSaver": (
                _rival("AsyncSqliteSaver", f"{folder}/rival{concurrency}.sqlite", model),
                model,
            ),
            "InMemorySaver": (_rival("InMemorySaver", "", model), model),
        }
        if server:
            found["branchwise, PostgreSQL"] = (_ours(server, model), model)
            found["AsyncPostgresSaver"] = (
                _rival("AsyncPostgresSaver", server.replace("+psycopg", ""), model),
                model,
            )
        return found

    for name, (opening, model) in places().items():
        async with opening as run:
            print(json.dumps(await _measure(name, run, model, runs, concurrency)), flush=True)


def main() -> None:
    """Print one line of JSON a setting."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=128)
    parser.add_argument("--postgres", action="store_true", help="measure on a PostgreSQL of our own, too")
    wanted = parser.parse_args()
    for concurrency in (1, 16, 128):
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            server = stack.enter_context(own_postgres()).url if wanted.postgres else None
            asyncio.run(_compare(wanted.runs, concurrency, server, folder))


if __name__ == "__main__":
    main()
