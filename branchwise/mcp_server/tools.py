"""The tools: solve, submit, status, result, answer, cancel, fork, explain, strategies."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Annotated, Any, TypeAlias

from mcp.server.mcpserver import Context
from pydantic import Field

from branchwise import models
from branchwise.mcp_server.calling import caller
from branchwise.mcp_server.reading import answer_of, catalogue, explanation_of, state_of
from branchwise.mcp_server.results import Explanation, RunAnswer, RunStanding, StrategyList
from branchwise.mcp_server.searches import Search, wanted
from branchwise.server.background import queued
from branchwise.server.chat import line
from branchwise.server.live_runs import LiveRun
from branchwise.server.replies import KEEP_ALIVE
from branchwise.server.response_object import OVER
from branchwise.server.run_actions import ForkBody, answered, forked
from branchwise.server.running import open_run
from branchwise.server.serving import Serving
from branchwise.server.streams import while_searching
from branchwise.server.wire import BudgetBody
from branchwise.store.rows import RunRecord

_POLL = 0.5
"""Seconds between looks at a run that another task or process executes."""
_TOLD = 5.0
"""Seconds between reports on a run that is waited for."""

Request: TypeAlias = "Context[Any, Any]"
Problem = Annotated[str, Field(min_length=1, description="What to solve or answer, in words.")]
Name = Annotated[str | None, Field(max_length=200)]
Task = Annotated[
    Name, Field(description="Domain whose program checks answers, like game24; the server's by default.")
]
Strategy = Annotated[
    Name, Field(description="A name of `strategies`, or `auto` for the planner; the server's by default.")
]
Tokens = Annotated[int | None, Field(ge=1, le=2**31, description="Token budget of the whole search.")]
Seconds = Annotated[float | None, Field(gt=0, le=1e6, description="Time limit of the search.")]
Knobs = Annotated[
    dict[str, int | float | str | bool] | None, Field(description="Parameters of the strategy.")
]
Key = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=255,
        description="Idempotency key: calls with the same key and arguments are one run, also after a restart.",
    ),
]
RunId = Annotated[str, Field(min_length=1, max_length=200, description="The run's whole id.")]


class Tools:
    """The tools of one server.

    Args:
        serving: The server's parts.
    """

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def solve(  # noqa: PLR0913 - each is an argument that the client is told of
        self,
        problem: Problem,
        context: Request,
        *,
        task: Task = None,
        strategy: Strategy = None,
        tokens: Tokens = None,
        seconds: Seconds = None,
        knobs: Knobs = None,
        key: Key = None,
    ) -> RunAnswer:
        """Search for an answer and wait for it; reports progress every round. For long searches use `submit`."""
        asked = Search(problem, task, strategy, tokens, seconds, knobs, key)
        opened = await open_run(self._serving, wanted(self._serving, caller(), asked), line)
        live = opened.live
        live.join()
        try:
            live.go.set()
            await self._report(live, context)
        finally:
            live.leave()
        return await answer_of(self._serving, await self._serving.store.run(live.run_id))

    async def _report(self, live: LiveRun, context: Request) -> None:
        """Report progress until a run has ended."""
        ended, number = asyncio.create_task(live.result()), 0
        parts = while_searching(live, ended, _TOLD, str.encode)
        try:
            async with aclosing(parts):
                async for part in parts:
                    number += 1
                    said = f"searching (run {live.run_id})" if part == KEEP_ALIVE else part.decode()
                    await context.report_progress(number, message=said)
            await ended
        finally:
            ended.cancel()

    async def submit(
        self,
        problem: Problem,
        *,
        task: Task = None,
        strategy: Strategy = None,
        tokens: Tokens = None,
        seconds: Seconds = None,
        knobs: Knobs = None,
        key: Key = None,
    ) -> RunStanding:
        """Start a search in the background; it survives this connection and the server. See `status`, `result`."""
        asked = Search(problem, task, strategy, tokens, seconds, knobs, key)
        run, _ = await queued(self._serving, wanted(self._serving, caller(), asked))
        return await state_of(self._serving, run)

    async def status(self, run_id: RunId) -> RunStanding:
        """Say where a run stands, what it cost so far, and what it asks."""
        return await state_of(self._serving, await self._own(run_id))

    async def result(
        self,
        run_id: RunId,
        context: Request,
        wait: Annotated[float, Field(ge=0, le=600, description="Seconds to wait for its end.")] = 0.0,
    ) -> RunAnswer:
        """Give the answer of a run, or its status while it has none."""
        began, number = time.monotonic(), 0
        run = await self._own(run_id)
        while run.status not in OVER and time.monotonic() - began < wait:
            if time.monotonic() - began >= number * _TOLD:
                number += 1
                await context.report_progress(number, message=f"the run is {run.status}")
            await asyncio.sleep(_POLL)
            run = await self._serving.store.run(run.id)
        return await answer_of(self._serving, run)

    async def answer(
        self,
        run_id: RunId,
        value: Annotated[Any, Field(description="The answer, of the question's schema.")],
        key: Annotated[
            str | None, Field(max_length=640, description="Which question, if several are open.")
        ] = None,
    ) -> RunStanding:
        """Answer the question of a waiting run. Questions are for people: ask the user, never approve for them."""
        run = await answered(self._serving, caller(), await self._own(run_id), value, key, "mcp")
        return await state_of(self._serving, run)

    async def cancel(self, run_id: RunId) -> RunStanding:
        """Cancel a run that is not over; what it spent stays on the bill."""
        run = await self._own(run_id)
        return await state_of(self._serving, await self._serving.store.cancel(run.id))

    async def fork(
        self,
        run_id: RunId,
        node: Annotated[
            str | None,
            Field(max_length=640, description="A node of its tree, like 0.2, at which the new run starts."),
        ] = None,
        strategy: Strategy = None,
        tokens: Tokens = None,
        knobs: Knobs = None,
    ) -> RunStanding:
        """Start a new run from a node of an old one, in the background; recorded calls are not paid again."""
        budget = None if tokens is None else BudgetBody(tokens=tokens)
        change = ForkBody(at=node, strategy=strategy, knobs=knobs, budget=budget)
        made = await forked(self._serving, caller(), await self._own(run_id), change)
        return await state_of(self._serving, made)

    async def explain(self, run_id: RunId) -> Explanation:
        """Show why a run did what it did: its decisions with their terms, and its tree."""
        return await explanation_of(self._serving, await self._own(run_id))

    async def strategies(self) -> StrategyList:
        """List the search strategies, their papers and parameters."""
        await models.ask(self._serving.engine)
        return catalogue(self._serving.engine.capabilities)

    async def _own(self, run_id: str) -> RunRecord:
        return await caller().own(self._serving, run_id)
