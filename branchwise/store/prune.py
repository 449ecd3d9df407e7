"""Delete old runs, each with its sub-runs, or only what nobody needs of them any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa

from branchwise.store.database.checkpoint_tables import TABLES
from branchwise.store.database.dialects import now
from branchwise.store.database.tables import calls, decisions, nodes, runs, texts, verdicts
from branchwise.store.rows import Status

Keep: TypeAlias = Literal["nothing", "answers", "rows"]
"""What is left of a pruned run: nothing; its request, result and costs; or everything but its checkpoints."""
OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)
_PORTION = 200
_CONTENTS = (nodes, verdicts, decisions, texts)


@dataclass(frozen=True, slots=True)
class Portion:
    """What one transaction of `prune_portion` did."""

    ids: list[str]
    """The runs that were deleted, oldest first, each followed by its sub-runs."""
    last: tuple[float, str] | None
    """Creation time and id of the last run that was looked at; None if there was none."""


def prune(
    connection: sa.Connection,
    *,
    older_than: float,
    statuses: Collection[Status] = OVER,
    keep: Keep = "nothing",
    try_only: bool = False,
    only: tuple[str, int] | None = None,
) -> list[str]:
    """Delete runs with all that belongs to them, their sub-runs included.

    A sub-run is deleted with its parent only: a parent that is resumed reads what its sub-runs found. A run is kept as
    long as a worker runs one of its sub-runs.

    Args:
        connection: For writing.
        older_than: Seconds since the run was created, by the database's clock.
        statuses: The statuses of the runs to delete; a running run is never deleted.
        keep: What is kept of them. With "answers" a run that is not done, and so has no answer, is deleted; it could
            not be resumed.
        try_only: Delete nothing; only return what would be deleted.
        only: Id and epoch of the one run that may be deleted, if it is old and over.

    Returns:
        The ids of the runs, oldest first, each followed by those of its sub-runs.
    """
    old = _old(older_than, statuses, keep)
    if only is not None:
        old = old.where(runs.c.id == only[0], runs.c.epoch == only[1])
    if try_only:
        return _with_sub_runs(connection, connection.scalars(old), lock=False)
    return _prune(connection, old, keep).ids


def prune_portion(
    connection: sa.Connection, *, older_than: float, keep: Keep, after: tuple[float, str] | None, limit: int
) -> Portion:
    """Delete a portion of what `prune` deletes.

    Args:
        connection: For writing.
        older_than: See `prune`.
        keep: See `prune`.
        after: `last` of the portion before, so that no portion looks again at what earlier ones have left.
        limit: Most runs, sub-runs not counted; the oldest go first.
    """
    old = _old(older_than, OVER, keep)
    if after is not None:
        created, run_id = after
        # The first condition is the second one's, too, but only the first is found by the index.
        old = old.where(runs.c.created >= created, (runs.c.created > created) | (runs.c.id > run_id))
    return _prune(connection, old.limit(limit), keep)


def _old(older_than: float, statuses: Collection[Status], keep: Keep) -> sa.Select[tuple[str, float]]:
    above = runs.alias()
    query = sa.select(runs.c.id, runs.c.created).where(
        ~sa.exists().where(above.c.id == runs.c.parent),
        runs.c.created < now() - older_than,
        runs.c.status != Status.RUNNING,
        runs.c.status.in_(list(statuses)),
        _has_more(keep),
    )
    return query.order_by(runs.c.created, runs.c.id)


def _prune(connection: sa.Connection, old: sa.Select[tuple[str, float]], keep: Keep) -> Portion:
    # Locked until the end: runs locked by others are skipped, and a concurrent resume waits.
    held = connection.execute(old.with_for_update(skip_locked=True)).all()
    doomed = _with_sub_runs(connection, [row.id for row in held], lock=True)
    for i in range(0, len(doomed), _PORTION):
        _delete(connection, doomed[i : i + _PORTION], keep)
    return Portion(doomed, (held[-1].created, held[-1].id) if held else None)


def _has_more(keep: Keep) -> sa.ColumnElement[bool]:
    """Whether a run holds more than what is kept, so that the next time it is passed over."""
    if keep == "nothing":
        return sa.true()
    held = (sa.exists().where(table.c.thread_id == runs.c.id) for table in TABLES)
    if keep == "rows":
        return sa.or_(*held)
    contents = (sa.exists().where(table.c.run_id == runs.c.id) for table in _CONTENTS)
    return sa.or_(runs.c.status != Status.DONE, *held, *contents)


def _delete(connection: sa.Connection, some: Sequence[str], keep: Keep) -> None:
    for table in TABLES:
        connection.execute(sa.delete(table).where(table.c.thread_id.in_(some)))
    if keep == "rows":
        return
    deleted = sa.delete(runs).where(runs.c.id.in_(some))
    connection.execute(deleted if keep == "nothing" else deleted.where(runs.c.status != Status.DONE))
    if keep == "nothing":
        return
    for table in _CONTENTS:
        connection.execute(sa.delete(table).where(table.c.run_id.in_(some)))
    blank = {"request": "{}", "response": None, "error": None}
    connection.execute(sa.update(calls).where(calls.c.run_id.in_(some)).values(**blank))


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
