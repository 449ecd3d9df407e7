"""Calls that a fork inherits from the runs it descends from."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from branchwise.store.database.tables import calls, decisions, runs
from branchwise.store.rows import CallState


@dataclass(frozen=True, kw_only=True, slots=True)
class Inherited:
    """A call that was answered in an ancestor."""

    request_hash: str
    response: str
    """JSON."""
    model: str
    kind: str


def inherited(connection: sa.Connection, parent: str, place: str | None = None) -> dict[str, Inherited]:
    """Read the answered calls of a run and its ancestors by key; the nearest run takes precedence.

    Args:
        connection: For reading.
        parent: The run.
        place: `NODE/VISIT` of a workflow: calls from there on are left out.
    """
    begun = None if place is None or "/" not in place else _begun(connection, parent, place)
    found: dict[str, Inherited] = {}
    line: set[str] = set()
    at: str | None = parent
    while at is not None and at not in line:
        line.add(at)
        query = sa.select(calls).where(calls.c.run_id == at, calls.c.state == CallState.DONE)
        if begun is not None and at == parent:
            query = query.where(
                calls.c.started < begun, ~calls.c.key.startswith(f"{place}/", autoescape=True)
            )
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


def _begun(connection: sa.Connection, run_id: str, place: str) -> float | None:
    """When a place first called a model, a function or a person, in seconds since 1970."""
    call = sa.select(sa.func.min(calls.c.started)).where(
        calls.c.run_id == run_id, calls.c.key.startswith(f"{place}/", autoescape=True)
    )
    asked = sa.select(decisions.c.payload).where(
        decisions.c.run_id == run_id,
        decisions.c.kind == "question",
        decisions.c.key.startswith(f"{place}/", autoescape=True),
    )
    times = [connection.scalar(call), *(payload["at"] for payload in connection.scalars(asked))]
    return min((one for one in times if one is not None), default=None)
