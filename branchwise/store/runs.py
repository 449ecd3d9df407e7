"""Runs: made, found, ended. Each function is a work of `Database.write` or `Database.read`."""

from __future__ import annotations

import secrets
import time
from functools import cache
from importlib import metadata as distribution

import sqlalchemy as sa

from branchwise.store.database.columns import now
from branchwise.store.database.tables import run_events, runs
from branchwise.store.errors import BadInput, StoreError, UnknownName
from branchwise.store.leases import ORDERED, Lease, clock, guard, note
from branchwise.store.records import Json
from branchwise.store.rows import OnChange, RunEvent, RunRecord, Status
from branchwise.store.workflows import Workflows, among

_HIDDEN = {"lease_until", "seen"}
_COLUMNS = [column for column in runs.c if column.name not in _HIDDEN]
_NAMED = 5
"""The newest runs, which are named to whoever asks for one that is not there."""
_OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)

# Statements that every run needs are built once: building one takes longer than SQLite takes to do it.
_OWNER = sa.select(runs.c.owner).where(runs.c.id == sa.bindparam("b_run_id"))
_BEGIN = sa.insert(runs).values(lease_until=now() + sa.bindparam("ttl", type_=sa.Double), seen=now())
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
        (runs.c.lease_until, 0.0),
        (runs.c.attempts, runs.c.attempts + sa.bindparam("b_failed", type_=sa.Integer)),
        (runs.c.result, sa.bindparam("b_result", type_=runs.c.result.type)),
        (runs.c.error, sa.bindparam("b_error", type_=runs.c.error.type)),
        (runs.c.wake, sa.bindparam("b_wake", type_=sa.Double)),
        (runs.c.finished, now() if over else None),
    )
    for over in (True, False)
}
"""How a claim ends, by whether the run is over with it."""


def new_run(
    *,
    task: str,
    strategy: str,
    model: str,
    seed: int,
    spec: Json,
    on_change: OnChange = "fail",
    **more: str | int | None,
) -> dict[str, object]:
    """Describe a run that is about to be stored; its id sorts by time.

    Args:
        task: Name of the task.
        strategy: Name of the strategy, or "auto".
        model: Name of the model.
        seed: The run's seed.
        spec: Everything needed to run it.
        on_change: What to do when a resumed call's request has changed.
        **more: Other columns of `runs`: id, queue, priority, max_attempts, forked_from, forked_at, workflow, parent.
    """
    created = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created))
    return {
        "id": f"{stamp}-{secrets.token_hex(4)}",
        "status": Status.QUEUED if more.get("queue") else Status.PAUSED,
        "priority": 0,
        "task": task,
        "strategy": strategy,
        "model": model,
        "seed": seed,
        "spec": spec,
        "code_version": _version(),
        "on_change": on_change,
        "lease_until": 0.0,
        "epoch": 0,
        "attempts": 0,
        "max_attempts": 3,
        "elapsed": 0.0,
        "seen": created,
        "created": created,
        **{name: value for name, value in more.items() if value is not None},
    }


def create(connection: sa.Connection, row: dict[str, object]) -> RunRecord:
    """Store the run that `new_run` described.

    Raises:
        StoreError: Another run has its id.
    """
    old = connection.execute(sa.select(runs.c.created, runs.c.spec).where(runs.c.id == row["id"])).first()
    if old is None:
        connection.execute(sa.insert(runs), row)
        note(connection, str(row["id"]), "created", 0)
    elif (old.created, old.spec) != (
        row["created"],
        row["spec"],
    ):  # equal: only the answer of a commit was lost
        raise StoreError(f"There is a run `{row['id']}` already.")
    return get(connection, str(row["id"]))


def begin(connection: sa.Connection, row: dict[str, object], me: str, ttl: float) -> Lease:
    """Store the run that `new_run` described as one that `me` has taken.

    Raises:
        StoreError: Another run has its id.
    """
    began, run_id = clock(), str(row["id"])
    found = connection.execute(_OWNER, {"b_run_id": run_id}).first()
    if found is None:
        taken = {"status": Status.RUNNING, "owner": me, "epoch": 1, "ttl": ttl}
        connection.execute(_BEGIN, {**row, **taken})
        note(connection, run_id, "created", 0)
        note(connection, run_id, "claimed", 1, {"by": me})
    elif found.owner != me:  # equal: only the answer of a commit was lost
        raise StoreError(f"There is a run `{run_id}` already.")
    return Lease(
        run_id=run_id,
        owner=me,
        epoch=1,
        ttl=ttl,
        elapsed_before=0.0,
        began=began,
        deadline=began + ttl,
        fresh=True,
        places={table.name: 0 for table in ORDERED},
    )


def get(connection: sa.Connection, run_id: str) -> RunRecord:
    """Find a run by its id, or by a part of it that no other run's id has.

    Raises:
        UnknownName: There is none.
        BadInput: There is more than one.
    """
    row = connection.execute(sa.select(*_COLUMNS).where(runs.c.id == run_id)).first()
    if row is None and run_id:
        near = sa.select(*_COLUMNS).where(runs.c.id.contains(run_id, autoescape=True)).limit(2)
        found = connection.execute(near).all()
        if len(found) > 1:
            raise BadInput(f"More than one run has `{run_id}` in its id; write more of it.")
        row = found[0] if found else None
    if row is None:
        known = connection.scalars(sa.select(runs.c.id).order_by(runs.c.created.desc()).limit(_NAMED))
        raise UnknownName("run", run_id, known)
    return _record(row)


def listed(
    connection: sa.Connection, *, status: str | None = None, task: str | None = None, limit: int | None = None
) -> list[RunRecord]:
    """List runs, newest first."""
    query = sa.select(*_COLUMNS).order_by(runs.c.created.desc(), runs.c.id.desc()).limit(limit)
    if status is not None:
        query = query.where(runs.c.status == status)
    if task is not None:
        query = query.where(runs.c.task == task)
    return [_record(row) for row in connection.execute(query)]


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
    """End the claim: the run is over, or left for whoever claims it next.

    Args:
        connection: For writing.
        lease: The claim that ends.
        status: Where the run stands now.
        result: What came of it.
        error: What went wrong.
        failed: Whether to count this claim as an attempt that went wrong.
        wake: When a waiting run goes on without an answer, in seconds since 1970.

    Raises:
        LeaseLost: Another worker holds the run, or a write was refused on which a result may rest.
    """
    over = status in _OVER
    mine = {"b_run_id": lease.run_id, "b_epoch": lease.epoch, "b_owner": lease.owner}
    if connection.execute(_ENDED, {**mine, "b_status": status}).first() is not None:
        return  # the transaction ran before and only its answer was lost
    if status is Status.DONE:
        lease.check_whole()
    guard(connection, [lease])
    values = {
        "b_status": status,
        "b_failed": int(failed),
        "b_result": result,
        "b_error": error,
        "b_wake": wake,
    }
    connection.execute(_END[over], {**mine, **values})
    note(connection, lease.run_id, "finished" if over else status, lease.epoch, {"status": status})


def hand_back(connection: sa.Connection, lease: Lease, *, error: str | None = None) -> Status:
    """Put a run back into its queue.

    Args:
        connection: For writing.
        lease: The claim that ends.
        error: What went wrong, if anything did; then it counts as an attempt, and the last one fails the run.

    Raises:
        LeaseLost: Another worker holds the run.
    """
    row = connection.execute(
        sa.select(runs.c.attempts, runs.c.max_attempts).where(runs.c.id == lease.run_id)
    ).one()
    attempts = row.attempts + (error is not None)
    status = Status.FAILED if error is not None and attempts >= row.max_attempts else Status.QUEUED
    finish(connection, lease, status=status, error=error, failed=error is not None)
    return status


def open_in(connection: sa.Connection, queue: str, workflows: Workflows | None = None) -> int:
    """How many runs of a queue, and of these workflows, wait for a worker or are worked on."""
    still = runs.c.status.in_([Status.QUEUED, Status.RUNNING])
    query = sa.select(sa.func.count()).where(runs.c.queue == queue, still, among(workflows))
    return connection.scalar(query) or 0


def cancel(connection: sa.Connection, run_id: str) -> RunRecord:
    """Cancel a run that is not over, and its sub-runs; a worker that has it is refused its next write.

    Raises:
        UnknownName: There is no such run.
    """
    run = get(connection, run_id)
    stop = (
        sa.update(runs)
        .where(runs.c.id == run.id, runs.c.status.not_in(_OVER))
        .values(status=Status.CANCELLED, epoch=runs.c.epoch + 1, lease_until=0.0, finished=now())
    )
    if connection.execute(stop).rowcount:
        note(connection, run.id, "cancelled", run.epoch + 1)
    for child in connection.scalars(sa.select(runs.c.id).where(runs.c.parent == run.id)).all():
        cancel(connection, child)
    return get(connection, run.id)


def amend(connection: sa.Connection, lease: Lease, spec: Json) -> None:
    """Change a run's request: what it may spend.

    Raises:
        LeaseLost: Another worker holds the run.
    """
    guard(connection, [lease])
    connection.execute(sa.update(runs).where(runs.c.id == lease.run_id).values(spec=spec))
    note(connection, lease.run_id, "amended", lease.epoch)


def below(connection: sa.Connection, run_id: str) -> list[str]:
    """The ids of a run's sub-runs and of theirs."""
    found: list[str] = []
    new = [run_id]
    while new:
        query = sa.select(runs.c.id).where(runs.c.parent.in_(new)).order_by(runs.c.created, runs.c.id)
        new = list(connection.scalars(query))
        found += new
    return found


def events(connection: sa.Connection, run_id: str) -> list[RunEvent]:
    """The run's history, oldest first."""
    query = sa.select(run_events).where(run_events.c.run_id == run_id).order_by(run_events.c.id)
    return [RunEvent(kind=r.kind, epoch=r.epoch, data=r.data, at=r.at) for r in connection.execute(query)]


@cache
def _version() -> str:
    return distribution.version("branchwise")


def _record(row: sa.Row[tuple[object, ...]]) -> RunRecord:
    return RunRecord(**{**row._mapping, "status": Status(row.status)})
