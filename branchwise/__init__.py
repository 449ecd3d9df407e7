"""Search by language-model agents: durable runs, a planner that picks the strategy, a pool that samples.

Begin with ``result = await branchwise.solve(problem, task="calendar", budget=20_000)``, or run a LangGraph graph of
your own: ``ended = await branchwise.run("mine:graph", {"question": "..."}, budget=20_000)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from branchwise.renamed import announce, refuse
from branchwise.store.errors import BranchwiseError
from branchwise.store.records import Budget

if TYPE_CHECKING:
    from branchwise.graphs.runtime.answer import answer
    from branchwise.graphs.runtime.context import Run
    from branchwise.graphs.runtime.fork import fork
    from branchwise.graphs.runtime.replay import replay
    from branchwise.graphs.runtime.result import RunResult
    from branchwise.graphs.runtime.run import resume, run
    from branchwise.graphs.runtime.stream import stream
    from branchwise.graphs.runtime.sync import synchronous
    from branchwise.graphs.runtime.worker import work
    from branchwise.graphs.search.run import Result, solve
    from branchwise.graphs.search.submit import submit
    from branchwise.models.budget import BudgetTracker
    from branchwise.models.pool import Pool

    answer_sync = synchronous(answer)
    fork_sync = synchronous(fork)
    replay_sync = synchronous(replay)
    resume_sync = synchronous(resume)
    run_sync = synchronous(run)
    solve_sync = synchronous(solve)
    submit_sync, work_sync = synchronous(submit), synchronous(work)

__all__ = [
    "BranchwiseError",
    "Budget",
    "BudgetTracker",
    "Pool",
    "Result",
    "Run",
    "RunResult",
    "answer",
    "answer_sync",
    "fork",
    "fork_sync",
    "replay",
    "replay_sync",
    "resume",
    "resume_sync",
    "run",
    "run_sync",
    "solve",
    "solve_sync",
    "stream",
    "submit",
    "submit_sync",
    "work",
    "work_sync",
]

_HOMES = {
    "BudgetTracker": "models.budget",
    "Pool": "models.pool",
    "Result": "graphs.search.run",
    "Run": "graphs.runtime.context",
    "RunResult": "graphs.runtime.result",
    "answer": "graphs.runtime.answer",
    "fork": "graphs.runtime.fork",
    "replay": "graphs.runtime.replay",
    "resume": "graphs.runtime.run",
    "run": "graphs.runtime.run",
    "solve": "graphs.search.run",
    "stream": "graphs.runtime.stream",
    "submit": "graphs.search.submit",
    "work": "graphs.runtime.worker",
}


announce()


def __getattr__(name: str) -> object:
    # The graph costs seconds to import: a script that only reads a run or completes a command does not pay.
    if name in _HOMES:
        return getattr(import_module(f"branchwise.{_HOMES[name]}"), name)
    if name in __all__ and name.endswith("_sync"):
        twin = import_module("branchwise.graphs.runtime.sync").synchronous
        return twin(__getattr__(name.removesuffix("_sync")))
    raise refuse("branchwise", name)
