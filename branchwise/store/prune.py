"""Delete old runs."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from branchwise.store.database.checkpoint_tables import TABLES
from branchwise.store.database.dialects import now
from branchwise.store.database.tables import runs
from branchwise.store.rows import Status

_PORTION = 200


def prune(
    connection: sa.Connection,
    *,
    older_than: float,
    statuses: Collection[Status] = (Status.DONE, Status.FAILED, Status.CANCELLED),
    keep_rows: bool = False,
    try_only: bool = False,
) -> list[str]:
    """Delete runs with all that belongs to them.

    Args:
        connection: For writing.
        older_than: Seconds since the run was created, by the database's clock.
        statuses: Which runs may go; a running one never does.
        keep_rows: Delete checkpoints only, which a run that is over needs no more.
        try_only: Delete nothing, only say what would go.

    Returns:
        The ids of the runs, oldest first.
    """
    old = sa.select(runs.c.id).where(
        runs.c.created < now() - older_than,
        runs.c.status != Status.RUNNING,
        runs.c.status.in_(list(statuses)),
    )
    ordered = old.order_by(runs.c.created, runs.c.id)
    if try_only:
        return list(connection.scalars(ordered))
    # Held until the end: a run that somebody has at hand is passed over, and whoever resumes one meanwhile waits.
    doomed = list(connection.scalars(ordered.with_for_update(skip_locked=True)))
    for i in range(0, len(doomed), _PORTION):
        some = doomed[i : i + _PORTION]
        for table in TABLES:
            connection.execute(sa.delete(table).where(table.c.thread_id.in_(some)))
        if not keep_rows:
            connection.execute(sa.delete(runs).where(runs.c.id.in_(some)))
    return doomed
