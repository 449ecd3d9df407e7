"""End runs: finish, requeue or cancel. Functions of a connection are operations for `Database.write`."""

from __future__ import annotations

import sqlalchemy as sa

from branchwise.store.bulk import Bulk
from branchwise.store.database.database import Database
from branchwise.store.database.dialects import now
from branchwise.store.database.notices import tell_of
from branchwise.store.database.tables import run_events, runs
from branchwise.store.errors import LeaseLost
from branchwise.store.fence import guard
from branchwise.store.leases import Lease, note
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord, Status
from branchwise.store.runs import get

_OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)

# Common statements are built once: building one takes longer than SQLite takes to execute it.
_LOCKED = (
    sa.select(runs.c.status, runs.c.epoch, runs.c.attempts, runs.c.max_attempts)
    .where(runs.c.id == sa.bindparam("b_run_id"))
    .with_for_update()
)
_MINE = sa.and_(
    runs.c.id == sa.bindparam("b_run_id"),
    runs.c.epoch == sa.bindparam("b_epoch"),
    runs.c.owner == sa.bindparam("b_owner"),
)
_ENDED = sa.select(runs.c.id).where(_MINE, runs.c.status == sa.bindparam("b_status"))
_END = {
    over: sa.update(runs)
    .where(_MINE)
    .ordered_values(
        (runs.c.status, sa.bindparam("b_status")),
        (runs.c.elapsed, runs.c.elapsed + (now() - runs.c.seen)),
        (runs.c.seen, now()),
        (runs.c.lease_until, sa.literal_column("0.0")),
        (runs.c.attempts, runs.c.attempts + sa.bindparam("b_failed", type_=sa.Integer)),
        (runs.c.result, sa.bindparam("b_result", type_=runs.c.result.type)),
        (runs.c.error, sa.bindparam("b_error", type_=runs.c.error.type)),
        (runs.c.wake, sa.bindparam("b_wake", type_=sa.Double)),
        (runs.c.finished, now() if over else None),
    )
    for over in (True, False)
}
_ENDING = sa.insert(run_events).values(at=now())


async def done(database: Database, lease: Lease, result: Json) -> None:
    """End the run with its result.

    Raises:
        LeaseLost: Another worker holds the run, or a write on which the result may depend was refused.
    """
    ended = {
        **_mine(lease),
        "b_status": Status.DONE,
        "b_failed": 0,
        "b_result": result,
        "b_error": None,
        "b_wake": None,
    }
    event = {
        "run_id": lease.run_id,
        "kind": "finished",
        "epoch": lease.epoch,
        "data": {"status": Status.DONE},
    }
    try:
        await database.awrite(Bulk(lease, [(_END[True], [ended]), (_ENDING, [event])], last=True))
    except LeaseLost:
        if not await database.awrite(lambda c: _has_ended(c, lease, Status.DONE)):
            raise


def finish(
    connection: sa.Connection,
    lease: Lease,
    *,
    status: Status,
    result: Json = None,
    error: str | None = None,
    failed: bool = False,
    wake: float | None = None,
) -> None:
    """End the claim: the run failed, waits, or is left for the next claim. `done` ends one with its result.

    Args:
        connection: For writing.
        lease: The claim that ends.
        status: The run's new status.
        result: What a waiting run shows.
        error: The error message.
        failed: Whether to count this claim as a failed attempt.
        wake: When a waiting run continues without an answer, in seconds since 1970.

    Raises:
        LeaseLost: Another worker holds the run.
    """
    over = status in _OVER
    if _has_ended(connection, lease, status):
        return
    guard(connection, [lease])
    values = {
        "b_status": status,
        "b_failed": int(failed),
        "b_result": result,
        "b_error": error,
        "b_wake": wake,
    }
    connection.execute(_END[over], {**_mine(lease), **values})
    note(connection, lease.run_id, "finished" if over else status, lease.epoch, {"status": status})
    if status is Status.QUEUED and error is None:  # what failed is better tried again a little later
        tell_of(connection, lease.run_id)


def hand_back(connection: sa.Connection, lease: Lease, *, error: str | None = None) -> Status:
    """Return a run to its queue.

    Args:
        connection: For writing.
        lease: The claim that ends.
        error: The error message, if any; it then counts as an attempt, and the last attempt fails the run.

    Raises:
        LeaseLost: Another worker holds the run.
    """
    row = connection.execute(_LOCKED, {"b_run_id": lease.run_id}).first()
    if row is None:
        raise lease.lost()
    attempts = row.attempts + (error is not None)
    status = Status.FAILED if error is not None and attempts >= row.max_attempts else Status.QUEUED
    finish(connection, lease, status=status, error=error, failed=error is not None)
    return status


def cancel(connection: sa.Connection, run_id: str) -> RunRecord:
    """Cancel a run that is not over, and its sub-runs; its worker's next write is refused.

    Raises:
        UnknownName: There is no such run.
    """
    run = get(connection, run_id)
    found = connection.execute(_LOCKED, {"b_run_id": run.id}).first()
    if found is not None and found.status not in _OVER:
        stopped = {"status": Status.CANCELLED, "epoch": found.epoch + 1, "lease_until": 0.0}
        connection.execute(sa.update(runs).where(runs.c.id == run.id).values(finished=now(), **stopped))
        note(connection, run.id, "cancelled", found.epoch + 1)
    for child in connection.scalars(sa.select(runs.c.id).where(runs.c.parent == run.id)).all():
        cancel(connection, child)
    return get(connection, run.id)


def _mine(lease: Lease) -> dict[str, object]:
    return {"b_run_id": lease.run_id, "b_epoch": lease.epoch, "b_owner": lease.owner}


def _has_ended(connection: sa.Connection, lease: Lease, status: Status) -> bool:
    """Whether this claim ended so already: then only the acknowledgement of a commit was lost."""
    return connection.execute(_ENDED, {**_mine(lease), "b_status": status}).first() is not None
