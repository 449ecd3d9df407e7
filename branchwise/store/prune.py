"""Delete old runs, each with its sub-runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

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
    """Delete runs with all that belongs to them, their sub-runs included.

    A sub-run is deleted with its parent only: a parent that is resumed reads what its sub-runs found. A run is kept as
    long as a worker runs one of its sub-runs.

    Args:
        connection: For writing.
        older_than: Seconds since the run was created, by the database's clock.
        statuses: The statuses of the runs to delete; a running run is never deleted.
        keep_rows: Delete checkpoints only; a finished run does not need them.
        try_only: Delete nothing; only return what would be deleted.

    Returns:
        The ids of the runs, oldest first, each followed by those of its sub-runs.
    """
    above = runs.alias()
    old = sa.select(runs.c.id).where(
        ~sa.exists().where(above.c.id == runs.c.parent),
        runs.c.created < now() - older_than,
        runs.c.status != Status.RUNNING,
        runs.c.status.in_(list(statuses)),
    )
    ordered = old.order_by(runs.c.created, runs.c.id)
    if try_only:
        return _with_sub_runs(connection, connection.scalars(ordered), lock=False)
    # Locked until the end: runs locked by others are skipped, and a concurrent resume waits.
    held = connection.scalars(ordered.with_for_update(skip_locked=True))
    doomed = _with_sub_runs(connection, held, lock=True)
    for i in range(0, len(doomed), _PORTION):
        some = doomed[i : i + _PORTION]
        for table in TABLES:
            connection.execute(sa.delete(table).where(table.c.thread_id.in_(some)))
        if not keep_rows:
            connection.execute(sa.delete(runs).where(runs.c.id.in_(some)))
    return doomed


def _with_sub_runs(connection: sa.Connection, roots: Iterable[str], *, lock: bool) -> list[str]:
    """The runs, each followed by its sub-runs, except runs with a sub-run in progress."""
    families = {root: [root] for root in roots}
    root_of, busy = {root: root for root in families}, set[str]()
    new = list(families)
    while new:
        some, new = new[:_PORTION], new[_PORTION:]
        columns = (runs.c.id, runs.c.parent, (runs.c.lease_until > now()).label("leased"), runs.c.status)
        query = sa.select(*columns).where(runs.c.parent.in_(some)).order_by(runs.c.created, runs.c.id)
        for row in connection.execute(query.with_for_update() if lock else query):
            root = root_of[row.id] = root_of[row.parent]
            families[root].append(row.id)
            new.append(row.id)
            if row.status == Status.RUNNING and row.leased:
                busy.add(root)
    return [run_id for root, family in families.items() if root not in busy for run_id in family]
