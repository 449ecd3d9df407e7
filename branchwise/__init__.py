"""Search by language-model agents: durable runs, a planner that picks the strategy, a pool that samples.

Begin with ``result = await branchwise.solve(problem, task="calendar", budget=Budget(tokens=20_000))``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from branchwise.renamed import announce, refuse
from branchwise.store.errors import BranchwiseError
from branchwise.store.records import Budget

if TYPE_CHECKING:
    from branchwise.graphs.search.fork import fork
    from branchwise.graphs.search.replay import replay
    from branchwise.graphs.search.run import Result, resume, solve
    from branchwise.graphs.search.submit import submit
    from branchwise.graphs.search.worker import work
    from branchwise.models.budget import BudgetTracker
    from branchwise.models.pool import Pool

__all__ = [
    "BranchwiseError",
    "Budget",
    "BudgetTracker",
    "Pool",
    "Result",
    "fork",
    "replay",
    "resume",
    "solve",
    "submit",
    "work",
]

_HOMES = {
    "Pool": "models.pool",
    "BudgetTracker": "models.budget",
    "Result": "graphs.search.run",
    "fork": "graphs.search.fork",
    "replay": "graphs.search.replay",
    "resume": "graphs.search.run",
    "solve": "graphs.search.run",
    "submit": "graphs.search.submit",
    "work": "graphs.search.worker",
}


announce()


def __getattr__(name: str) -> object:
    # The graph costs seconds to import: a script that only reads a run or completes a command does not pay.
    if name in _HOMES:
        return getattr(import_module(f"branchwise.{_HOMES[name]}"), name)
    raise refuse("branchwise", name)
