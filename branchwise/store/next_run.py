"""Pick the next run of a queue: in order of priority, then age, however many wait.

A query that orders runs of several statuses reads and sorts all that wait: the longer the queue, the longer a claim
takes. So each status is asked by itself, and waiting runs in the order of the index on status, queue, priority and
creation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from branchwise.store.database.dialects import each_clock_its_own, now
from branchwise.store.database.tables import runs
from branchwise.store.rows import Status
from branchwise.store.silence import left
from branchwise.store.workflows import Workflows, among


@dataclass(frozen=True, slots=True)
class Pick:
    """Which runs a worker takes."""

    queue: str
    workflows: Workflows | None = None
    """Those that it can run; None for all."""
    without: Collection[str] = ()
    """Ids of runs to pass over."""

    @property
    def mine(self) -> sa.ColumnElement[bool]:
        """The condition on a run, whatever its status."""
        return sa.and_(runs.c.queue == self.queue, among(self.workflows, self.without))


def next_run(
    connection: sa.Connection, columns: Sequence[sa.ColumnElement[Any]], me: str, pick: Pick
) -> sa.Row[Any] | None:
    """Lock and return the next run, or None; runs that others have locked are passed over.

    Args:
        connection: Inside a transaction.
        columns: What to read of it; status, priority, created and id among them.
        me: The claim's own name; a run that it has claimed already is returned again.
        pick: Which runs may be taken.
    """
    again = connection.execute(
        sa.select(*columns).where(runs.c.status == Status.RUNNING, runs.c.owner == me)
    ).first()
    if again is not None:
        return again
    found = [_given_up(connection, columns, pick), _waiting(connection, columns, pick)]
    return min((row for row in found if row is not None), key=_order, default=None)


def _order(row: sa.Row[Any]) -> tuple[int, float, str]:
    return (-row.priority, row.created, row.id)


def _given_up(
    connection: sa.Connection, columns: Sequence[sa.ColumnElement[Any]], pick: Pick
) -> sa.Row[Any] | None:
    """A run whose worker is silent, or whose question was not answered in time; there are never many."""
    running = runs.c.status == Status.RUNNING
    silent: sa.ColumnElement[bool] = sa.and_(running, runs.c.lease_until < now())
    if each_clock_its_own(connection.dialect.name):
        held = connection.execute(sa.select(*columns).where(runs.c.queue == pick.queue, running)).all()
        silent = runs.c.id.in_([row.id for row in held if not left(row)])
    # The run continues with the default answer.
    overdue = sa.and_(runs.c.status == Status.WAITING, runs.c.wake < now())
    query = sa.select(*columns).where(pick.mine, silent | overdue)
    ordered = query.order_by(runs.c.priority.desc(), runs.c.created, runs.c.id).limit(1)
    return connection.execute(ordered.with_for_update(skip_locked=True)).first()


def _waiting(
    connection: sa.Connection, columns: Sequence[sa.ColumnElement[Any]], pick: Pick
) -> sa.Row[Any] | None:
    """The oldest run of the highest priority; if others have locked all of that, the next one down."""
    waits = sa.and_(runs.c.status == Status.QUEUED, pick.mine)
    below: sa.ColumnElement[bool] = sa.true()
    while True:
        highest = sa.select(runs.c.priority).where(waits, below).order_by(runs.c.priority.desc()).limit(1)
        priority = connection.scalar(highest)
        if priority is None:
            return None
        query = sa.select(*columns).where(waits, runs.c.priority == priority)
        ordered = query.order_by(runs.c.created, runs.c.id).limit(1)
        found = connection.execute(ordered.with_for_update(skip_locked=True)).first()
        if found is not None:
            return found
        below = runs.c.priority < priority
