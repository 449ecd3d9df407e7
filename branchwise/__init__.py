"""Search by language-model agents: durable runs, a planner that picks the strategy, a pool that samples.

Begin with ``result = await branchwise.solve(problem, task="calendar", budget=Budget(tokens=20_000))``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from branchwise.store.errors import BranchwiseError
from branchwise.store.records import Budget

if TYPE_CHECKING:
    from branchwise.agents.models.pool import Pool
    from branchwise.agents.purse import Purse
    from branchwise.graphs.run import Result, resume, solve

__all__ = ["BranchwiseError", "Budget", "Pool", "Purse", "Result", "resume", "solve"]

_LATER = {
    "Pool": "branchwise.agents.models.pool",
    "Purse": "branchwise.agents.purse",
    **dict.fromkeys(("Result", "resume", "solve"), "branchwise.graphs.run"),
}


def __getattr__(name: str) -> object:
    # The graph costs seconds to import: a script that only reads a run or completes a command does not pay.
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module `branchwise` has no attribute `{name}`")
