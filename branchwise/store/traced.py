"""Events of a run's history that say to which traces its claims belong."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from branchwise.store.database.batch import Row
from branchwise.store.database.dialects import now
from branchwise.store.database.tables import run_events
from branchwise.store.records import Json
from branchwise.store.trace_context import TraceContext

TRACED: Final = "traced"
"""Kind of the events."""
PARENT, ROOT = "parent", "root"
"""In an event's data: the span of the caller, and the claim's own span where it is reported live."""
CALLER = (
    sa.select(run_events.c.data)
    .where(run_events.c.run_id == sa.bindparam("run_id"), run_events.c.kind == TRACED)
    .where(run_events.c.epoch == sa.bindparam("epoch"))
    .order_by(run_events.c.id)
    .limit(1)
    .scalar_subquery()
    .label(TRACED)
)
"""The first such event of a claim, for a query that reads more."""
_NOTE = sa.insert(run_events).values(at=now())


def note_trace(connection: sa.Connection, run_id: str, epoch: int, name: str, trace: TraceContext) -> None:
    """Add such an event to a run's history."""
    connection.execute(_NOTE, _row(run_id, epoch, name, trace))


def note_parent(connection: sa.Connection, run_id: str, epoch: int, trace: TraceContext | None) -> None:
    """Record the caller's span of a claim, if there is one."""
    if trace is not None:
        connection.execute(_NOTE, parent_row(run_id, epoch, trace))


def parent_row(run_id: str, epoch: int, trace: TraceContext) -> Row:
    """The event of a caller's span, but for its time."""
    return _row(run_id, epoch, PARENT, trace)


def parent_of(data: Json) -> str | None:
    """The caller's span in an event's data."""
    return header(data, PARENT)


def header(data: Json, name: str) -> str | None:
    """The `traceparent` of that name in an event's data."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def _row(run_id: str, epoch: int, name: str, trace: TraceContext) -> Row:
    return {"run_id": run_id, "kind": TRACED, "epoch": epoch, "data": {name: trace.header}}
