"""Calls that a fork need not make, because a run that it descends from has made them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from branchwise.store.database.tables import calls, runs
from branchwise.store.rows import CallState


@dataclass(frozen=True, kw_only=True, slots=True)
class Inherited:
    """A call that was answered in an ancestor."""

    request_hash: str
    response: str
    """JSON."""
    model: str
    kind: str


def inherited(connection: sa.Connection, parent: str) -> dict[str, Inherited]:
    """Read the answered calls of a run and all its ancestors by key; of two, the nearer one's."""
    found: dict[str, Inherited] = {}
    line: set[str] = set()
    at: str | None = parent
    while at is not None and at not in line:
        line.add(at)
        query = sa.select(calls).where(calls.c.run_id == at, calls.c.state == CallState.DONE)
        own = {
            row["key"]: Inherited(
                request_hash=row["request_hash"],
                response=row["response"],
                model=row["model"],
                kind=row["kind"],
            )
            for row in connection.execute(query.order_by(calls.c.attempt)).mappings()
        }
        found = {**own, **found}
        at = connection.scalar(sa.select(runs.c.forked_from).where(runs.c.id == at))
    return found
