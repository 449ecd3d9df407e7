"""Runs a second of a graph of five nodes with one model call each, beside LangGraph's stock savers.

    python benchmarks/workflow_runs.py [--runs 64] [--postgres postgresql://...]

branchwise records every call (intent and result committed) and checkpoints every step; the stock savers checkpoint
every step and record no call. All arms run in one process, in turns, with the same
instant model. The stock savers are `langgraph-checkpoint-sqlite` and `langgraph-checkpoint-postgres`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run
from branchwise.graphs.runtime.run import run
from branchwise.models.protocol import Message, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.store import Store

NODES = 5
MODEL = scripted(lambda request, seed: "said")


class State(TypedDict, total=False):
    """What the nodes read and write."""

    question: str
    said: str


def _recorded(number: int) -> Callable[..., Awaitable[State]]:
    async def node(state: State, runtime: Runtime[Run]) -> State:
        return {"said": (await runtime.context.sample("say", f"{number} {state['question']}")).text}

    return node


def _bare(number: int) -> Callable[[State], Awaitable[State]]:
    async def node(state: State) -> State:
        message = Message(role="user", content=f"{number} {state['question']}")
        return {"said": (await MODEL.sample(SampleRequest(messages=(message,)))).samples[0].text}

    return node


def _graph(make: Callable[[int], Any], schema: type | None) -> StateGraph[Any, Any, Any, Any]:
    built: StateGraph[Any, Any, Any, Any] = StateGraph(State, context_schema=schema)
    for number in range(NODES):
        built.add_node(f"n{number}", make(number))
        built.add_edge(f"n{number - 1}" if number else START, f"n{number}")
    return built


graph = _graph(_recorded, Run)
bare = _graph(_bare, None)
Arm = Callable[[int], Awaitable[object]]


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[Arm]:
    """Runs of branchwise."""
    async with Store.opened(url) as store:
        yield lambda i: run("workflow_runs:graph", {"question": str(i)}, model=MODEL, store=store)


@asynccontextmanager
async def stock(url: str) -> AsyncIterator[Arm]:
    """The same graph over LangGraph's own saver."""
    async with AsyncExitStack() as stack:
        saver: Any
        if url.startswith("sqlite"):
            from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # noqa: PLC0415

            saver = await stack.enter_async_context(
                AsyncSqliteSaver.from_conn_string(url.removeprefix("sqlite:///"))
            )
        else:
            from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # noqa: PLC0415
            from psycopg.rows import dict_row  # noqa: PLC0415
            from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415

            options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
            plain = url.replace("postgresql+psycopg://", "postgresql://")
            pool: Any = AsyncConnectionPool(plain, max_size=16, kwargs=options, open=False)
            saver = AsyncPostgresSaver(await stack.enter_async_context(pool))
        await saver.setup()
        made = bare.compile(checkpointer=saver)
        yield lambda i: made.ainvoke(
            {"question": str(i)}, {"configurable": {"thread_id": uuid.uuid4().hex}}, durability="async"
        )


async def measured(arm: Arm, runs: int, at_once: int) -> float:
    """Runs a second, with `at_once` of them under way."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with gate:
            await arm(number)

    await arm(-1)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(runs):
            group.create_task(one(number))
    return runs / (time.perf_counter() - began)


async def main() -> None:
    """Print a table in Markdown: medians of each arm's turns, and of the turns' ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=128)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--postgres", default="")
    asked = parser.parse_args()
    sys.modules.setdefault("workflow_runs", sys.modules["__main__"])
    print(
        "| database | at once | branchwise, calls recorded | LangGraph's saver, no record | ratio (range) |\n"
        "|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, url in (("SQLite", f"sqlite:///{folder}/a.sqlite"), ("PostgreSQL", asked.postgres)):
            if not url:
                continue
            other = f"sqlite:///{folder}/b.sqlite" if name == "SQLite" else url
            async with ours(url) as mine, stock(other) as theirs:
                for at_once in (1, 16, 128):
                    count = max(8, asked.runs // 8) if at_once == 1 else asked.runs
                    turns = [
                        (await measured(mine, count, at_once), await measured(theirs, count, at_once))
                        for _ in range(asked.turns)
                    ]
                    _print(name, at_once, turns)


def _print(name: str, at_once: int, turns: list[tuple[float, float]]) -> None:
    own, stock = (statistics.median(turn[arm] for turn in turns) for arm in (0, 1))
    ratios = sorted(mine / theirs for mine, theirs in turns)
    spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
    print(f"| {name} | {at_once} | {own:.1f} runs/s | {stock:.1f} runs/s | {spread} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
