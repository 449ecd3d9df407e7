"""What runs have spent, summed in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from branchwise.store.database.tables import calls

_AT_ONCE = 100
"""Runs of one query."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What a run's own calls have spent."""

    tokens: int = 0
    cost: float | None = 0.0
    """US dollars; None if a price is not known."""
    calls: int = 0


def spent(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, Spent]:
    """What each run has spent; runs without calls are left out.

    Args:
        connection: For reading.
        run_ids: The runs.
    """
    tokens = calls.c.prompt_tokens - calls.c.cached_tokens + calls.c.completion_tokens
    sums = (sa.func.sum(tokens), sa.func.sum(calls.c.cost), sa.func.sum(calls.c.unpriced), sa.func.count())
    query = sa.select(calls.c.run_id, *sums).group_by(calls.c.run_id)
    found: dict[str, Spent] = {}
    for start in range(0, len(run_ids), _AT_ONCE):
        some = run_ids[start : start + _AT_ONCE]
        for name, total, cost, unpriced, count in connection.execute(query.where(calls.c.run_id.in_(some))):
            price = None if unpriced else float(cost or 0)
            found[name] = Spent(tokens=int(total or 0), cost=price, calls=int(count))
    return found
